"""A trained model: spectra in, traits with their uncertainty out."""

from __future__ import annotations

import hashlib
import tempfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _arrays, _native, _words

# beside the weights; a run of an earlier version lacks some
_FILES = ("config.json", "standardization.json", "domain.json")
# models that came over the wire, by the digest of their files
_KEPT: OrderedDict[tuple[Any, str], Model] = OrderedDict()
_MOST_KEPT = 4
# types of number that are read where they lie
_READ = (np.float32, np.float64, np.uint16, np.int16)
# more steps than any refinement takes
_MOST_STEPS = 1000


class Model:
    """The selected weights of a run; made by `Model.load`.

    Immutable, used by any number of threads at once. It can be pickled: its files travel with it (0.5 MB for the model
    that comes with the project), so a worker on another machine needs no file system in common.

    Attributes
    ----------
    channels : list of str
        Names of the columns of `x`, d.
    angles : list of (name, unit, smallest, largest, default)
        Of the columns of angles, c.
    columns : list of (name, unit, meaning)
        What `infer` returns.
    flags : list of (bit, meaning)
        What ``infer(...)["flags"]`` is a sum of.
    digest : str
        SHA-256 of the model's files.
    """

    channels: list[str]
    angles: list[tuple[str, str, float, float, float]]
    columns: list[tuple[str, str, str]]
    flags: list[tuple[int, str]]
    digest: str

    def __init__(self, files: dict[str, bytes], options: dict[str, Any]) -> None:
        self._files, self._options = files, options
        hashed = hashlib.sha256()
        for name in sorted(files):
            hashed.update(f"{name}\0{len(files[name])}\0".encode() + files[name])
        self.digest = hashed.hexdigest()
        with tempfile.TemporaryDirectory(prefix="phys_smpl-") as folder:
            for name, content in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self._native = _native.Model(Path(folder), **options)
        self.channels = self._native.channels
        self.angles = self._native.angles
        self.columns = self._native.columns
        self.flags = self._native.flags

    @classmethod
    def load(
        cls,
        run: str | PathLike[str],
        *,
        write: Sequence[str] | None = None,
        parameters: Sequence[str] | None = None,
        refine: int = 0,
        threads: int | None = None,
    ) -> Model:
        """Open a run, or a model that `trainer export` has made.

        Parameters
        ----------
        run : path
            The folder, or the config.json inside.
        write : sequence of str, optional
            Groups of columns out of "median", "sd", "interval", "products", "errors", "gate", "flags"; all by default.
        parameters : sequence of str, optional
            Parameters of which columns are returned; all by default.
        refine : int
            Levenberg-Marquardt steps from the encoder's answer, weighed by the noise of the training.
        threads : int, optional
            Number of threads; one per core by default. The results do not depend on it.

        Returns
        -------
        Model

        Raises
        ------
        OSError
            A folder that is no run, or a file that cannot be read.
        ValueError
            A file that is damaged or of another version, a name that the model does not have; with the reason.
        TypeError
            Something else than names and whole numbers.
        """
        folder = Path(run)
        if folder.name == "config.json":
            folder = folder.parent
        options: dict[str, Any] = dict(
            write=None if write is None else _words.names("write", write),
            parameters=None if parameters is None else _words.names("parameters", parameters),
            refine=_words.whole("refine", refine, 0, _MOST_STEPS),
            threads=_words.threads(threads),
        )
        # refused here, where messages name the user's own folder
        weights = Path(_native.Model(folder, **options).weights)
        names = [name for name in _FILES if (folder / name).exists()]
        files = {name: (folder / name).read_bytes() for name in [*names, weights.relative_to(folder).as_posix()]}
        return cls(files, options)

    def infer(
        self,
        x: ArrayLike,
        angles: ArrayLike | Mapping[str, Any] | None = None,
        *,
        mask: ArrayLike | None = None,
        digital_numbers: tuple[float, float] | None = None,
        nodata: float | None = None,
    ) -> dict[str, NDArray[Any]]:
        """Infer the traits of n spectra.

        Parameters
        ----------
        x : array_like, shape (n, d)
            Reflectance, 0 to 1, in the order of `channels`; NaN where one is missing, or masked. Numbers of any type, byte
            order and layout, lists, a DataFrame whose columns are taken by name; a vector is one spectrum. float32,
            float64, uint16 and int16 are read where they lie.
        angles : array_like of shape (n, c), or mapping of name to number or array_like of shape (n,), optional
            Degrees, in the order of `angles`; those that a mapping does not name are at the physics' defaults. A relative
            azimuth may be of any turn; a row with another angle beyond the physics' range has no estimate (flags 1 and 4).
        mask : array_like of bool, shape (n,), optional
            True where a spectrum is left out.
        digital_numbers : (scale, offset), optional
            x holds numbers with reflectance = (x + offset) * scale; 0 and 65535 are missing.
        nodata : float, optional
            Another number in x that stands for a missing one, compared as x holds it: -9999.9 is found in float32.

        Returns
        -------
        dict of str to ndarray, shape (n,)
            By the names of `columns`: float32 (medians ``LAI``, standard deviations ``LAI_sd``, quantiles ``LAI_05`` and
            ``LAI_95``, ...), NaN where nothing is inferred; "flags" uint8.

        Raises
        ------
        ValueError
            Shapes that do not fit, angles that the model does not have, numbers that cannot be what they are given as, by
            the rule of ``trainer infer``: digital numbers or percent given as reflectance, reflectance given as digital
            numbers, angles in radians. What is only likely wrong, such as an offset left out, is a `UserWarning`.
        TypeError
            Something else than numbers.
        MemoryError
            More rows than there is memory for their results.
        """
        seen = _arrays.table("x", x, self.channels, _READ, gaps=True)
        n = len(seen)
        at, alike = None, []
        if angles is not None:
            known = [name for name, *_ in self.angles]
            if isinstance(angles, Mapping):
                at, alike = self._table_of(angles, n)
            else:
                at = _arrays.table("angles", angles, known, (np.float32, np.float64))
            if len(at) != n:
                raise ValueError(f"angles has {len(at)} rows and x {n}; allowed: as many")
        left_out = None if mask is None else _arrays.mask_of(mask, n)
        return self._native.infer(seen, at, alike, left_out, _scaling(digital_numbers), _nodata(nodata))

    def with_threads(self, threads: int | None) -> Model:
        """The same model on another number of threads.

        Parameters
        ----------
        threads : int or None

        Returns
        -------
        Model
        """
        threads = _words.threads(threads)
        if self._options["threads"] == threads:
            return self
        return _kept(self._files, {**self._options, "threads": threads})

    def _table_of(self, angles: Mapping[str, Any], n: int) -> tuple[NDArray[np.float32], list[int]]:
        """Make a column of each angle, and list those that are one number for all rows."""
        known = [name for name, *_ in self.angles]
        for name in angles:
            if name not in known:
                near = _words.suggestion(name, known)
                raise ValueError(f"angle {name!r} is not one of the model's: {', '.join(known)}{near}")
        table, alike = np.empty((n, len(known)), np.float32), []
        for column, (name, _, smallest, largest, default) in enumerate(self.angles):
            given = _arrays.column(name, angles.get(name, default), n)
            if given.ndim == 0:
                _words.angle(name, given[()], smallest, largest)
                alike.append(column)
            table[:, column] = given
        return table, alike

    def __repr__(self) -> str:
        return f"Model({len(self.channels)} channels, {len(self.columns)} columns, {self.digest[:12]})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _kept, (self._files, self._options)


def _kept(files: dict[str, bytes], options: dict[str, Any]) -> Model:
    """The model of these files, made once in a process however many tasks bring it."""
    key = (
        tuple((name, hashlib.sha256(content).digest()) for name, content in sorted(files.items())),
        repr(sorted(options.items())),
    )
    if key not in _KEPT:
        _KEPT[key] = Model(files, options)
        while len(_KEPT) > _MOST_KEPT:
            _KEPT.popitem(last=False)
    return _KEPT[key]


def _scaling(given: Any) -> tuple[float, float] | None:
    """Take scale and offset of digital numbers."""
    if given is None:
        return None
    if isinstance(given, (str, bytes)) or np.ndim(given) != 1 or len(given) != 2:
        raise TypeError(f"digital_numbers is {given!r}; allowed: (scale, offset), such as (1e-4, -1000)")
    scale, offset = (_words.number(f"the {what} of digital_numbers", it) for what, it in zip(("scale", "offset"), given))
    return scale, offset


def _nodata(given: Any) -> float | None:
    """Take a number that stands for a missing one; NaN always does."""
    taken = None if given is None else _words.number("nodata", given)
    return None if taken is None or taken != taken else taken
