"""Arrays of users, made into what the compiled part reads: two dimensions, numbers of this machine in their places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._words import suggestion

# attributes by which a file says that its numbers are not yet physical, and what they say where they change nothing
_ENCODED: dict[str, object] = {"scale_factor": 1, "add_offset": 0, "_FillValue": None, "missing_value": None}


def table(what: str, given: Any, names: Sequence[str], kept: tuple[type, ...], *, gaps: bool = False) -> NDArray[Any]:
    """Make a table of numbers, a row a sample.

    Parameters
    ----------
    what : str
        Its name in messages.
    given : array_like
        An array of numbers of any type, byte order and layout, lists, a DataFrame or a structured array (columns by
        name), or one row as a vector.
    names : sequence of str
        Of the columns.
    kept : tuple of type
        Types of number that are handed on as they are; others become float64, float16 float32.
    gaps : bool
        Whether a masked number becomes NaN; else it is refused.

    Raises
    ------
    TypeError
        What holds no numbers, or numbers that mean something else than they say.
    ValueError
        A shape that does not fit, names that do not fit, masked numbers.
    """
    _refuse_meanings(what, given)
    array, mask = _plain_array(what, _by_name(what, given, names), names)
    if array.ndim == 1:
        array, mask = array[None, :], None if mask is None else mask[None, :]
    if array.ndim != 2:
        raise ValueError(f"{what} has {array.ndim} dimensions; allowed: 2, a row a sample, or 1, a single sample")
    if array.shape[1] != len(names):
        raise ValueError(f"{what} has {array.shape[1]} columns; allowed: {len(names)} ({', '.join(names)})")
    masked = 0 if mask is None else int(np.count_nonzero(mask))
    if masked and not gaps:
        raise ValueError(f"{what} has {masked} masked numbers; allowed: none, leave their rows out")
    if masked:
        array = array.astype(np.float32 if array.dtype.itemsize <= 2 or array.dtype == np.float32 else np.float64)
        array[mask] = np.nan
    return in_place(array, kept)


def in_place(array: NDArray[Any], kept: tuple[type, ...]) -> NDArray[Any]:
    """Make the numbers those of this machine, aligned, and a whole number of steps apart."""
    native = array.dtype.newbyteorder("=")
    if native.type not in kept:
        native = np.dtype(np.float32 if native == np.float16 else np.float64)
    if array.dtype != native:
        return array.astype(native)
    if not array.flags.aligned or any(stride % native.itemsize for stride in array.strides):
        return array.copy()
    return array


def mask_of(given: Any, n: int) -> NDArray[np.bool_]:
    """Make a mask of n rows, True where one is left out."""
    array = np.atleast_1d(np.asarray(given))
    if np.ma.is_masked(given) or array.dtype != np.bool_:
        kind = "masked" if np.ma.is_masked(given) else array.dtype.name
        raise TypeError(f"mask is {kind}; allowed: bool, True where a spectrum is left out, such as scl != 4")
    if array.shape != (n,):
        raise ValueError(f"mask has the shape {array.shape}; allowed: ({n},)")
    return np.ascontiguousarray(array)


def column(what: str, given: Any, n: int) -> Any:
    """Make a number, or n of them."""
    _refuse_meanings(what, given)
    array, mask = _plain_array(what, given, ())
    if array.shape not in ((), (1,), (n,)):
        raise ValueError(f"{what} has the shape {array.shape}; allowed: a number or ({n},)")
    if mask is not None and mask.any():
        raise ValueError(f"{what} has masked numbers; allowed: none, leave their rows out")
    return array


def encoded(attributes: Any) -> list[str]:
    """List what attributes say of scale and fill, where they say anything."""
    said = []
    for name, nothing in _ENCODED.items():
        value = attributes.get(name)
        if value is not None and not (np.ndim(value) == 0 and value == nothing):
            said.append(f"{name} = {value}")
    return said


def _refuse_meanings(what: str, given: Any) -> None:
    """Refuse what is more than its numbers, which would be lost without a word."""
    module = type(given).__module__.partition(".")[0]
    if module == "xarray":
        raise TypeError(
            f"{what} is of xarray, whose labels and attributes would be lost; "
            "allowed: its .values, or phys_smpl.xarray.infer_dataset"
        )
    # a table may have a column of that name, which looks like an attribute
    has_names = hasattr(given, "columns") or getattr(getattr(given, "dtype", None), "names", None)
    if not has_names and (hasattr(given, "unit") or hasattr(given, "units")):
        raise TypeError(f"{what} has a unit of its own; allowed: plain numbers in the model's units")
    attributes = getattr(given, "attrs", None)
    said = encoded(attributes) if hasattr(attributes, "get") else []
    if said:
        raise ValueError(f"{what} has attributes that say {', '.join(said)}; allowed: numbers to which that was applied")


def _by_name(what: str, given: Any, names: Sequence[str]) -> Any:
    """Put columns that have names in the order of `names`."""
    structured = getattr(getattr(given, "dtype", None), "names", None)
    frame = hasattr(given, "columns") and hasattr(given, "to_numpy")
    series = not frame and hasattr(given, "index") and hasattr(given, "to_numpy")
    labels = list(structured) if structured else list(given.columns) if frame else list(given.index) if series else []
    if not labels or not all(isinstance(label, str) for label in labels):
        return _with_nan(what, given) if frame or series else given
    for name in names:
        if labels.count(name) != 1:
            problem = "no column" if name not in labels else "more than one column"
            near = suggestion(name, labels) if name not in labels else ""
            raise ValueError(f"{what} has {problem} {name!r}; its columns: {', '.join(labels)}{near}")
    more = [label for label in labels if label not in names]
    if more:
        raise ValueError(f"{what} has columns that are not the model's: {', '.join(more)}; allowed: {', '.join(names)}")
    if structured:
        fields = [np.ma.asarray(given[name]) if np.ma.isMaskedArray(given) else given[name] for name in names]
        stack = np.ma.stack if np.ma.isMaskedArray(given) else np.stack
        return stack(fields, axis=-1)
    return _with_nan(what, given[list(names)])


def _with_nan(what: str, given: Any) -> Any:
    """Make numbers of a DataFrame or a Series, NaN where one is missing."""
    kinds = list(given.dtypes) if hasattr(given, "columns") else [given.dtype]
    for kind in kinds:
        if str(kind).lower() in ("object", "bool", "boolean", "category") or "str" in str(kind).lower():
            raise TypeError(f"{what} has a column of {kind}; allowed: numbers")
    array = given.to_numpy()
    if array.dtype != object:
        return array
    # columns that know missing numbers
    return given.to_numpy(dtype=np.float64, na_value=np.nan)


def _plain_array(what: str, given: Any, names: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Make an array of numbers, and its mask where it has one."""
    if isinstance(given, (list, tuple)) and any(np.ma.isMaskedArray(one) for one in given):
        given = np.ma.array(given)
    mask = np.ma.getmaskarray(given) if np.ma.isMaskedArray(given) else None
    try:
        array = np.asarray(np.ma.getdata(given) if mask is not None else given)
    except ValueError as error:
        raise ValueError(f"{what} is no table: {error}") from None
    if array.dtype.kind not in "fiu":
        held = "Python objects" if array.dtype == object else array.dtype.name
        raise TypeError(f"{what} holds {held}; allowed: an array of numbers, such as float64 or float32")
    return array, mask
