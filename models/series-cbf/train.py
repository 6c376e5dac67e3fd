# SPDX-License-Identifier: Apache-2.0
"""Trains series-cbf: two one-dimensional convolutions with SiLU over a time series of 128 samples, a mean over time, three classes.

The series are drawn here: a cylinder, a bell or a funnel at a random place of random length and height, in normal noise (the task
of N. Saito, "Local feature extraction and its applications using a library of bases", 1994).

Run `python train.py` in any folder; it rewrites every generated file beside it. Deterministic on one machine (fixed seed, one
thread). Needs PyTorch, onnx, onnxruntime.
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import model_files  # noqa: E402
from mnist_training import folded  # noqa: E402

SEED = 20240507
LENGTH = 128
CLASSES = ["cylinder", "bell", "funnel"]
ROWS = {"train": 6000, "test": 3000}
KEPT_ROWS = 300
STEPS = 1500
BATCH = 128
SOFT_BOUND = 3.0
PENALTY = 0.02


def series(rows, rng):
    """Draws `rows` series and their labels: float64 [rows, 128] and int64 [rows]."""
    t = np.arange(1, LENGTH + 1)
    labels = rng.integers(0, 3, rows)
    out = rng.normal(size=(rows, LENGTH))
    for row, label in enumerate(labels):
        a = rng.integers(16, 33)
        b = a + rng.integers(32, 97)
        shape = np.where((t >= a) & (t <= b), 1.0, 0.0)
        shape *= [1.0, (t - a) / (b - a), (b - t) / (b - a)][label]
        out[row] += (6 + rng.normal()) * shape
    return out.round(4), labels


class TrainingNet(nn.Module):
    """The network with its batch normalisations; forward returns (logits, pre-activations)."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv1d(1, 8, 9, stride=2, padding=4), nn.BatchNorm1d(8)
        self.conv2, self.bn2 = nn.Conv1d(8, 16, 7, stride=2, padding=3), nn.BatchNorm1d(16)
        self.head = nn.Linear(16 * 8, 3)

    def forward(self, x):
        z1 = self.bn1(self.conv1(x))
        z2 = self.bn2(self.conv2(functional.silu(z1)))
        return self.head(functional.avg_pool1d(functional.silu(z2), 4).flatten(1)), (z1, z2)


class Net(nn.Module):
    """What is exported: series as [rows, 1, 128], logits."""

    def __init__(self, trained):
        super().__init__()
        self.conv1, self.conv2 = folded(trained.conv1, trained.bn1), folded(trained.conv2, trained.bn2)
        self.head = trained.head

    def forward(self, samples):
        maps = functional.silu(self.conv2(functional.silu(self.conv1(samples))))
        return self.head(functional.avg_pool1d(maps, 4).flatten(1))


def train(rows, labels):
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    net = TrainingNet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS, pct_start=0.15)
    x, y = torch.tensor(rows, dtype=torch.float32)[:, None], torch.tensor(labels)
    for _ in range(STEPS):
        batch = torch.randint(len(x), (BATCH,), generator=generator)
        logits, pre = net(x[batch])
        excess = sum((z.abs() - SOFT_BOUND).relu().square().flatten(1).sum(1).mean() for z in pre)
        loss = nn.functional.cross_entropy(logits, y[batch], label_smoothing=0.02) + PENALTY * excess
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return net.eval()


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    rng = np.random.default_rng(SEED)
    x_train, y_train = series(ROWS["train"], rng)
    x_test, y_test = series(ROWS["test"], rng)
    net = Net(train(x_train, y_train)).eval()
    path = str(HERE / "model.onnx")
    torch.onnx.export(
        net, (torch.zeros(1, 1, LENGTH),), path, opset_version=17, dynamo=False, input_names=["samples"], output_names=["logits"],
        dynamic_axes={"samples": {0: "rows"}, "logits": {0: "rows"}},
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits = session.run(None, {"samples": x_test.astype(np.float32)[:, None]})[0]
    correct = logits.argmax(1) == y_test
    names = [f"t{i}" for i in range(LENGTH)]
    model_files.write_rows(HERE / "calibration.csv", names, x_train[:KEPT_ROWS])
    model_files.write_rows(HERE / "test.csv", names, x_test[:KEPT_ROWS])
    model_files.write_rows(HERE / "test_labels.csv", ["label"], y_test[:KEPT_ROWS][:, None])
    (HERE / "tacet.yaml").write_text(
        'name: series-cbf\nversion: "1"\n'
        'description: "Whether a noisy series of 128 samples holds a cylinder, a bell or a funnel"\n'
        "model: model.onnx\ntask: classification\n"
        f"classes: [{', '.join(model_files.quoted(c) for c in CLASSES)}]\n"
        "calibration: calibration.csv\n"
        "accuracy: 1.0e-2  # largest error of an output that the compiler may spend, relative to the output's range\n"
        f"inputs:\n  - name: samples\n    range: {{low: {x_train.min():.1f}, high: {x_train.max():.1f}}}  # of every sample\n"
    )
    body = (
        f"| | |\n|---|---|\n| training rows | {len(x_train)} |\n| test rows | {len(x_test)} |\n"
        f"| accuracy, all test rows, clear | {100 * correct.mean():.2f} % |\n"
        f"| accuracy, the {KEPT_ROWS} rows kept in test.csv, clear | {100 * correct[:KEPT_ROWS].mean():.2f} % |\n"
        f"| logits, test rows | {logits.min():.1f} to {logits.max():.1f} |\n"
    )
    model_files.replace_block(HERE / "README.md", "measured", body)
    print(body)


if __name__ == "__main__":
    main()
