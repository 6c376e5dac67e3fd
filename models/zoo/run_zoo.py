# SPDX-License-Identifier: Apache-2.0
"""Runs `tacet try` on every case of a zoo made by make_zoo.py and says which meet the bar.

python run_zoo.py ZOO_FOLDER [--tacet PATH] [--only TEXT ...] [--out results.json] [--timeout SECONDS]
Bar: classifiers agree with onnxruntime on 98 % of the rows, regressors stay within 1 % of the output's range, and a model that
cannot run is refused with exit code 1 and a text. The clear outputs are computed here again, with Python's onnxruntime, and compared
with those that `try` reports. Exit code 0 when every case holds.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

CLASSIFIER_BAR, REGRESSOR_BAR = 0.98, 0.01
FIRST_CHECK = 1e-4  # how far the clear outputs of `try` may be from ours


def read_rows(path):
    with open(path, newline="") as file:
        return np.array([[float(v) for v in row] for row in list(csv.reader(file))[1:]])


def clear_outputs(model, rows):
    """{output name: list with one array or label list per row}, run row by row where the batch size is fixed."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    shape = [d if isinstance(d, int) else None for d in entry.shape]
    rows = rows.astype(np.float32).reshape(len(rows), *(shape[1:] if len(shape) > 2 else [-1]))
    step = shape[0] or len(rows)
    parts = [session.run(None, {entry.name: rows[i : i + step]}) for i in range(0, len(rows), step)]
    names = [o.name for o in session.get_outputs()]
    return {n: [value for part in parts for value in part[i]] for i, n in enumerate(names)}


def as_numbers(values):
    """Rows of numbers: arrays, scalars, ZipMap dictionaries; None for texts."""
    try:
        return np.array([list(v.values()) if isinstance(v, dict) else np.ravel(v) for v in values], dtype=float)
    except ValueError:
        return None


def primary_of(outputs):
    """The last output that holds real numbers."""
    candidates = [n for n, v in outputs.items() if as_numbers(v) is not None]
    return candidates[-1]


def decisions(numbers):
    """The class of each row: the largest of several, the sign or half of one."""
    if numbers.shape[1] > 1:
        return numbers.argmax(1)
    inside = numbers.min() >= 0 and numbers.max() <= 1
    return numbers[:, 0] > (0.5 if inside else 0) if not np.all(numbers % 1 == 0) else numbers[:, 0]


def judge(case, folder, report):
    """(ok, facts) of a finished run."""
    rows = read_rows(folder / "input.csv")
    ours = clear_outputs(folder / "model.onnx", rows)
    name = primary_of(ours)
    clamped = set(report.get("clamped_rows", []))
    inside = [i for i in range(len(rows)) if i not in clamped]
    mine = as_numbers(ours[name])
    encrypted = as_numbers(report["outputs"][name])
    theirs = as_numbers(report["clear_outputs"][name])
    span = float(mine.max() - mine.min()) or 1.0
    facts = {
        "clamped": len(clamped),
        "agreement": report.get("agreement"),
        "agreement_inside": float((decisions(mine)[inside] == decisions(encrypted)[inside]).mean()),
        "relative_error": float(np.abs(encrypted - theirs).max()) / span,
        "relative_error_inside": float(np.abs(encrypted[inside] - mine[inside]).max()) / span,
        "clear_difference": float(np.abs(theirs[inside] - mine[inside]).max()) / span,
        "parameters": report.get("parameters"),
        "server_ms": report.get("milliseconds", {}).get("server", {}).get("median"),
        "compile_ms": report.get("milliseconds", {}).get("compile", {}).get("median"),
    }
    if case["task"] == "classification":
        ok = min(facts["agreement_inside"], facts["agreement"]) >= CLASSIFIER_BAR
    else:
        ok = max(facts["relative_error"], facts["relative_error_inside"]) <= REGRESSOR_BAR
    return ok and facts["clear_difference"] <= FIRST_CHECK, facts


def run_case(folder, tacet, timeout):
    case = json.loads((folder / "case.json").read_text())
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "try.json"
        command = [
            tacet,
            "try",
            folder / "model.onnx",
            "--calibration",
            folder / "calibration.csv",
            "--input",
            folder / "input.csv",
            "--json",
            out,
        ]
        start = time.monotonic()
        try:
            done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            return {"case": folder.name, "ok": False, "exit": None, "error": f"no answer in {timeout} s"}
        result = {
            "case": folder.name,
            "expect": case["expect"],
            "task": case["task"],
            "exit": done.returncode,
            "seconds": round(time.monotonic() - start, 1),
        }
        ran = out.exists() and done.returncode in (0, 3)
        if not ran:
            result["error"] = done.stderr.strip()
            result["ok"] = case["expect"] != "run" and done.returncode == 1 and "cannot run encrypted" in result["error"]
        elif case["expect"] == "refuse":
            result |= {"ok": False, "error": "ran, but should have been refused"}
        else:
            ok, facts = judge(case, folder, json.loads(out.read_text()))
            result |= facts | {"ok": ok and done.returncode == 0}
        return result


def line(result):
    head = f"{'ok  ' if result['ok'] else 'FAIL'} {result['case']:38} exit {result['exit']}"
    if "error" in result:
        return head + " " + result["error"].replace("\n", " | ")[:300]
    p = result["parameters"] or {}
    return (
        f"{head} agree {result['agreement']:.3f}/{result['agreement_inside']:.3f} "
        f"err {result['relative_error']:.1e}/{result['relative_error_inside']:.1e} clamped {result['clamped']} "
        f"N {p.get('ring_degree')} logQP {p.get('log_qp')} server {result['server_ms']} ms, {result['seconds']} s"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zoo", type=Path)
    parser.add_argument("--tacet", default=str(Path(__file__).resolve().parents[2] / "tacet"))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--out")
    parser.add_argument("--timeout", type=float, default=600)
    args = parser.parse_args()
    cases = sorted(f.parent for f in args.zoo.glob("*/case.json"))
    cases = [c for c in cases if not args.only or any(text in c.name for text in args.only)]
    results = []
    for folder in cases:
        try:
            results.append(run_case(folder, args.tacet, args.timeout))
        except (KeyError, ValueError, TypeError) as error:
            results.append({"case": folder.name, "ok": False, "exit": None, "error": f"report: {error!r}"})
        print(line(results[-1]), flush=True)
        if args.out:
            Path(args.out).write_text(json.dumps(results, indent=1) + "\n")
    print(f"{sum(r['ok'] for r in results)} of {len(results)} hold")
    sys.exit(0 if all(r["ok"] for r in results) else 1)


if __name__ == "__main__":
    main()
