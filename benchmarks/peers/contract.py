# SPDX-License-Identifier: Apache-2.0
"""What a worker of `tacet bench peers` takes and prints; README.md states it for workers in any language."""

import argparse
import json
import statistics
import sys
import time

FEWEST = 5


def arguments():
    """The options of a worker. Options that it does not know are ignored."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ops", type=lambda text: text.split(","), required=True)
    parser.add_argument("--params", required=True, help="logN:logQ")
    parser.add_argument("--chain", type=bits, required=True, help="bits of q_0, q_1, ..")
    parser.add_argument("--special", type=bits, default=[], help="bits of the special primes")
    parser.add_argument("--log-scale", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=0.5)
    known, _ = parser.parse_known_args()
    known.log_n, known.log_q = (int(part) for part in known.params.split(":"))
    return known


def bits(text):
    return [int(part) for part in text.split(",") if part]


def sample(count):
    """Slot values in [-1, 1], the same in every run."""
    state, out = 1, []
    for _ in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        out.append((state >> 11) / 2**52 - 1)
    return out


def timed(action, seconds):
    """(minimum, median) in microseconds of calls that go on for at least `seconds`; results are freed outside the clock."""
    del_me = action()
    times, start = [], time.perf_counter()
    while len(times) < FEWEST or time.perf_counter() - start < seconds:
        before = time.perf_counter_ns()
        result = action()
        times.append((time.perf_counter_ns() - before) / 1e3)
        del result
    del del_me
    return min(times), statistics.median(times)


def largest(seen, expected):
    return max(abs(a - b) for a, b in zip(seen, expected))


def report(library, options, log_qp, operations):
    """Measures and prints. `operations`: op -> function that prepares it and returns (action, extra members of its result)."""
    results = []
    for op in options.ops:
        if op not in operations:
            continue
        action, extra = operations[op]()
        low, middle = timed(action, options.seconds)
        entry = {"op": op, "ring_degree": 1 << options.log_n, "log_q": options.log_q, "log_qp": log_qp, "threads": 1}
        results.append(entry | {"min_us": low, "median_us": middle} | extra)
    json.dump({"library": library, "results": results}, sys.stdout)
    print()
