"""What the binding adds to a call of Rust: the same batch by turns in both, one thread, medians.

    cd crates/python && cargo build --release --example timing && python benches/overhead.py target/release/examples/timing
"""

import statistics
import subprocess
import sys
import time

import numpy as np
import phys_smpl

FREE = ["N", "cab", "cw", "cm", "LAI", "LAIu", "fc"]
FOREST = [1.5, 40.0, 0.01, 0.01, 3.0, 0.5, 0.7]


ROUNDS = {"single": {1: 301, 16: 301, 256: 201, 4096: 51}, "double": {1: 101, 16: 101, 256: 51, 4096: 11}}


def compare(program, precision):
    rust = subprocess.Popen([program, precision], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rtm = phys_smpl.Rtm(free=FREE, threads=1, precision=precision)
    for n, rounds in ROUNDS[precision].items():
        params = np.tile(FOREST, (n, 1))
        own, other = [], []
        for _ in range(rounds):
            rust.stdin.write(f"{n}\n")
            rust.stdin.flush()
            other.append(float(rust.stdout.readline().split()[0]))
            begin = time.perf_counter()
            rtm.forward_with_jacobian(params)
            own.append(time.perf_counter() - begin)
        a, b = statistics.median(other), statistics.median(own)
        print(f"{precision}  {n:>5} {1e3 * a:>10.4f} {1e3 * b:>12.4f} {b / a:>15.3f} {min(own) / min(other):>16.3f}", flush=True)
    rust.stdin.close()
    rust.wait()


def main():
    print("         batch   Rust, ms   Python, ms   Python / Rust   the best of each")
    for precision in ROUNDS:
        compare(sys.argv[1], precision)


main()
