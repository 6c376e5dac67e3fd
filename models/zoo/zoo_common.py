# SPDX-License-Identifier: Apache-2.0
"""What the zoo's makers share: synthetic data with awkward columns, and the folder layout of one case.

A case is a folder `<out>/<name>/` with model.onnx, calibration.csv, input.csv and case.json:
  expect  "run" | "refuse" | "either"     either: running it right and refusing it are both fine
  task    "classification" | "regression"
  primary the output whose numbers are compared
"""

import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import model_files  # noqa: E402

INPUT_ROWS = 60


def features(rng, rows, count, skewed=0, constant=0):
    """Correlated normal features; the first `skewed` are log-normal, the last `constant` hold one value each."""
    mix = np.random.default_rng(count).normal(size=(count, count)) / np.sqrt(count)
    x = rng.normal(size=(rows, count)) @ (0.6 * mix + 0.8 * np.eye(count))
    x = x * np.linspace(0.5, 20, count) + np.linspace(-5, 30, count)
    for j in range(skewed):
        x[:, j] = np.exp(0.9 * rng.normal(size=rows)) * (j + 1)
    for j in range(count - constant, count):
        x[:, j] = 3.5 * (j % 2)
    return x


def standard(x):
    """Columns to zero mean and unit deviation; constant columns to zero."""
    deviation = x.std(0)
    return (x - x.mean(0)) / np.where(deviation > 0, deviation, 1)


def target(x, seed, outputs=1):
    """A smooth nonlinear function of the features with a linear part."""
    rng = np.random.default_rng(seed)
    z = standard(x)
    a, b = rng.normal(size=(x.shape[1], outputs)), rng.normal(size=(x.shape[1], outputs)) / np.sqrt(x.shape[1])
    y = z @ a / np.sqrt(x.shape[1]) + 0.7 * np.sin(2 * z @ b)
    return y.ravel() if outputs == 1 else y


def classes(x, seed, count):
    """Labels 0..count-1 from `count` scores."""
    return target(x, seed, max(count, 2)).argmax(1)


def write_case(out, name, model_bytes, calibration, rows, *, expect="run", task="classification", primary=None):
    """Writes one case folder; rows may have any shape [rows, ...] and are flattened row-major."""
    folder = Path(out) / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(model_bytes)
    flat = [np.asarray(part).reshape(len(part), -1) for part in (calibration, rows)]
    names = [f"f{i}" for i in range(flat[0].shape[1])]
    model_files.write_rows(folder / "calibration.csv", names, flat[0])
    model_files.write_rows(folder / "input.csv", names, flat[1])
    (folder / "case.json").write_text(json.dumps({"expect": expect, "task": task, "primary": primary}) + "\n")
    print(f"{name}: {flat[0].shape[1]} features, {len(flat[0])} calibration rows, expect {expect}", flush=True)
