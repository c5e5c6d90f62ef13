"""Maps a cube in a Zarr store on Dask's distributed scheduler, whatever gives the workers.

    python examples/map_on_a_cluster.py cube.zarr traits.zarr --model ../../models/s2_midlatitude --angle tts=35

Without more, two processes on this machine. Elsewhere by configuration alone (https://docs.dask.org/en/stable/deploying.html):

    --scheduler tcp://head-node:8786                           a cluster that runs already
    --cluster dask_jobqueue.SLURMCluster --jobs 20             SLURM; cores, memory, queue, walltime in ~/.config/dask/jobqueue.yaml
    --cluster dask_kubernetes.operator.KubeCluster --jobs 20   Kubernetes; image and resources in Dask's kubernetes configuration

Each worker needs this package (`pip install phys_smpl[maps]`) and to reach both stores: a path they share, or a URL that
fsspec knows (s3://..., gs://...). A chunk that was lost with its worker is computed again, and writes the same bytes.
"""

import argparse
import importlib
import os

import xarray as xr
from dask.distributed import Client, LocalCluster, progress
from phys_smpl import Model
from phys_smpl.xarray import infer_dataset


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("input", help="Zarr store with one variable of reflectance over a dimension `band`")
    parser.add_argument("output", help="Zarr store that is made")
    parser.add_argument("--model", required=True, help="folder of a run")
    parser.add_argument("--variable", default="reflectance")
    parser.add_argument("--write", nargs="+", default=["median", "sd", "flags"], help="groups of columns")
    parser.add_argument("--angle", action="append", default=[], metavar="NAME=DEGREES")
    parser.add_argument("--scheduler", help="address of a running scheduler")
    parser.add_argument("--cluster", help="class of a cluster, as module.Class")
    parser.add_argument("--jobs", type=int, default=2, help="workers asked of the cluster")
    return parser.parse_args()


def client_of(chosen):
    if chosen.scheduler:
        return Client(chosen.scheduler)
    if not chosen.cluster:
        threads = max(1, (os.cpu_count() or 1) // chosen.jobs)
        return Client(LocalCluster(n_workers=chosen.jobs, threads_per_worker=threads, dashboard_address=None))
    module, name = chosen.cluster.rsplit(".", 1)
    cluster = getattr(importlib.import_module(module), name)()
    cluster.scale(chosen.jobs)
    return Client(cluster)


def main():
    chosen = arguments()
    angles = {name: float(degrees) for name, degrees in (one.split("=", 1) for one in chosen.angle)}
    model = Model.load(chosen.model, write=chosen.write)
    with client_of(chosen) as client:
        cube = xr.open_zarr(chosen.input)[chosen.variable]
        traits = infer_dataset(cube, model, angles=angles)
        written = traits.to_zarr(chosen.output, compute=False, mode="w-")
        task = client.compute(written)
        progress(task)
        task.result()
    print(f"\nwritten: {chosen.output}")


if __name__ == "__main__":
    main()
