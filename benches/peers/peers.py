"""Times this project beside other programs in one run, in turn, and writes a table.

    cargo xtask bench --peers                  or, with more options, python3 benches/peers/peers.py --help

An environment is made below the target directory and filled from PyPI (requirements.txt). PyPI's torch for x86-64
Linux comes with CUDA, some GB; `--torch-index https://download.pytorch.org/whl/cpu` takes the small one, and `--site
FOLDER` takes a folder of installed packages instead of downloading torch.

Each program computes the same batch again and again; rounds go through all of them, so that what else the machine does
meets all alike. Two times are taken: by the clock (median of the rounds), and, for one thread, that of the processor
(median too), which other people's programs do not stretch. Results: target/peers/peers.json and peers.md.

Where `cargo xtask wheel` has left a wheel in target/wheels, the environment takes it when it is made, and the same calls
are timed from Python too.

`--only kernels` times the physics alone, `--only steps` whole training steps alone: ours (the example step_cost, at all
wavelengths and at those of the quadrature) beside the same steps in plain torch (plain_step.py), by the clock.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
GOLDEN = ROOT / "tests" / "golden" / "inform_published_s2.json"
OURS_REPEATS = 10
# until the threads of another library are asleep and ours have a processor each
WARM_UP_SECONDS = 0.5
# what one round of a single numba spectrum averages over
SINGLE_REPEATS = 50
# what one round of a step in torch is the median of
STEP_REPEATS = 5
THREADS = sorted({1, os.cpu_count() or 1})
# as step_cost and plain_step.py name them: <step>_<sampling>
STEPS = {"step_a": "Stage A", "step_b": "Stage B"}
SAMPLINGS = {"exact": "all wavelengths", "quadrature": "quadrature"}
TORCH_STEP = "plain torch, published INFORM"


def target():
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=9, help="rounds, at least 5 (default: 9)")
    parser.add_argument("--batch", type=int, default=256, help="samples at a time, not of steps (default: 256)")
    parser.add_argument("--only", choices=["kernels", "steps", "all"], default="all",
                        help="the physics alone, training steps alone, or both (default)")
    parser.add_argument("--site", type=Path, help="folder of installed packages that has torch")
    parser.add_argument("--torch-index", help="index to take torch from instead of PyPI")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.rounds < 5 or chosen.batch < 1:
        parser.error(f"rounds {chosen.rounds}, batch {chosen.batch}: expected at least 5 rounds and 1 sample")
    return chosen


def environment(chosen):
    """The environment's python; made and filled at the first call."""
    place = target() / "peers" / "venv"
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", place], check=True)
        pip = [python, "-m", "pip", "install", "--quiet"]
        if chosen.site:
            own = subprocess.run([python, "-c", "import site; print(site.getsitepackages()[0])"],
                                 check=True, capture_output=True, text=True).stdout.strip()
            (Path(own) / "elsewhere.pth").write_text(f"{chosen.site.resolve()}\n")
        elif chosen.torch_index:
            subprocess.run([*pip, "torch", "--index-url", chosen.torch_index], check=True)
        subprocess.run([*pip, "-r", HERE / "requirements.txt"], check=True)
        if list((target() / "wheels").glob("phys_smpl-*.whl")):
            subprocess.run([*pip, "--no-index", "--no-deps", "--find-links", target() / "wheels", "phys_smpl"], check=True)
        (place / "complete").touch()
    return python


def build(what, name):
    """One of our programs, as released."""
    line = ["cargo", *what.split(), name, "--message-format=json"]
    output = subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    for message in map(json.loads, output.splitlines()):
        if message.get("executable") and message["target"]["name"] == name:
            return message["executable"]
    raise SystemExit(f"`{' '.join(line)}` has made no executable")


