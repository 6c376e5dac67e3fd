# SPDX-License-Identifier: Apache-2.0
"""The three models of this repository in Tacet, OpenFHE and TenSEAL, in one run, alternating between them.

python models.py [--python PYTHON3.10] [--rounds 5] [--rows 10] [--out models.json] [--doc FILE]

Each round takes every model in turn, and there one library after the other; the order rotates with the round. Reported: minimum
and median over all repetitions of all rounds. Tacet is measured through `tacet bench models`, the peers through worker
processes. --doc writes the table between the markers of that Markdown file. One thread everywhere.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from worker import affine_layers, test_rows

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODELS = ["breast-cancer", "diabetes", "mnist-ffnn"]
STAGES = ("encrypt", "server", "decrypt")


class Peer:
    """A worker process of another library."""

    def __init__(self, python, script):
        environment = dict(os.environ, OMP_NUM_THREADS="1")
        self.process = subprocess.Popen(
            [python, script], cwd=HERE, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.name = json.loads(self.process.stdout.readline())["library"]

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def model(self, name, rows):
        answer = self.ask({"model": str(ROOT / "models" / name), "rows": rows})
        times = {stage: [row[stage] for row in answer["rows"]] for stage in STAGES} | {"keygen": [answer["keygen"]]}
        return times, [row["outputs"] for row in answer["rows"]], answer["parameters"]

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


class Tacet:
    """The command line of this repository. Its reports hold minimum and median, which enter as two samples of a round."""

    def __init__(self, command, kernels):
        self.command, self.name = command, f"Tacet ({kernels} kernels)"
        self.environment = dict(os.environ, TACET_KERNELS=kernels)

    def run(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out.json"
            command = [self.command, "bench", *arguments, "--threads", "1", "--json", str(out)]
            done = subprocess.run(command, capture_output=True, text=True, env=self.environment)
            if done.returncode not in (0, 3):
                sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
            return json.loads(out.read_text())

    def model(self, name, rows):
        # the peers' packing: where a model is linear, Tacet's own choice would need no keys
        report = self.run("models", "--models", name, "--rows", str(rows), "--packing", "latency")
        entry = next(m for m in report["models"] if m["name"] == name)
        times = {s: [1e6 * entry["milliseconds"][s][k] for k in ("min", "median")] for s in (*STAGES, "keygen")}
        outputs = list(entry["outputs"].values())[-1]
        return times, outputs, entry["parameters"]

    def close(self):
        pass


def clear_rows(name, rows):
    """The network in doubles on the first held-out rows: logits, before any logistic function."""
    folder = ROOT / "models" / name
    x = test_rows(folder, rows)
    for i, (matrix, bias) in enumerate(affine_layers(folder)):
        x = (x * x if i else x) @ matrix.T + bias
    return x


def gather(store, times):
    for key, values in times.items():
        store.setdefault(key, []).extend(values)


def summary(values):
    return {"min": min(values), "median": statistics.median(values), "samples": len(values)}


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal")) // 2**20
    flags = next(line for line in open("/proc/cpuinfo") if line.startswith("flags"))
    wide = [f for f in ("avx2", "avx512f", "avx512ifma") if f" {f}" in flags]
    return f"{cpu}, {os.cpu_count()} cores, {memory} GiB, {' '.join(wide) or 'no AVX2'}, Linux {platform.release()}"


def kernel_tables():
    """The scalar table, and the widest that this machine runs."""
    return ["avx512ifma", "scalar"] if "avx512ifma" in machine() else ["scalar"]


def measure(libraries, rounds, rows):
    models, load = {}, [os.getloadavg()[0]]
    for round_number in range(rounds):
        turn = libraries[round_number % len(libraries) :] + libraries[: round_number % len(libraries)]
        for name in MODELS:
            for library in turn:
                times, outputs, parameters = library.model(name, rows)
                entry = models.setdefault(name, {}).setdefault(library.name, {"times": {}, "parameters": parameters})
                gather(entry["times"], times)
                entry["error"] = max(entry.get("error", 0.0), error_of(name, outputs))
                print(f"round {round_number + 1} {name} {library.name}", flush=True)
    for table in models.values():
        for entry in table.values():
            entry["times"] = {stage: summary(v) for stage, v in entry["times"].items()}
    load.append(os.getloadavg()[0])
    return {"machine": machine(), "load": load, "rounds": rounds, "rows": rows, "models": models}


def error_of(name, outputs):
    """Largest difference from the clear outputs; probabilities where the library answers them."""
    clear = clear_rows(name, len(outputs))
    outputs = [list(row) if isinstance(row, (list, tuple)) else [row] for row in outputs]
    if name == "breast-cancer":
        clear = 1 / (1 + 2.718281828459045**-clear)
        outputs = [[row[-1] if len(row) == 2 else 1 / (1 + 2.718281828459045 ** -row[0])] for row in outputs]
    return float(abs(clear - outputs).max())


def milliseconds(entry):
    return f"{entry['min'] / 1e6:.3g} / {entry['median'] / 1e6:.3g}" if entry else "-"


def tables(report):
    lines = []
    for name, table in report["models"].items():
        lines += [f"**{name}**, milliseconds (minimum / median)", ""]
        lines += [
            "| library | N | log Q | key generation | encrypt | evaluate | decrypt | largest error |",
            "|" + "---|" * 8,
        ]
        for library, entry in table.items():
            p, t = entry["parameters"], entry["times"]
            cells = [milliseconds(t.get(s)) for s in ("keygen", *STAGES)]
            lines.append(
                f"| {library} | {p['ring_degree']} | {p['log_q']:.0f} | "
                + " | ".join(cells)
                + f" | {entry['error']:.1e} |"
            )
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default="python3.10", help="interpreter that has requirements.txt installed")
    parser.add_argument("--tacet", default=str(ROOT / "tacet"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=10)
    parser.add_argument("--kernels", nargs="*", default=kernel_tables(), help="Tacet's kernel tables to measure")
    parser.add_argument("--out", default="models.json")
    parser.add_argument("--doc", type=Path)
    args = parser.parse_args()
    libraries = [Tacet(args.tacet, kernels) for kernels in args.kernels]
    libraries += [Peer(args.python, script) for script in ("openfhe_worker.py", "tenseal_worker.py")]
    report = measure(libraries, args.rounds, args.rows)
    for library in libraries:
        library.close()
    Path(args.out).write_text(json.dumps(report, indent=1) + "\n")
    before, after = report["load"]
    text = (
        f"Machine: {report['machine']}. {report['rounds']} rounds, one thread. "
        f"Load average {before:.1f} before and {after:.1f} after.\n\n{tables(report)}"
    )
    print(text)
    if args.doc:
        before, rest = args.doc.read_text().split("<!-- models -->", 1)
        after = rest.split("<!-- /models -->", 1)[1]
        args.doc.write_text(f"{before}<!-- models -->\n{text}\n<!-- /models -->{after}")


if __name__ == "__main__":
    main()
