# SPDX-License-Identifier: Apache-2.0
"""Measures single operations of Tacet and of other libraries in one run, alternating between them: the engine of `tacet bench peers`.

python compare.py --tacet EXECUTABLE [--with FOLDER] [--params 14:340,..] [--ops a,b] [--rounds 3] [--seconds 0.3] [--json FILE]
                  [--python PYTHON3.10] [--no-registry] [--doc FILE]

Each round takes every parameter set and operation in turn, and there one library after the other; the order rotates with the round.
So a slow minute of the machine falls on all of them. Reported are the smallest minimum and the middle median of the rounds, and each
minimum as a multiple of Tacet's. One thread everywhere. README.md has the contract of the executables in FOLDER.
--doc writes the tables between the markers of that Markdown file.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import prepare


class Library:
    """A worker that is started anew for each parameter set and round."""

    def __init__(self, command, always=()):
        self.command, self.always, self.name, self.failed = command, list(always), None, False

    def measure(self, arguments):
        """The results of one run; empty if it fails, which is said once."""
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        done = subprocess.run(
            [*self.command, *arguments, *self.always], capture_output=True, text=True, env=environment
        )
        try:
            answer = json.loads(done.stdout)
            self.name = answer["library"]
            return answer["results"]
        except (ValueError, KeyError):
            if not self.failed:
                words = (done.stderr.strip() or "no JSON").splitlines()[-1]
                prepare.say(f"{self.command[-1]} at {arguments[1]}: exit {done.returncode}: {words}")
            self.failed = True
            return []


def executables(folder):
    found = sorted(p for p in Path(folder).iterdir() if p.is_file() and os.access(p, os.X_OK)) if folder else []
    if folder and not found:
        sys.exit(f"peers: {folder} has no executable")
    return [Library([str(path.resolve())]) for path in found]


def sets(tacet, params):
    """Each parameter set with the sizes of its primes in bits, as Tacet chooses them."""
    out = []
    done = subprocess.run([tacet, "--list-params", "--params", params], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr.strip())
    for entry in json.loads(done.stdout):
        join = {key: ",".join(map(str, entry[key])) for key in ("chain", "special")}
        arguments = ["--params", entry["params"], "--chain", join["chain"], "--special", join["special"]]
        out.append((entry["params"], [*arguments, "--log-scale", str(entry["log_scale"])]))
    return out


def measure(libraries, parameter_sets, ops, rounds, seconds):
    """{(params, op): {library: [results]}}"""
    seen = {}
    for number in range(rounds):
        turn = libraries[number % len(libraries) :] + libraries[: number % len(libraries)]
        for params, arguments in parameter_sets:
            for library in turn:
                for result in library.measure([*arguments, "--ops", ",".join(ops), "--seconds", str(seconds)]):
                    seen.setdefault((params, result["op"]), {}).setdefault(library.name, []).append(result)
            prepare.say(f"round {number + 1} of {rounds}: {params} done")
    return seen


def merged(params, op, library, results, tacet_min):
    """One entry of the report from the rounds of one library."""
    entry = {"op": op, "params": params, "library": library}
    for key in ("ring_degree", "log_q", "log_qp", "threads", "kernels", "bytes"):
        if results[0].get(key) is not None:
            entry[key] = results[0][key]
    entry["min_us"] = min(r["min_us"] for r in results)
    entry["median_us"] = statistics.median(r["median_us"] for r in results)
    if tacet_min:
        entry["times_tacet"] = entry["min_us"] / tacet_min
    errors = [r["max_error"] for r in results if r.get("max_error") is not None]
    if errors:
        entry["max_error"] = max(errors)
    return entry


def report_of(seen, libraries, rounds, seconds, load):
    first = libraries[0].name
    results = []
    for (params, op), by_library in seen.items():
        tacet_min = min((r["min_us"] for r in by_library.get(first, [])), default=None)
        for library, values in by_library.items():
            results.append(merged(params, op, library, values, tacet_min))
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    machine = {"cpu": cpu, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.release()}", "load": load}
    return {"machine": machine, "rounds": rounds, "seconds": seconds, "results": results}


def milliseconds(entry):
    return f"{entry['min_us'] / 1e3:.3g}"


def tables(report, names):
    """Markdown: for each set a table of minima in ms with their ratio to Tacet's, and what else was measured."""
    lines = []
    for params in dict.fromkeys(r["params"] for r in report["results"]):
        log_n, log_q = params.split(":")
        here = {(r["op"], r["library"]): r for r in report["results"] if r["params"] == params}
        libraries = [name for name in names if any(library == name for _, library in here)]
        lines += [f"**N = 2^{log_n}, log Q = {log_q}**, one thread, minimum in ms (times Tacet's)", ""]
        lines += ["| operation | " + " | ".join(libraries) + " |", "|---|" + "---|" * len(libraries)]
        for op in dict.fromkeys(op for op, _ in here):
            cells = []
            for name in libraries:
                entry = here.get((op, name))
                ratio = f" ({entry['times_tacet']:.2f}x)" if entry and name != names[0] and "times_tacet" in entry else ""
                cells.append(milliseconds(entry) + ratio if entry else "-")
            lines.append(f"| {op} | " + " | ".join(cells) + " |")
        for title, key, form in (("largest error", "max_error", "{:.1e}"), ("serialized size, bytes", "bytes", "{}")):
            for op in dict.fromkeys(op for (op, _), r in here.items() if key in r):
                cells = [form.format(here[op, n][key]) if key in here.get((op, n), {}) else "-" for n in libraries]
                lines.append(f"| {op}: {title} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tacet", required=True, help="tacet_bench")
    parser.add_argument("--with", dest="folder", help="folder of executables that obey the contract")
    parser.add_argument("--params", default="14:340,15:740,16:1310")
    parser.add_argument("--ops", default=None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--python", help="a CPython 3.10, for OpenFHE's wheel")
    parser.add_argument("--no-registry", action="store_true", help="only Tacet and the executables of --with")
    parser.add_argument("--doc", type=Path)
    args = parser.parse_args()
    libraries = [Library([args.tacet], ["--no-limits"]), *executables(args.folder)]
    libraries += [] if args.no_registry else [Library(command) for command in prepare.peers(args.python)]
    listed = subprocess.run([args.tacet, "--list-ops"], capture_output=True, text=True, check=True).stdout.split()
    ops = args.ops.split(",") if args.ops else listed
    unknown = [op for op in ops if op not in listed]
    if unknown:
        sys.exit(f"peers: there is no operation {', '.join(unknown)}; there are {', '.join(listed)}")
    load = [os.getloadavg()[0]]
    seen = measure(libraries, sets(args.tacet, args.params), ops, args.rounds, args.seconds)
    load.append(os.getloadavg()[0])
    report = report_of(seen, libraries, args.rounds, args.seconds, load)
    if args.json:
        args.json.write_text(json.dumps(report, indent=1) + "\n")
    names = [library.name for library in libraries if library.name]
    text = (
        f"Machine: {report['machine']['cpu']}, {report['machine']['cores']} cores, {report['machine']['system']}. "
        f"{args.rounds} rounds. Load average {load[0]:.1f} before and {load[1]:.1f} after.\n\n{tables(report, names)}"
    )
    print(text)
    if args.doc:
        before, rest = args.doc.read_text().split("<!-- peers -->", 1)
        after = rest.split("<!-- /peers -->", 1)[1]
        args.doc.write_text(f"{before}<!-- peers -->\n{text}\n<!-- /peers -->{after}")


if __name__ == "__main__":
    main()
