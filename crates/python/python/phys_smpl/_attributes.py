"""What the attributes of xarray's arrays say of their numbers and of their place."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

# attributes about the numbers of an array, which those of its traits do not share
_OF_NUMBERS = {
    "scale_factor", "add_offset", "scales", "offsets", "_FillValue", "missing_value", "nodata", "_Unsigned", "dtype",
    "long_name", "standard_name", "description", "units", "valid_min", "valid_max", "valid_range", "actual_range",
    "flag_values", "flag_masks", "flag_meanings", "cell_methods", "ancillary_variables", "coordinates", "grid_mapping",
    "wavelength", "wavelengths", "bandwidth", "band_names",
}  # fmt: skip


def physical(array: xr.DataArray, what: str, digital_numbers: tuple[float, float] | None) -> xr.DataArray:
    """Apply what attributes say of fill, scale and offset, once.

    Parameters
    ----------
    array : xarray.DataArray
        As it was read.
    what : str
        Its name in messages.
    digital_numbers : (scale, offset) or None
        What will be applied afterwards; where it says the same as the attributes, it does it.
    """
    said = array.attrs
    if str(said.get("_Unsigned", "")).lower() == "true" and array.dtype.kind == "i":
        raise ValueError(f"{what} has signed numbers that its attribute _Unsigned says are not; decode it: xarray.decode_cf")
    for several, alone in (("scales", 1.0), ("offsets", 0.0)):
        if np.any(np.asarray(said.get(several, alone), np.float64) != alone):
            raise ValueError(f"{what} has the attribute {several} = {said[several]}, one for each band; apply it before")
    scale, offset = (_number(said, what, name, nothing) for name, nothing in (("scale_factor", 1.0), ("add_offset", 0.0)))
    if digital_numbers is not None:
        _refuse_twice(array, what, digital_numbers)
    for fill in _fills(said):
        held = np.asarray(fill).astype(array.dtype)
        if array.dtype.kind == "f" or float(held) == float(fill):
            array = array.where(array != held)
    if (scale, offset) != (1.0, 0.0):
        if digital_numbers is None:
            array = array.astype(np.float64) * scale + offset
        elif not np.allclose((scale, offset), (digital_numbers[0], digital_numbers[0] * digital_numbers[1]), rtol=1e-6):
            raise ValueError(
                f"{what} has the attributes scale_factor = {scale} and add_offset = {offset}, and digital_numbers is "
                f"{digital_numbers}, which is scale_factor {digital_numbers[0]} and add_offset "
                f"{digital_numbers[0] * digital_numbers[1]}; leave one of them out"
            )
    return array


def keep_place(found: xr.Dataset, ds: xr.DataArray | xr.Dataset, cube: xr.DataArray) -> None:
    """Give traits the attributes, coordinates' attributes and CRS of what they were inferred from."""
    found.attrs = {name: value for name, value in ds.attrs.items() if _is_about_the_whole(str(name))}
    mapping = _grid_mapping(ds, cube)
    if mapping is not None and mapping not in found.coords and mapping in _variables(ds):
        found.coords[mapping] = _variables(ds)[mapping]
    for name, coordinate in found.coords.items():
        origin = _variables(ds).get(name)
        if origin is not None:
            coordinate.attrs = dict(origin.attrs)
            coordinate.encoding = dict(origin.encoding)
    if mapping is not None and mapping in found.coords:
        for variable in found.data_vars.values():
            variable.encoding["grid_mapping"] = mapping


def _is_about_the_whole(name: str) -> bool:
    # a dataset made of an array's bands has the attributes of its numbers too
    return name not in _OF_NUMBERS and not name.startswith(("STATISTICS_", "BAND_"))


def _variables(ds: xr.DataArray | xr.Dataset) -> Any:
    return ds.variables if isinstance(ds, xr.Dataset) else {name: it.variable for name, it in ds.coords.items()}


def _grid_mapping(ds: xr.DataArray | xr.Dataset, cube: xr.DataArray) -> str | None:
    """Find the name of the variable that holds the CRS."""
    holders: list[Any] = [ds, cube, *(ds.data_vars.values() if isinstance(ds, xr.Dataset) else [])]
    for holder in holders:
        for where in (holder.encoding, holder.attrs):
            if isinstance(where.get("grid_mapping"), str):
                return str(where["grid_mapping"])
    with_crs = [name for name, it in _variables(ds).items() if {"crs_wkt", "spatial_ref", "grid_mapping_name"} & set(it.attrs)]
    return str(with_crs[0]) if len(with_crs) == 1 else None


def _number(said: Any, what: str, name: str, nothing: float) -> float:
    value = np.asarray(said.get(name, nothing), np.float64)
    if value.size != 1 or not np.isfinite(value).all():
        raise ValueError(f"{what} has the attribute {name} = {said[name]}; allowed: one finite number, or none")
    return float(value.reshape(()))


def _fills(said: Any) -> list[Any]:
    """List the numbers that stand for missing ones."""
    all_of_them = [np.atleast_1d(said[name]) for name in ("_FillValue", "missing_value") if said.get(name) is not None]
    return [fill for fills in all_of_them for fill in fills.tolist() if isinstance(fill, (int, float)) and fill == fill]


def _refuse_twice(array: xr.DataArray, what: str, digital_numbers: tuple[float, float]) -> None:
    """Refuse numbers that were scaled when they were read."""
    read = array.encoding
    scaled = (read.get("scale_factor", 1.0), read.get("add_offset", 0.0)) != (1.0, 0.0)
    if scaled and array.dtype.kind == "f":
        raise ValueError(
            f"{what} was scaled when it was read (scale_factor = {read.get('scale_factor', 1.0)}, add_offset = "
            f"{read.get('add_offset', 0.0)}), and digital_numbers is {digital_numbers}; leave digital_numbers out"
        )