class Case:
    """One program at one task. `run` returns seconds by the clock and of the processor (or None) per sample or step."""

    def __init__(self, name, threads, run):
        self.name, self.threads, self.run, self.clock, self.processor = name, threads, run, [], []

    def round(self):
        clock, processor = self.run()
        self.clock.append(clock)
        if processor is not None:
            self.processor.append(processor)

    def result(self):
        both = dict(name=self.name, threads=self.threads, rounds=len(self.clock),
                    clock_us=statistics.median(self.clock) * 1e6, best_us=min(self.clock) * 1e6)
        both["processor_us"] = statistics.median(self.processor) * 1e6 if self.processor else None
        return both


def timed(samples, work, threads):
    def run():
        clock, processor = time.perf_counter(), time.process_time()
        work()
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        return clock / samples, processor / samples if threads == 1 else None

    return run


def ours(program, task, batch, threads):
    def run():
        line = [program, "--task", task, "--batch", batch, "--threads", threads, "--repeats", OURS_REPEATS]
        output = subprocess.run(list(map(str, line)), check=True, capture_output=True, text=True).stdout
        found = json.loads(output)
        processor = found["processor_seconds_each"]
        return statistics.median(found["seconds"]) / batch, processor and processor / batch

    return Case(f"this project, {task}", threads, run)


def cases_from_python(batch, threads):
    """The same forests on the same bands through phys_smpl; none where it is not installed."""
    try:
        import phys_smpl
    except ImportError:
        return []
    import numpy as np

    free = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"]
    rtm = phys_smpl.Rtm(free=free, precision="single", threads=threads)
    low, high = (np.array([q[at] for q in rtm.parameters]) for at in (2, 3))
    params = low + (high - low) * (0.1 + 0.8 * np.random.default_rng(5).random((batch, len(free))))

    def often(work):
        once = timed(batch, lambda: work(params), threads)

        def run():
            # torch's threads, in this process, spin for a while after their work, and the system needs a while to spread ours
            end = time.perf_counter() + WARM_UP_SECONDS
            while time.perf_counter() < end:
                once()
            both = [once() for _ in range(OURS_REPEATS)]
            clock = statistics.median(clock for clock, _ in both)
            return clock, statistics.median(own for _, own in both) if threads == 1 else None

        return run

    tasks = {"forward": rtm.forward, "jacobian": rtm.forward_with_jacobian}
    return [Case(f"this project from Python, {task}", threads, often(work)) for task, work in tasks.items()]


def torch_cases(batch, threads):
    import published_inform as peer
    import torch
    from torchrtm.models.models import prosail

    torch.manual_seed(20261123)
    s = peer.Spectra(torch.float32)
    g = peer.Geometry([30.0], [0.0], [0.0], [0.01], peer.uniform_leaf_angles(), torch.float32)
    low, high = [1, 10, 0.001, 0.005, 0.01, 0.01, 0.1], [3, 80, 0.02, 0.05, 5, 3, 1]
    p = {name: (a + (b - a) * torch.rand(batch, 1)).requires_grad_() for name, a, b in zip(peer.FREE, low, high)}
    free = list(p.values())
    # what is fixed is one number for the batch, as it is for us
    fixed = {name: torch.full((1, 1), value) for name, value in dict(car=10.0, anth=2.0, cbrown=0.25).items()}
    psoil = torch.full((1, 1), 0.8)

    def threaded(work, gradient):
        def run():
            torch.set_num_threads(threads)
            with torch.set_grad_enabled(gradient):
                work()

        return timed(batch, run, threads)

    def inform():
        return peer.inform(s, g, {**p, **fixed}, psoil)

    def backward():
        torch.autograd.grad(inform().square().sum(), free)

    ones = torch.ones(batch)
    column = lambda name: p[name].detach()
    # traits: cab, car, anth, cbrown, cw, cm
    leaf = torch.cat([column("cab"), *(x.expand(batch, 1) for x in fixed.values()), column("cw"), column("cm")], 1)
    inputs = [leaf.requires_grad_(), column("N")[:, 0].clone().requires_grad_(),
              column("LAI")[:, 0].clone().requires_grad_()]

    def canopy(differentiable):
        return prosail(inputs[0], inputs[1], -0.35 * ones, -0.15 * ones, inputs[2], 0.01 * ones, 30 * ones, 0 * ones,
                       0 * ones, 40 * ones, 0.8 * ones, batch_size=batch, prospect_type="prospect5d",
                       differentiable=differentiable)

    def canopy_backward():
        torch.autograd.grad(canopy(True)[3].square().sum(), inputs)

    return [
        Case("plain torch, published INFORM, forward", threads, threaded(inform, False)),
        Case("plain torch, published INFORM, forward + backward of a scalar", threads, threaded(backward, True)),
        Case("plain torch, published INFORM, forward + Jacobian of 13 bands", threads,
             threaded(lambda: peer.full_jacobian(inform(), free), True)),
        Case("torchrtm 1.5.8 PROSAIL-D, 2101 nm, forward", threads, threaded(lambda: canopy(False), False)),
        Case("torchrtm 1.5.8 PROSAIL-D, 2101 nm, forward + backward of a scalar", threads,
             threaded(canopy_backward, True)),
    ]


