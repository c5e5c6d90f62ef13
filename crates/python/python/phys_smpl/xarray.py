"""Maps: traits of xarray's cubes, chunk by chunk with Dask.

Needs xarray; with Dask arrays Dask too, and rioxarray for GeoTIFF (``pip install phys_smpl[maps]``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr


def infer_dataset(ds, model, *, band_dim="band", bands=None, angles=None, mask=None, digital_numbers=None, nodata=None):
    """Infer the traits of every pixel.

    Lazy where `ds` is: a chunk is read, inferred and handed on by itself, and a scheduler may do any chunk anywhere, also a
    second time. Every worker needs the package and nothing else; the model travels with the tasks.

    Parameters
    ----------
    ds : xarray.DataArray or xarray.Dataset
        Reflectance, 0 to 1: an array with a dimension `band_dim`, or a dataset with a variable per channel. Dimensions of
        any other name and number (time, y, x).
    model : phys_smpl.Model
        What infers. With Dask each task takes one thread, so that the scheduler decides how many run at once.
    band_dim : str
        The dimension of the channels.
    bands : mapping of str to (str or int), optional
        Channel of the model to the label along `band_dim` or the variable; a channel that is not there has its own name.
        For an array without labels along `band_dim`: to the position, all of them.
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
        as attributes (CF: units, long_name, flag_masks, flag_meanings).

    Raises
    ------
    ValueError
        A band or an angle that is not there.
    """
    cube = _cube(ds, model, band_dim, bands or {})
    names, given = _angles(ds, model, angles or {})
    conditions = list(given)
    if mask is not None:
        conditions.append(mask)
    if cube.chunks is not None:
        model = model.with_threads(1)
        if len(cube.chunksizes[band_dim]) > 1:
            cube = cube.chunk({band_dim: -1})

    def infer(x, *rest):
        pixels, shape = x.reshape(-1, x.shape[-1]), x.shape[:-1]
        flat = [np.broadcast_to(one, shape).reshape(-1) for one in rest]
        left_out = np.ascontiguousarray(flat.pop(), bool) if mask is not None else None
        at = dict(zip(names, flat)) or None
        found = model.infer(pixels, at, mask=left_out, digital_numbers=digital_numbers, nodata=nodata)
        return tuple(found[name].reshape(shape) for name, *_ in model.columns)

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
    found.attrs = {"phys_smpl_model": model.digest}
    return found


def to_geotiff(estimates, path, *, lock=None, **options):
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
    bands.attrs = {"long_name": tuple(names), **estimates.attrs}
    bands.rio.write_nodata(np.nan, inplace=True)
    lazy = {"lock": lock} if lock is not None else {}
    chosen = {"tiled": True, "compress": "deflate", "windowed": lock is None and bands.chunks is not None, **lazy, **options}
    bands.rio.to_raster(Path(path), **chosen)


def _cube(ds, model, band_dim, bands):
    """The model's channels along `band_dim`, in its order."""
    for channel in bands:
        if channel not in model.channels:
            raise ValueError(f"band {channel!r} is not one of the model's: {', '.join(model.channels)}")
    wanted = [bands.get(channel, channel) for channel in model.channels]
    if isinstance(ds, xr.Dataset):
        there = list(ds.data_vars)
        _all_there(wanted, there, "variables")
        return ds[wanted].to_dataarray(band_dim)
    if band_dim not in ds.dims:
        raise ValueError(f"there is no dimension {band_dim!r}; the array has {', '.join(map(str, ds.dims))}")
    if all(isinstance(name, (int, np.integer)) for name in wanted):
        return ds.isel({band_dim: wanted})
    if band_dim not in ds.coords:
        if len(ds[band_dim]) == len(wanted) and not bands:
            return ds
        raise ValueError(f"{band_dim!r} has no labels and {len(ds[band_dim])} entries; allowed: bands with a position each")
    labels = [str(label) for label in ds[band_dim].values]
    _all_there(wanted, labels, "bands")
    positions = [labels.index(name) for name in wanted]
    # a selection of all in order is no work, and none for Dask either
    return ds if positions == list(range(len(labels))) else ds.isel({band_dim: positions})


def _all_there(wanted, there, what):
    missing = [str(name) for name in wanted if name not in there]
    if missing:
        raise ValueError(f"{', '.join(missing)} missing; the {what} are {', '.join(map(str, there))}")


def _angles(ds, model, angles):
    """Names of the angles and what they are: numbers or arrays."""
    known = {name: (low, high) for name, _, low, high, _ in model.angles}
    given = []
    for name, value in angles.items():
        if name not in known:
            raise ValueError(f"angle {name!r} is not one of the model's: {', '.join(known)}")
        if isinstance(value, str):
            if not isinstance(ds, xr.Dataset) or value not in ds:
                raise ValueError(f"angle {name!r}: there is no variable {value!r}")
            value = ds[value]
        elif not isinstance(value, xr.DataArray):
            low, high = known[name]
            if not low <= value <= high:
                raise ValueError(f"{name} is {value}; allowed: {low} to {high}")
            value = float(value)
        given.append(value)
    return list(angles), given
