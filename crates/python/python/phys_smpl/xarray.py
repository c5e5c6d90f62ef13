"""Maps: traits of xarray's cubes, chunk by chunk with Dask.

Needs xarray; with Dask arrays Dask too, and rioxarray for GeoTIFF (``pip install phys_smpl[maps]``).
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ._attributes import keep_place, physical
from ._words import angle, suggestion
from .model import Model


def infer_dataset(
    ds: xr.DataArray | xr.Dataset,
    model: Model,
    *,
    band_dim: str = "band",
    bands: Mapping[str, Any] | None = None,
    angles: Mapping[str, Any] | None = None,
    mask: xr.DataArray | None = None,
    digital_numbers: tuple[float, float] | None = None,
    nodata: float | None = None,
) -> xr.Dataset:
    """Infer the traits of every pixel.

    Lazy where `ds` is: a chunk is read, inferred and handed on by itself, and a scheduler may do any chunk anywhere, also a
    second time. Every worker needs the package and nothing else; the model travels with the tasks.

    Parameters
    ----------
    ds : xarray.DataArray or xarray.Dataset
        Reflectance, 0 to 1: an array with a dimension `band_dim`, or a dataset with a variable per channel. Dimensions of
        any other name and number (time, y, x). Attributes that say scale, offset and fill (scale_factor, add_offset,
        _FillValue, missing_value) are applied, unless `digital_numbers` says the same.
    model : phys_smpl.Model
        What infers. With Dask each task takes one thread, so that the scheduler decides how many run at once.
    band_dim : str
        The dimension of the channels.
    bands : mapping of str to (str or int), optional
        Channel of the model to the label along `band_dim` or the variable; a channel that is not there has its own name.
        Where there are labels a number is one of them (rioxarray's begin at 1), never a position. For an array without
        labels along `band_dim`: to the position, from 0, all of them.
    angles : mapping of str to (number, str or xarray.DataArray), optional
        Angle to its value in degrees, a variable of `ds`, or an array over some of the dimensions of `ds`.
    mask : xarray.DataArray of bool, optional
        True where a pixel is left out.
    digital_numbers : (scale, offset), optional
        As of `phys_smpl.Model.infer`.
    nodata : float, optional
        As of `phys_smpl.Model.infer`.

    Returns
    -------
    xarray.Dataset
        A variable for each of ``model.columns`` over the other dimensions, float32, "flags" uint8, with units and meanings
        as attributes (CF: units, long_name, flag_masks, flag_meanings). Coordinates with their attributes, the CRS among
        them, and attributes that are not about the numbers of `ds` are those of `ds`.

    Raises
    ------
    ValueError
        A band or an angle that is not there, or is there twice; numbers that would be scaled twice.
    """
    cube = _cube(ds, model, band_dim, bands or {}, digital_numbers)
    names, given = _angles(ds, model, angles or {})
    conditions = list(given)
    if mask is not None:
        if not isinstance(mask, xr.DataArray) or mask.dtype != np.bool_:
            kind = mask.dtype if isinstance(mask, xr.DataArray) else type(mask).__name__
            raise TypeError(f"mask is {kind}; allowed: a DataArray of bool, such as scl != 4")
        conditions.append(mask)
    if cube.chunks is not None:
        model = model.with_threads(1)
        if len(cube.chunksizes[band_dim]) > 1:
            cube = cube.chunk({band_dim: -1})

    def infer(x: Any, *rest: Any) -> Any:
        pixels, shape = x.reshape(-1, x.shape[-1]), x.shape[:-1]
        # a number for all pixels stays one
        flat = [one if np.ndim(one) == 0 else np.broadcast_to(one, shape).reshape(-1) for one in rest]
        left_out = np.ascontiguousarray(np.broadcast_to(flat.pop(), pixels.shape[:1]), bool) if mask is not None else None
        at = dict(zip(names, flat)) or None
        found = model.infer(pixels, at, mask=left_out, digital_numbers=digital_numbers, nodata=nodata)
        columns = tuple(found[name].reshape(shape) for name, *_ in model.columns)
        return columns if len(columns) > 1 else columns[0]

    types = [np.uint8 if name == "flags" else np.float32 for name, *_ in model.columns]
    variables = xr.apply_ufunc(
        infer,
        cube,
        *conditions,
        input_core_dims=[[band_dim], *([[]] * len(conditions))],
        output_core_dims=[[]] * len(types),
        dask="parallelized",
        output_dtypes=types,
        keep_attrs=False,
    )
    variables = variables if isinstance(variables, tuple) else (variables,)
    found = xr.Dataset({name: variable for (name, *_), variable in zip(model.columns, variables)})
    for name, unit, meaning in model.columns:
        found[name].attrs = {"long_name": meaning, "units": unit}
    if "flags" in found:
        bits = [bit for bit, _ in model.flags]
        meanings = " ".join(meaning.replace(",", "").replace(" ", "_") for _, meaning in model.flags)
        found["flags"].attrs.update(flag_masks=np.array(bits, np.uint8), flag_meanings=meanings)
    keep_place(found, ds, cube)
    found.attrs["phys_smpl_model"] = model.digest
    return found


def to_geotiff(estimates: xr.Dataset, path: str | PathLike[str], *, lock: Any = None, **options: Any) -> None:
    """Write a map as one GeoTIFF, a band a variable, tile by tile.

    Parameters
    ----------
    estimates : xarray.Dataset
        Of `infer_dataset` over y and x, with the CRS that rioxarray knows (``ds.rio.write_crs``).
    path : path
        The file. For several dates call it once for each.
    lock : lock, optional
        Keeps Dask's workers from writing at the same time: ``dask.distributed.Lock("name")`` with several processes, which
        must see the same file system. Without one, chunks are computed and written one after the other.
    **options
        Of ``rio.to_raster``, such as ``compress``; a tiled, deflated file by default.

    Raises
    ------
    ValueError
        Dimensions besides y and x.
    """
    import rioxarray  # noqa: F401  registers .rio

    more = [str(dim) for dim in estimates.sizes if dim not in ("y", "x")]
    if more:
        raise ValueError(f"estimates has the dimensions {', '.join(more)} besides y and x; allowed: one map at a time")
    names = list(estimates.data_vars)
    bands = estimates.astype(np.float32).to_dataarray("band").transpose("band", "y", "x")
    bands = bands.assign_coords(band=np.arange(1, len(names) + 1))
    bands.attrs = {**estimates.attrs, "long_name": tuple(names)}
    for name in names:
        if "grid_mapping" in estimates[name].encoding:
            bands.encoding["grid_mapping"] = estimates[name].encoding["grid_mapping"]
    bands.rio.write_nodata(np.nan, inplace=True)
    lazy = {"lock": lock} if lock is not None else {}
    chosen = {"tiled": True, "compress": "deflate", "windowed": lock is None and bands.chunks is not None, **lazy, **options}
    bands.rio.to_raster(Path(path), **chosen)


def _cube(ds: Any, model: Model, band_dim: str, bands: Mapping[str, Any], digital_numbers: Any) -> xr.DataArray:
    """Take the model's channels along `band_dim`, in its order, as numbers to which attributes were applied."""
    for channel in bands:
        if channel not in model.channels:
            near = suggestion(channel, model.channels)
            raise ValueError(f"band {channel!r} is not one of the model's: {', '.join(model.channels)}{near}")
    wanted = [bands.get(channel, channel) for channel in model.channels]
    if isinstance(ds, xr.Dataset):
        places = [_place_of(name, list(ds.data_vars), "variable", "") for name in wanted]
        there = [list(ds.data_vars)[place] for place in places]
        layers = [physical(ds[name], f"variable {name!r}", digital_numbers) for name in there]
        return xr.Dataset(dict(zip(model.channels, layers))).to_dataarray(band_dim)
    if not isinstance(ds, xr.DataArray):
        raise TypeError(f"ds is of the type {type(ds).__name__}; allowed: an xarray.DataArray or Dataset")
    if band_dim not in ds.dims:
        raise ValueError(f"there is no dimension {band_dim!r}; the array has {', '.join(map(str, ds.dims))}")
    size = ds.sizes[band_dim]
    if band_dim in ds.coords:
        labels_there = list(ds[band_dim].values)
        places = [_place_of(name, labels_there, "band", _hint(ds, wanted, band_dim)) for name in wanted]
    elif not bands and size == len(wanted):
        places = list(range(size))
    else:
        places = [_position(name, size, band_dim) for name in wanted]
    # a selection of all in order is no work, and none for Dask either
    chosen = ds if places == list(range(size)) else ds.isel({band_dim: places})
    return physical(chosen, "ds", digital_numbers)


def _place_of(name: Any, there: list[Any], what: str, hint: str) -> int:
    """Find a label: a number is a label like any other, never a position."""
    same = [place for place, label in enumerate(there) if _is_same(label, name)]
    if len(same) == 1:
        return same[0]
    problem = "missing" if not same else f"there {len(same)} times"
    shown = ", ".join(str(label) for label in there)
    near = "" if same else suggestion(name, there) or hint
    raise ValueError(f"{what} {name} {problem}; the {what}s are {shown}{near}")


def _is_same(label: Any, name: Any) -> bool:
    if isinstance(name, str) or isinstance(label, str):
        return str(label) == str(name) and isinstance(label, str) == isinstance(name, str)
    return not isinstance(name, bool) and bool(label == name)


def _hint(ds: xr.DataArray, wanted: list[Any], band_dim: str) -> str:
    """Say where the names are that a GeoTIFF has beside its band numbers."""
    names = ds.attrs.get("long_name")
    if isinstance(names, (list, tuple)) and len(names) == ds.sizes[band_dim] and set(wanted) & set(names):
        return f"; their names are in the attributes: ds.assign_coords({band_dim}=list(ds.attrs['long_name']))"
    return ""


def _position(name: Any, size: int, band_dim: str) -> int:
    if isinstance(name, (int, np.integer)) and not isinstance(name, bool) and 0 <= name < size:
        return int(name)
    raise ValueError(
        f"{name!r} is no position: {band_dim!r} has no labels and {size} entries; "
        f"allowed: bands with a position from 0 to {size - 1} for each channel"
    )


def _angles(ds: Any, model: Model, angles: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    """Take the names of the angles and what they are: numbers or arrays."""
    known = {name: (low, high) for name, _, low, high, _ in model.angles}
    given: list[Any] = []
    for name, value in angles.items():
        if name not in known:
            near = suggestion(name, known)
            raise ValueError(f"angle {name!r} is not one of the model's: {', '.join(known)}{near}")
        if isinstance(value, str):
            if not isinstance(ds, xr.Dataset) or value not in ds:
                near = suggestion(value, ds.variables) if isinstance(ds, xr.Dataset) else ""
                raise ValueError(f"angle {name!r}: there is no variable {value!r}{near}")
            value = ds[value]
        if isinstance(value, xr.DataArray):
            if str(value.attrs.get("units", "")).startswith("rad"):
                raise ValueError(f"{name} is in {value.attrs['units']}; allowed: degrees")
            value = physical(value, name, None)
        else:
            low, high = known[name]
            if np.ndim(value) != 0:
                raise TypeError(f"{name} is an array without dimensions' names; allowed: a number or an xarray.DataArray")
            value = angle(name, value, low, high)
        given.append(value)
    return list(angles), given