def numba_case():
    import prosail

    def single():
        for _ in range(SINGLE_REPEATS):
            prosail.run_prosail(1.5, 40.0, 8.0, 0.0, 0.01, 0.009, 3.0, -0.35, 0.01, 30.0, 0.0, 0.0, ant=2.0,
                                prospect_version="D", typelidf=1, lidfb=-0.15, rsoil=1.0, psoil=0.8)

    return Case("prosail 2.0.5 (numba) PROSAIL-D, 2101 nm, forward, one at a time", 1,
                timed(SINGLE_REPEATS, single, 1))


class OurSteps:
    """One call of step_cost has the medians of all steps; it is called again when one is wanted again."""

    def __init__(self, program, batch, threads):
        self.line = [program, "--json", "--threads", str(threads)]
        self.wanted, self.threads, self.medians = dict(batch=batch, threads=threads), threads, {}

    def call(self):
        found = json.loads(subprocess.run(self.line, check=True, capture_output=True, text=True).stdout)
        given = {key: found[key] for key in self.wanted}
        if given != self.wanted:
            raise SystemExit(f"`{' '.join(self.line)}` has measured {given} in the place of {self.wanted}")
        return found["milliseconds"]

    def case(self, name):
        def run():
            if name not in self.medians:
                self.medians = self.call()
            return self.medians.pop(name) / 1e3, None

        return Case(f"this project, {name}", self.threads, run)


def torch_step(name, step, threads):
    import torch

    def run():
        torch.set_num_threads(threads)
        once = timed(1, step, threads)
        return statistics.median(once()[0] for _ in range(STEP_REPEATS)), None

    return Case(f"{TORCH_STEP}, {name}", threads, run)


def kernel_cases(batch):
    program = build("bench -p physics --no-run --bench", "time_batch")
    cases = []
    for threads in THREADS:
        cases += [ours(program, task, batch, threads) for task in ("forward", "jacobian")]
        cases += cases_from_python(batch, threads)
        cases += torch_cases(batch, threads)
    return [*cases, numba_case()]


def step_cases():
    import plain_step

    for name, (first, last) in plain_step.check().items():
        print(f"plain_step.py, {name}: loss {first:.3f}, after some steps {last:.3f}", flush=True)
    program = build("build --release -p trainer --example", "step_cost")
    cases = []
    for threads in THREADS:
        own, theirs = OurSteps(program, plain_step.BATCH, threads), plain_step.Steps()
        cases += [own.case(f"{name}_{sampling}") for name in STEPS for sampling in SAMPLINGS]
        cases += [torch_step(name, getattr(theirs, name), threads) for name in STEPS]
    return cases


def machine():
    name = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}"


