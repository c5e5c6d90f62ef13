"""The physics: parameters in, reflectance and its Jacobian out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _arrays, _native, _words

# types of number that are computed and handed back as they are
_KEPT = (np.float64, np.float32)


class Rtm:
    """Reflectance of a canopy as a sensor sees it, with its exact Jacobian.

    Immutable, used by any number of threads at once. It can be pickled, and goes on in a process that was forked off.

    Parameters
    ----------
    variant : {"published", "enmap_box", "sail"}
        INFORM as published, INFORM of the EnMAP-Box, or 4SAIL alone.
    sensor : {"s2a", "s2b", "l8", "l9"}
        Whose response functions make the bands.
    free : sequence of str
        Symbols of the parameters that are the columns of `params`, in that order.
    bands : sequence of str, optional
        Some of the sensor's bands; all of them by default.
    leaf : {"prospect_4", "prospect_5", "prospect_5b", "prospect_d", "prospect_pro"}, optional
        Version of the leaf model, prospect_d by default.
    fixed : mapping of str to float, optional
        Values of parameters that are neither free nor columns of `geometry`; an angle that is fixed is no column of
        `geometry` unless `geometry` names it, which is refused. The others have the defaults of the literature.
    geometry : sequence of str, optional
        Symbols of the columns of `geometry`; sun zenith, view zenith and relative azimuth by default.
    precision : {"double", "single"}
        What is computed in; arrays go in and out in their own type.
    threads : int, optional
        Number of threads; one per core by default. The results do not depend on it.

    Attributes
    ----------
    parameters : list of (name, unit, smallest, largest, default)
        Of the columns of `params`, p.
    geometry : list of (name, unit, smallest, largest, default)
        Of the columns of `geometry`, c.
    bands : list of str
        Names of the bands, d.

    Raises
    ------
    ValueError
        A name that is not known, a value outside its range, or a parameter fixed that the model does not have or would
        not look at; with the reason.
    TypeError
        Something else than names and numbers.
    """

    parameters: list[tuple[str, str, float, float, float]]
    geometry: list[tuple[str, str, float, float, float]]
    bands: list[str]

    def __init__(
        self,
        *,
        variant: str = "published",
        sensor: str = "s2a",
        free: Sequence[str],
        bands: Sequence[str] | None = None,
        leaf: str | None = None,
        fixed: Mapping[str, float] | None = None,
        geometry: Sequence[str] | None = None,
        precision: str = "double",
        threads: int | None = None,
    ) -> None:
        self._options: dict[str, Any] = {
            "variant": _words.text("variant", variant),
            "sensor": _words.text("sensor", sensor),
            "free": _words.names("free", free),
            "bands": None if bands is None else _words.names("bands", bands),
            "leaf": None if leaf is None else _words.text("leaf", leaf),
            "fixed": None if fixed is None else _words.numbers_by_name("fixed", fixed),
            "geometry": None if geometry is None else _words.names("geometry", geometry),
            "precision": _words.text("precision", precision),
            "threads": _words.threads(threads),
        }
        self._native = _native.Rtm(**self._options)
        self.parameters = self._native.parameters
        self.geometry = self._native.geometry
        self.bands = self._native.bands

    @overload
    def forward(
        self, params: NDArray[np.float32] | NDArray[np.float16], geometry: ArrayLike | None = None
    ) -> NDArray[np.float32]: ...
    @overload
    def forward(self, params: ArrayLike, geometry: ArrayLike | None = None) -> NDArray[np.float64]: ...
    def forward(self, params: Any, geometry: Any = None) -> NDArray[Any]:
        """Compute the reflectance of n samples.

        Parameters
        ----------
        params : array_like, shape (n, p)
            In the units of `parameters`: numbers of any type, byte order and layout, lists, a DataFrame whose columns are
            taken by name; a vector is one sample. float64 is read where it lies.
        geometry : array_like, shape (n, c), optional
            In the units of `geometry`; its defaults otherwise.

        Returns
        -------
        ndarray, shape (n, d), float32 if `params` is float32 or float16, else float64
            Reflectance, 0 to 1.

        Raises
        ------
        ValueError
            A shape that does not fit, a value that is masked, not finite or outside its range: row, name, value, range.
        TypeError
            Something else than numbers.
        MemoryError
            More rows than there is memory for their results.
        """
        return self._native.forward(*self._tables(params, geometry))

    @overload
    def forward_with_jacobian(
        self, params: NDArray[np.float32] | NDArray[np.float16], geometry: ArrayLike | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...
    @overload
    def forward_with_jacobian(
        self, params: ArrayLike, geometry: ArrayLike | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
    def forward_with_jacobian(self, params: Any, geometry: Any = None) -> tuple[NDArray[Any], NDArray[Any]]:
        """Compute the reflectance of n samples and its derivatives, exact, out of one sweep.

        Parameters
        ----------
        params, geometry
            As of `forward`.

        Returns
        -------
        values : ndarray, shape (n, d)
            Reflectance, 0 to 1.
        jacobian : ndarray, shape (n, d, p)
            ``jacobian[i, j, k]`` is the derivative of ``values[i, j]`` with respect to ``params[i, k]``.

        Raises
        ------
        ValueError, TypeError, MemoryError
            As of `forward`.
        """
        return self._native.forward_with_jacobian(*self._tables(params, geometry))

    def _tables(self, params: Any, geometry: Any) -> tuple[NDArray[Any], NDArray[Any] | None]:
        given = _arrays.table("params", params, [name for name, *_ in self.parameters], _KEPT)
        if geometry is None:
            return given, None
        at = _arrays.table("geometry", geometry, [name for name, *_ in self.geometry], _KEPT)
        if len(at) != len(given):
            raise ValueError(f"geometry has {len(at)} rows and params {len(given)}; allowed: as many")
        return given, at

    def __repr__(self) -> str:
        return f"Rtm({self._native.name}, free={self._options['free']})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (type(self), self._options)


def _made(kind: type[Rtm], options: dict[str, Any]) -> Rtm:
    """Make a model again in another process."""
    return kind(**options)
