"""A cube of 3,000 × 3,000 pixels × 10 bands × 4 dates by Dask: one process, two processes, two of which one is killed.

    python benches/dask_cube.py FOLDER [--size 3000]

Makes cube.zarr in FOLDER once (digital numbers, chunks of 750 × 750 pixels), writes a store for each run, compares them
number by number, prints wall time and the peak memory of each process. Linux or macOS.
"""

import argparse
import os
import resource
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
import phys_smpl
import xarray as xr
import zarr
from dask.distributed import Client, LocalCluster
from phys_smpl.xarray import infer_dataset

RUN = Path(__file__).resolve().parents[3] / "models" / "s2_midlatitude"
DATES = np.array(["2024-05-01", "2024-06-01", "2024-07-01", "2024-08-01"], "M8[ns]")
SUN = [36.0, 29.0, 30.0, 36.0]
CHUNK = 750


def make(store, model, size):
    """Forests by the physics, smooth from pixel to pixel, with the noise of a sensor."""
    rng = np.random.default_rng(2)
    free = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc", "ALA"]
    low, high = np.array([1.2, 20, 0.004, 0.006, 0.5, 0.1, 0.2, 30]), np.array([2.5, 70, 0.018, 0.03, 4.5, 0.9, 0.95, 70])
    rtm = phys_smpl.Rtm(free=free, bands=model.channels, precision="single")
    library = rtm.forward((low + (high - low) * rng.random((100_000, len(free)))).astype(np.float32))
    shape = (len(DATES), len(model.channels), size, size)
    root = zarr.open_group(store, mode="w")
    array = root.create_array(
        "numbers", shape=shape, chunks=(1, shape[1], CHUNK, CHUNK), dtype="uint16",
        dimension_names=("time", "band", "y", "x"),
    )
    for date in range(len(DATES)):
        for row in range(0, size, CHUNK):
            rows = min(CHUNK, size - row)
            for column in range(0, size, CHUNK):
                columns = min(CHUNK, size - column)
                x = library[rng.integers(0, len(library), rows * columns)]
                x = x + (0.003 + 0.01 * x) * rng.standard_normal(x.shape, np.float32)
                numbers = np.clip(np.round(x * 10_000 + 1000), 1, 65_534).astype(np.uint16)
                block = numbers.reshape(rows, columns, -1).transpose(2, 0, 1)
                array[date, :, row : row + rows, column : column + columns] = block


def traits(store, model):
    cube = xr.open_zarr(store, consolidated=False).numbers.assign_coords(band=model.channels, time=DATES)
    sun = xr.DataArray(np.array(SUN, np.float32), dims="time", coords={"time": DATES})
    return infer_dataset(cube, model, angles={"tts": sun}, digital_numbers=(1e-4, -1000.0))


def peak_mb():
    scale = 1024 if sys.platform != "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e6


def kill_in_the_middle(client, output, seconds, told):
    """Kills a worker when `seconds` have gone."""
    pids = sorted(client.run(os.getpid).values())

    def work():
        time.sleep(seconds)
        written = sum(1 for path in output.rglob("*") if path.is_file())
        os.kill(pids[0], signal.SIGKILL)
        told.append((pids[0], written))

    threading.Thread(target=work, daemon=True).start()


def run(store, output, model, processes, kill_after=None):
    with LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        told = []
        begin = time.perf_counter()
        if kill_after:
            kill_in_the_middle(client, output, kill_after, told)
        traits(store, model).to_zarr(output, mode="w", consolidated=False)
        seconds = time.perf_counter() - begin
        memory = sorted(round(mb) for mb in client.run(peak_mb).values())
        if kill_after:
            pid, written = told[0]
            alive = pid in client.run(os.getpid).values()
            print(f"worker {pid} killed after {kill_after:.0f} s, {written} files were there; still alive: {alive}", flush=True)
        return seconds, memory


def same(a, b):
    a, b = zarr.open_group(a, mode="r"), zarr.open_group(b, mode="r")
    names = sorted(a.array_keys())
    if names != sorted(b.array_keys()):
        return False
    return all(
        a[name][date : date + 1].tobytes() == b[name][date : date + 1].tobytes()
        for name in names if a[name].ndim == 3 for date in range(len(DATES))
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=3000)
    chosen = parser.parse_args()
    model = phys_smpl.Model.load(RUN, write=["median", "sd", "flags"])
    store = chosen.folder / f"cube-{chosen.size}.zarr"
    if not store.exists():
        make(store, model, chosen.size)
    pixels = chosen.size**2 * len(DATES)
    outputs = {name: chosen.folder / f"{name}.zarr" for name in ("one", "two", "killed")}
    for output in outputs.values():
        shutil.rmtree(output, ignore_errors=True)
    print("| processes | wall time, s | pixels/s | peak memory of each, MB |\n|---|---:|---:|---|", flush=True)

    def line(name, seconds, memory):
        print(f"| {name} | {seconds:.1f} | {pixels / seconds:,.0f} | {', '.join(map(str, memory))} |", flush=True)

    line("1", *run(store, outputs["one"], model, 1))
    seconds, memory = run(store, outputs["two"], model, 2)
    line("2", seconds, memory)
    line("2, one killed", *run(store, outputs["killed"], model, 2, kill_after=seconds / 2))
    for name in ("two", "killed"):
        if not same(outputs["one"], outputs[name]):
            raise SystemExit(f"{outputs[name]} differs from {outputs['one']}")
    print(f"all three stores hold the same numbers ({pixels:,} pixels, {len(model.columns)} columns)")


if __name__ == "__main__":
    main()