def table(report):
    us = lambda value: "" if value is None else f"{value:.1f}"
    lines = ["| program | threads | median by the clock, µs per sample | best | of the processor |",
             "|---|---:|---:|---:|---:|"]
    lines += [f"| {case['name']} | {case['threads']} | {us(case['clock_us'])} | {us(case['best_us'])} |"
              f" {us(case['processor_us'])} |" for case in report["cases"]]
    lines += ["", "| how many times as fast | threads | by the clock | best | by the processor |",
              "|---|---:|---:|---:|---:|"]
    by_name = {(case["name"], case["threads"]): case for case in report["cases"]}
    for (name, threads), case in by_name.items():
        if name.startswith("this project,"):
            continue
        task = "forward" if name.endswith(("forward", "at a time")) else "jacobian"
        own = by_name["this project, " + task, threads]
        digits = 3 if "from Python" in name else 0
        ratio = lambda key: f"{case[key] / own[key]:.{digits}f} ×" if case[key] and own[key] else ""
        lines.append(f"| {task} against {name} | {threads} | {ratio('clock_us')} | {ratio('best_us')} |"
                     f" {ratio('processor_us')} |")
    return "\n".join(lines)


def table_of_steps(steps):
    """Steps in rows; all times are medians by the clock."""
    heads = list(SAMPLINGS.values())
    columns = ["step", "threads", TORCH_STEP, *(f"this project, {head}" for head in heads),
               *(f"times as fast, {head}" for head in heads)]
    lines = ["whole training step, batch 256, milliseconds", "", f"| {' | '.join(columns)} |",
             "|---|" + "---:|" * (len(columns) - 1)]
    found = {(case["name"], case["threads"]): case["clock_us"] / 1e3 for case in steps}
    for threads in THREADS:
        for name, title in STEPS.items():
            theirs = found[f"{TORCH_STEP}, {name}", threads]
            own = [found[f"this project, {name}_{sampling}", threads] for sampling in SAMPLINGS]
            cells = [title, str(threads), f"{theirs:.1f}", *(f"{ms:.2f}" for ms in own),
                     *(f"{theirs / ms:.0f} ×" for ms in own)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def measure(chosen):
    from importlib.metadata import version

    import warnings

    import published_inform as peer
    import torch

    # about other people's programs, not about this comparison
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    for name, error in peer.check(GOLDEN).items():
        print(f"published_inform.py, {name}: {error:.1e} (limit {peer.LIMITS[name]:.0e})", flush=True)
        if not error <= peer.LIMITS[name]:
            raise SystemExit("published_inform.py disagrees with the golden data: nothing to compare with")
    kernels = kernel_cases(chosen.batch) if chosen.only != "steps" else []
    steps = step_cases() if chosen.only != "kernels" else []
    cases = kernels + steps
    load = [os.getloadavg()[0]]
    for case in cases:  # caches, compilers
        case.run()
    for i in range(chosen.rounds):
        for case in cases:
            case.round()
        load.append(os.getloadavg()[0])
        print(f"round {i + 1} of {chosen.rounds}", flush=True)
    rust = subprocess.run(["rustc", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    used = ("torch", "torchrtm", "prosail", "numba", "numpy") if kernels else ("torch", "numpy")
    packages = {name: version(name) for name in used}
    report = dict(date=time.strftime("%Y-%m-%d"), machine=machine(), batch=chosen.batch,
                  python=platform.python_version(), rust=rust, packages=packages, load=[min(load), max(load)],
                  cases=[case.result() for case in kernels], steps=[case.result() for case in steps])
    tables = [table(report)] if kernels else []
    tables += [table_of_steps(report["steps"])] if steps else []
    text = (f"{report['date']}, {report['machine']}; {rust}, Python {report['python']}, "
            + ", ".join(f"{name} {number}" for name, number in packages.items())
            + f"; batch {chosen.batch}, {chosen.rounds} rounds; load average {min(load):.1f} to {max(load):.1f}\n\n"
            + "\n\n".join(tables) + "\n")
    folder = target() / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "peers.json").write_text(json.dumps(report, indent=1))
    (folder / "peers.md").write_text(text)
    print(f"\n{text}\nwritten: {folder / 'peers.json'}, peers.md")


def main():
    chosen = arguments()
    if chosen.measure:
        return measure(chosen)
    python = environment(chosen)
    sys.stdout.flush()
    line = [python, __file__, "--measure", "--rounds", str(chosen.rounds), "--batch", str(chosen.batch),
            "--only", chosen.only]
    raise SystemExit(subprocess.run(line).returncode)


if __name__ == "__main__":
    main()
