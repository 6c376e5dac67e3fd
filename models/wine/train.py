# SPDX-License-Identifier: Apache-2.0
"""Trains wine: a scaler and an MLP 13-24-12-3 with GELU on the wine data of scikit-learn, in its original units.

Run `python train.py` in any folder; it rewrites every generated file beside it. Deterministic on one machine (fixed seed, one
thread). Needs PyTorch, scikit-learn, onnx, onnxruntime.
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import model_files  # noqa: E402

SEED = 20240506
STEPS = 250


class Net(nn.Module):
    """Features in the units of the data; standardised inside, so that nothing has to be known outside."""

    def __init__(self, x):
        super().__init__()
        self.register_buffer("mean", torch.tensor(x.mean(0), dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(x.std(0), dtype=torch.float32))
        self.body = nn.Sequential(nn.Linear(13, 24), nn.GELU(), nn.Linear(24, 12), nn.GELU(), nn.Linear(12, 3))

    def forward(self, features):
        return self.body((features - self.mean) / self.deviation)


def train(x, y):
    torch.manual_seed(SEED)
    net = Net(x)
    rows, labels = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=1.0)
    for _ in range(STEPS):
        loss = nn.functional.cross_entropy(net(rows), labels, label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval()


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    data = load_wine()
    names = list(data.feature_names)
    x_train, x_test, y_train, y_test = train_test_split(
        data.data, data.target, test_size=0.35, random_state=SEED, stratify=data.target)
    net = train(x_train, y_train)
    path = str(HERE / "model.onnx")
    torch.onnx.export(
        net, (torch.zeros(1, 13),), path, opset_version=17, dynamo=False, input_names=["features"], output_names=["logits"],
        dynamic_axes={"features": {0: "rows"}, "logits": {0: "rows"}},
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits = session.run(None, {"features": x_test.astype(np.float32)})[0]
    model_files.write_rows(HERE / "calibration.csv", names, x_train)
    model_files.write_rows(HERE / "test.csv", names, x_test)
    model_files.write_rows(HERE / "test_labels.csv", ["label"], y_test[:, None])
    model_files.write_yaml(
        HERE / "tacet.yaml",
        name="wine",
        version=1,
        task="classification",
        description="Which of three cultivars a wine is made from, from thirteen measurements",
        accuracy="4.0e-3",
        input_name="features",
        features=[(n, *r) for n, r in zip(names, model_files.ranges_of(x_train))],
        classes=[str(name) for name in data.target_names],
    )
    body = (
        f"| | |\n|---|---|\n| training rows | {len(x_train)} |\n| held-out rows | {len(x_test)} |\n"
        f"| accuracy, held-out rows, clear | {100 * (logits.argmax(1) == y_test).mean():.2f} % |\n"
        f"| logits, held-out rows | {logits.min():.1f} to {logits.max():.1f} |\n"
    )
    model_files.replace_block(HERE / "README.md", "measured", body)
    print(body)


if __name__ == "__main__":
    main()
