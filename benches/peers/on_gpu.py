"""Times the published INFORM in plain torch on a card: forward and Jacobian of the training bands, by batch.

    python3 benches/peers/on_gpu.py                           on cuda:0, as `cargo xtask gpu-check` calls it
    python3 benches/peers/on_gpu.py --device cpu --batches 4   anywhere, to see that it runs

The model is published_inform.py in float32, as it is written (eager) and by torch.compile (forward and, with it, each
backward pass); the Jacobian is that of peers.py, one backward pass per band. A time is the median of some rounds after
some that do not count, the device being waited for before the clock is read. Writes JSON, one object per line; a batch
that does not fit the memory says so and ends its column.
"""

import argparse
import json
import statistics
import time
import warnings
from pathlib import Path

import published_inform as peer
import torch

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parents[1] / "tests" / "golden" / "inform_published_s2.json"
# SENTINEL2_TRAINING_BANDS and the ranges of crates/trainer/tests/gpu.rs
BANDS = ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"]
LOW, HIGH = [1, 10, 0.001, 0.005, 0.01, 0.01, 0.1], [3, 80, 0.02, 0.05, 5, 1, 1]
# what is fixed there too: geometry, hot spot, soil, the other pigments
FIXED, PSOIL, HSPOT = dict(car=10.0, anth=2.0, cbrown=0.25), 0.8, 0.01
UNCOUNTED, ROUNDS = 2, 7


def say(**what):
    print(json.dumps(what), flush=True)


class Work:
    """One batch on a device; `forward` is the model, compiled or not."""

    def __init__(self, model, batch, device):
        torch.manual_seed(20261123)
        self.model, self.device = model, device
        self.spectra = peer.Spectra(torch.float32, BANDS, device)
        self.geometry = peer.Geometry([30.0], [0.0], [0.0], [HSPOT], peer.uniform_leaf_angles(), torch.float32, device)
        column = lambda low, high: (low + (high - low) * torch.rand(batch, 1)).to(device).requires_grad_()
        self.free = {name: column(low, high) for name, low, high in zip(peer.FREE, LOW, HIGH)}
        self.fixed = {name: torch.full((1, 1), value, device=device) for name, value in FIXED.items()}
        self.psoil = torch.full((1, 1), PSOIL, device=device)

    def jacobian(self):
        bands = self.model(self.spectra, self.geometry, {**self.free, **self.fixed}, self.psoil)
        return bands, peer.full_jacobian(bands, list(self.free.values()))

    def wait(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self):
        times = []
        for _ in range(UNCOUNTED + ROUNDS):
            self.wait()
            start = time.perf_counter()
            kept = self.jacobian()
            self.wait()
            times.append(time.perf_counter() - start)
            del kept
        return statistics.median(times[UNCOUNTED:])


def compiled():
    # every band pulls its own gradient back through the same graph
    from torch._functorch import config

    config.donated_buffer = False
    return torch.compile(peer.inform, dynamic=False)


def is_out_of_memory(error):
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()


def column(how, model, batches, device):
    """One object per batch, up to the first that fails."""
    for batch in batches:
        try:
            torch.compiler.reset()
            seconds = Work(model, batch, device).seconds()
        except Exception as error:  # what torch.compile raises is not known beforehand
            why = "out of memory" if is_out_of_memory(error) else f"{type(error).__name__}: {str(error).splitlines()[:1]}"
            say(torch=how, batch=batch, seconds=None, why=why)
            return
        say(torch=how, batch=batch, seconds=seconds)
        if device.type == "cuda":
            torch.cuda.empty_cache()


def check():
    """Refuses to be compared with where it is not the same physics."""
    for name, error in peer.check(GOLDEN).items():
        if not error <= peer.LIMITS[name]:
            raise SystemExit(f"published_inform.py, {name}: {error:.1e}, limit {peer.LIMITS[name]:.0e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--batches", type=int, nargs="+", default=[256 * 4**k for k in range(7)])
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore")
    device = torch.device(chosen.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit(f"torch {torch.__version__} sees no GPU")
    check()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else chosen.device
    say(version=torch.__version__, device=name, bands=len(BANDS))
    column("eager", peer.inform, chosen.batches, device)
    column("compiled", compiled(), chosen.batches, device)


if __name__ == "__main__":
    main()
