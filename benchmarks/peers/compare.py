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
import math
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import prepare


BAD_USAGE = 2
LONGEST_RUN = 3600  # seconds of one worker at one parameter set


def refuse(text):
    print(f"peers: {text}", file=sys.stderr)
    sys.exit(BAD_USAGE)


def positive(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < math.inf


def contents(text, ops):
    """(library, results) of what a worker printed; ValueError says where it breaks README.md's contract."""
    try:
        answer = json.loads(text)
    except ValueError as e:
        raise ValueError(f"printed no JSON: {e}" if text.strip() else "printed nothing") from e
    if not isinstance(answer, dict) or not isinstance(answer.get("library"), str) or not isinstance(answer.get("results"), list):
        raise ValueError('printed JSON without a "library" and "results"')
    for result in answer["results"]:
        if not isinstance(result, dict) or result.get("op") not in ops:
            raise ValueError(f"printed a result of no operation that was asked for: {json.dumps(result)[:80]}")
        for key in ("min_us", "median_us"):
            if not positive(result.get(key)):
                raise ValueError(f"printed {key} {json.dumps(result.get(key))} for {result['op']}")
    return answer["library"], answer["results"]


class Library:
    """A worker that is started anew for each parameter set and round."""

    def __init__(self, command, always=()):
        self.command, self.always, self.name, self.said = command, list(always), None, set()

    def measure(self, arguments, ops, seconds):
        """The results of one run. ValueError if it fails or breaks the contract."""
        command = [*self.command, *arguments, "--ops", ",".join(ops), "--seconds", str(seconds), *self.always]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, errors="replace", timeout=LONGEST_RUN,
                env=dict(os.environ, OMP_NUM_THREADS="1"),
            )
        except subprocess.TimeoutExpired as e:
            raise ValueError(f"did not end in {LONGEST_RUN} seconds") from e
        except OSError as e:
            raise ValueError(f"cannot be run: {e.strerror}") from e
        if done.returncode:
            raise ValueError(f"exit {done.returncode}: {(done.stderr.strip() or 'no message').splitlines()[-1]}")
        name, results = contents(done.stdout, ops)
        if self.name not in (None, name):
            raise ValueError(f'called itself "{self.name}" before and "{name}" now')
        self.name = name
        return results


def executables(folder):
    if folder is None:
        return []
    if not Path(folder).is_dir():
        refuse(f"{folder} is no folder")
    found = sorted(p for p in Path(folder).iterdir() if p.is_file() and os.access(p, os.X_OK))
    if not found:
        refuse(f"{folder} has no executable")
    return [Library([str(path.resolve())]) for path in found]


def sets(tacet, params):
    """Each parameter set with the sizes of its primes in bits, as Tacet chooses them."""
    out = []
    done = subprocess.run([tacet, "--list-params", "--params", params], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
        sys.exit(done.returncode)
    for entry in json.loads(done.stdout):
        join = {key: ",".join(map(str, entry[key])) for key in ("chain", "special")}
        arguments = ["--params", entry["params"], "--chain", join["chain"], "--special", join["special"]]
        out.append((entry["params"], [*arguments, "--log-scale", str(entry["log_scale"])]))
    return out


def measured(library, libraries, params, arguments, ops, seconds):
    """The results of one run of a peer; none if it fails, which is said once for each parameter set. Tacet must not fail."""
    try:
        results = library.measure(arguments, ops, seconds)
        if any(other.name == library.name for other in libraries if other is not library):
            name, library.name = library.name, None
            raise ValueError(f'calls itself "{name}", as another one does')
        return results
    except ValueError as e:
        if library is libraries[0]:
            sys.exit(f"peers: {library.command[0]} {e}")
        if params not in library.said:
            prepare.say(f"{library.command[-1]} at {params} is left out: {e}")
        library.said.add(params)
        return []


def measure(libraries, parameter_sets, ops, rounds, seconds):
    """{(params, op): {library: [results]}}"""
    seen = {}
    for number in range(rounds):
        turn = libraries[number % len(libraries) :] + libraries[: number % len(libraries)]
        for params, arguments in parameter_sets:
            for library in turn:
                for result in measured(library, libraries, params, arguments, ops, seconds):
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
    listed = subprocess.run([args.tacet, "--list-ops"], capture_output=True, text=True, check=True).stdout.split()
    ops = args.ops.split(",") if args.ops else listed
    unknown = [op for op in ops if op not in listed]
    if unknown:
        refuse(f"there is no operation {', '.join(unknown)}; there are {', '.join(listed)}")
    parameter_sets = sets(args.tacet, args.params)
    libraries += [] if args.no_registry else [Library(command) for command in prepare.peers(args.python)]
    load = [os.getloadavg()[0]]
    seen = measure(libraries, parameter_sets, ops, args.rounds, args.seconds)
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
