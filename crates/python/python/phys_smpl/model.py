"""A trained model: spectra in, traits with their uncertainty out."""

from __future__ import annotations

import hashlib
import tempfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

from . import _native

# beside the weights; a run of an earlier version lacks some
_FILES = ("config.json", "standardization.json", "domain.json")
# models that came over the wire, by the digest of their files
_KEPT: OrderedDict = OrderedDict()
_MOST_KEPT = 4


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

    def __init__(self, files, options):
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
    def load(cls, run, *, write=None, parameters=None, refine=0, threads=None):
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
        """
        folder = Path(run)
        if folder.name == "config.json":
            folder = folder.parent
        options = dict(
            write=None if write is None else list(write),
            parameters=None if parameters is None else list(parameters),
            refine=refine,
            threads=threads,
        )
        # refused here, where messages name the user's own folder
        weights = Path(_native.Model(folder, **options).weights)
        names = [name for name in _FILES if (folder / name).exists()]
        files = {name: (folder / name).read_bytes() for name in [*names, weights.relative_to(folder).as_posix()]}
        return cls(files, options)

    def infer(self, x, angles=None, *, mask=None, digital_numbers=None, nodata=None):
        """Infer the traits of n spectra.

        Parameters
        ----------
        x : ndarray, shape (n, d), float32, float64, uint16 or int16
            Reflectance, 0 to 1, in the order of `channels`; NaN where one is missing. In any memory order.
        angles : ndarray of shape (n, c), or mapping of name to number or ndarray of shape (n,), optional
            Degrees, in the order of `angles`; those that a mapping does not name are at the physics' defaults.
        mask : ndarray of bool, shape (n,), optional
            True where a spectrum is left out.
        digital_numbers : (scale, offset), optional
            x holds numbers with reflectance = (x + offset) * scale; 0 and 65535 are missing.
        nodata : float, optional
            Another number in x that stands for a missing one.

        Returns
        -------
        dict of str to ndarray, shape (n,)
            By the names of `columns`: float32 (medians ``LAI``, standard deviations ``LAI_sd``, quantiles ``LAI_05`` and
            ``LAI_95``, ...), NaN where nothing is inferred; "flags" uint8.

        Raises
        ------
        ValueError
            Shapes that do not fit, angles that the model does not have.
        TypeError
            Arrays of other types.
        """
        if angles is not None and not isinstance(angles, np.ndarray):
            angles = self._table_of(angles, len(x))
        return self._native.infer(x, angles, mask, digital_numbers, nodata)

    def with_threads(self, threads):
        """The same model on another number of threads.

        Parameters
        ----------
        threads : int or None

        Returns
        -------
        Model
        """
        if self._options["threads"] == threads:
            return self
        return _kept(self._files, {**self._options, "threads": threads})

    def _table_of(self, angles, n):
        known = [name for name, *_ in self.angles]
        for name in angles:
            if name not in known:
                raise ValueError(f"angle {name!r} is not one of the model's: {', '.join(known)}")
        table = np.empty((n, len(known)), np.float32)
        for column, (name, _, smallest, largest, default) in enumerate(self.angles):
            given = angles.get(name, default)
            if np.ndim(given) == 0 and not smallest <= given <= largest:
                raise ValueError(f"{name} is {given}; allowed: {smallest} to {largest}")
            table[:, column] = given
        return table

    def __repr__(self):
        return f"Model({len(self.channels)} channels, {len(self.columns)} columns, {self.digest[:12]})"

    def __reduce__(self):
        return _kept, (self._files, self._options)


def _kept(files, options):
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
