"""How near the kernels are to what the processor can do: counts the vector instructions of the loop over blocks of
16 wavelengths in the released program (objdump), measures how fast the processor does each kind, and compares with
the time a block takes. Needs objdump and AVX-512.

    python3 benches/roofline/roofline.py [--rounds 7]

The bound: a block takes at least as long as its arithmetic takes on the two vector units, and at least as long as its
divisions and roots take on the one divider; that neither waits for the other is what the bound supposes.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 16
BATCH = 256
# the loop over blocks is the innermost loop with the most divisions of its function; how many blocks a turn of it takes
BLOCKS_AT_ONCE = {"forward": 2, "jacobian": 1}
TASKS = {"forward": "values", "jacobian": "sweep"}
KINDS = {
    "fma": r"vfn?m(add|sub)\d+ps",
    "multiplication": r"vmulps",
    "addition": r"v(add|sub)ps",
    "division": r"vdivps",
    "root": r"vsqrtps",
    "smallest, largest, choice, comparison": r"v(min|max|cmp\w*|blendm|range)ps|vpcmp\w+|vptestn?m\w",
    "integer and bits": r"vp(add|sub|sll|sra|srl|and|or|xor|ternlog)\w*|v(and|or|xor|andn)ps|vcvt\w+",
    "load, store, copy, broadcast": r"vmov\w+|vbroadcast\w+|vpbroadcast\w+",
}
ARITHMETIC = ("fma", "multiplication", "addition", "smallest, largest, choice, comparison", "integer and bits")


def build(name):
    line = ["cargo", "bench", "-p", "physics", "--bench", name, "--no-run", "--message-format=json"]
    output = subprocess.run(line, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    for message in map(json.loads, output.splitlines()):
        if message.get("executable") and message["target"]["name"] == name:
            return message["executable"]
    raise SystemExit(f"`{' '.join(line)}` has made no executable")


def instructions(program, task):
    """(address, mnemonic, operands) of the entry point."""
    name = f"physics::reflectance::dispatch::avx512::published::{TASKS[task]}"
    symbols = subprocess.run(["nm", "-C", "-S", program], check=True, capture_output=True, text=True).stdout
    found = re.search(rf"^([0-9a-f]+) ([0-9a-f]+) \w {re.escape(name)}$", symbols, re.M)
    if not found:
        raise SystemExit(f"no function {name} in {program}")
    start, size = (int(word, 16) for word in found.groups())
    line = ["objdump", "-d", "--no-show-raw-insn", "-M", "intel", f"--start-address={start}",
            f"--stop-address={start + size}", program]
    listing = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    matches = re.findall(r"^\s*([0-9a-f]+):\s+(\S+)[ \t]*(.*)$", listing, re.M)
    return [(int(address, 16), mnemonic, operands) for address, mnemonic, operands in matches]


def block_loop(code):
    """The instructions of the loop over blocks."""
    divisions = [address for address, name, operands in code if name == "vdivps" and "zmm" in operands]
    jumps = [(int(operands.split()[0], 16), address) for address, name, operands in code
             if name.startswith("j") and re.match(r"(0x)?[0-9a-f]+( |$)", operands)]
    inside = lambda start, end: sum(start <= at <= end for at in divisions)
    loops = [(start, end) for start, end in jumps if start < end and inside(start, end)]
    if not loops:
        raise SystemExit("no loop with divisions found: the code has changed")
    innermost = [one for one in loops
                 if not any(other != one and one[0] <= other[0] and other[1] <= one[1] for other in loops)]
    start, end = max(innermost, key=lambda one: inside(*one))
    return [line for line in code if start <= line[0] <= end]


def count(loop):
    counts = Counter()
    for _, name, operands in loop:
        if "zmm" not in operands:
            counts["not on 512 bits"] += 1
            continue
        kind = next((kind for kind, names in KINDS.items() if re.fullmatch(names, name)), "other")
        counts[kind] += 1
    shifts = lambda start: sum(name == start and "zmm" in operands for _, name, operands in loop)
    # a power of two is made by a shift to the left; a logarithm needs one to the right and one back
    counts["(logarithms)"] = shifts("vpsrad")
    counts["(exponentials)"] = shifts("vpslld") - shifts("vpsrad")
    return counts


def run_json(line):
    return json.loads(subprocess.run(list(map(str, line)), check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    timing, throughput = build("time_batch"), build("instruction_throughput")
    pace, each, wavelengths = [], {task: [] for task in TASKS}, 0
    for _ in range(max(rounds, 1)):
        pace.append(run_json([throughput]))
        for task in TASKS:
            found = run_json([timing, "--task", task, "--numbers", "avx512", "--batch", BATCH, "--repeats", 30])
            wavelengths = found["wavelengths"]
            seconds = found["processor_seconds_each"] or statistics.median(found["seconds"])
            each[task].append(seconds / BATCH)
    if "fma_512" not in pace[0]:
        raise SystemExit("this processor has no AVX-512")
    pace = {kind: statistics.median(one[kind] for one in pace) for kind in pace[0]}
    blocks = -(-wavelengths // WIDTH)
    counts = {task: count(block_loop(instructions(timing, task))) for task in TASKS}
    for task, found in counts.items():
        for kind in found:
            found[kind] = round(found[kind] / BLOCKS_AT_ONCE[task])
    print(f"ns per instruction: " + ", ".join(f"{kind} {ns:.2f}" for kind, ns in pace.items()))
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print(f"| per block of {WIDTH} wavelengths | " + " | ".join(TASKS) + " |\n|---|" + "---:|" * len(TASKS))
    kinds = [*KINDS, "other", "not on 512 bits", "(exponentials)", "(logarithms)"]
    for kind in kinds:
        print(f"| {kind} | " + " | ".join(str(counts[task][kind]) for task in TASKS) + " |")
    rows = {"vector units, ns": [], "divider, ns": [], "bound, ns": [], "taken, ns (whole spectrum / blocks)": [],
            "bound / taken": [], "single-precision Gflop/s": []}
    for task in TASKS:
        c = counts[task]
        units = sum(c[kind] for kind in ARITHMETIC) * pace["fma_512"]
        divider = c["division"] * pace["div_512"] + c["root"] * pace["sqrt_512"]
        taken = statistics.median(each[task]) * 1e9 / blocks
        flops = WIDTH * (2 * c["fma"] + c["multiplication"] + c["addition"] + c["division"] + c["root"])
        bound = max(units, divider)
        values = (units, divider, bound, taken, bound / taken, flops / taken)
        for row, value in zip(rows.values(), values):
            row.append(f"{value:.2f}" if value < 10 else f"{value:.0f}")
    for name, values in rows.items():
        print(f"| {name} | " + " | ".join(values) + " |")


if __name__ == "__main__":
    main()
