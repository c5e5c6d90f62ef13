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


def main():
    rust = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rtm = phys_smpl.Rtm(free=FREE, threads=1)
    print("batch   Rust, ms   Python, ms   Python / Rust")
    for n in (1, 16, 256, 4096):
        params = np.tile(FOREST, (n, 1))
        own, other = [], []
        for _ in range(101 if n <= 256 else 31):
            rust.stdin.write(f"{n}\n")
            rust.stdin.flush()
            other.append(float(rust.stdout.readline().split()[0]))
            begin = time.perf_counter()
            rtm.forward_with_jacobian(params)
            own.append(time.perf_counter() - begin)
        a, b = statistics.median(other), statistics.median(own)
        print(f"{n:>5} {1e3 * a:>10.4f} {1e3 * b:>12.4f} {b / a:>15.3f}")
    rust.stdin.close()
    rust.wait()


main()
