# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-ffnn: 784-128-64-10 with square activations, so that it runs encrypted exactly as it was trained.

Run `node fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it.
Deterministic on one machine (fixed seed, one thread). Needs PyTorch, onnx, onnxruntime.

Batch normalisation stands before each square while training and is folded into the weights before the export. A penalty on
pre-activations beyond SOFT_BOUND keeps every square's input in a narrow interval: under encryption a wide interval costs precision.
"""

import math
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import model_files  # noqa: E402

SEED = 20240501
EPOCHS = 45
BATCH = 256
PEAK_RATE = 4e-3
WEIGHT_DECAY = 2e-4
SOFT_BOUND = 3.0
PENALTY = 0.2
KEPT_TEST_ROWS = 300
CALIBRATION_ROWS = 300


def read_images(name):
    """idx3 file -> uint8 [rows, 784]."""
    raw = (HERE / "data" / name).read_bytes()
    return np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 784)


def read_labels(name):
    """idx1 file -> int64 [rows]."""
    return np.frombuffer((HERE / "data" / name).read_bytes(), np.uint8, offset=8).astype(np.int64)


class TrainingNet(nn.Module):
    """The network with its batch normalisations; forward returns (logits, pre-activations)."""

    def __init__(self):
        super().__init__()
        self.fc1, self.bn1 = nn.Linear(784, 128), nn.BatchNorm1d(128)
        self.fc2, self.bn2 = nn.Linear(128, 64), nn.BatchNorm1d(64)
        self.fc3 = nn.Linear(64, 10)

    def forward(self, x):
        z1 = self.bn1(self.fc1(x))
        z2 = self.bn2(self.fc2(z1 * z1))
        return self.fc3(z2 * z2), (z1, z2)


class Net(nn.Module):
    """What is exported: pixels 0..255, three affine layers, two squares, logits."""

    def __init__(self, trained):
        super().__init__()
        self.fc1 = folded(trained.fc1, trained.bn1)
        self.fc2 = folded(trained.fc2, trained.bn2)
        self.fc3 = trained.fc3

    def forward(self, pixels):
        z1 = self.fc1(pixels / 255.0)
        z2 = self.fc2(z1 * z1)
        return self.fc3(z2 * z2)


def folded(linear, norm):
    """The Linear that equals `norm(linear(x))` with the running statistics, computed in float64."""
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    out = nn.Linear(linear.in_features, linear.out_features)
    with torch.no_grad():
        out.weight.copy_(linear.weight.double() * gain[:, None])
        out.bias.copy_((linear.bias.double() - norm.running_mean.double()) * gain + norm.bias.double())
    return out


def moved(images, generator):
    """Small random rotations, scalings and shifts of [rows, 1, 28, 28] images."""
    rows = len(images)
    angle = (torch.rand(rows, generator=generator) - 0.5) * 2 * math.radians(10)
    zoom = 1 + (torch.rand(rows, generator=generator) - 0.5) * 2 * 0.1
    shift = (torch.rand(rows, 2, generator=generator) - 0.5) * 2 * (2 / 14)
    theta = torch.zeros(rows, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = torch.cos(angle) * zoom
    theta[:, 0, 1], theta[:, 1, 0] = -torch.sin(angle) * zoom, torch.sin(angle) * zoom
    theta[:, :, 2] = shift
    grid = nn.functional.affine_grid(theta, images.shape, align_corners=False)
    return nn.functional.grid_sample(images, grid, align_corners=False)


def train(images, labels):
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    net = TrainingNet()
    steps = EPOCHS * math.ceil(len(images) / BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps, pct_start=0.15)
    x = torch.from_numpy(images.astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    y = torch.from_numpy(labels)
    for epoch in range(EPOCHS):
        net.train()
        total = 0.0
        for batch in torch.randperm(len(x), generator=generator).split(BATCH):
            logits, pre = net(moved(x[batch], generator).flatten(1))
            excess = sum((z.abs() - SOFT_BOUND).relu().square().sum(1).mean() for z in pre)
            loss = nn.functional.cross_entropy(logits, y[batch], label_smoothing=0.02) + PENALTY * excess
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        print(f"epoch {epoch + 1} loss {total / len(x):.4f}", flush=True)
    return net.eval()


def export(net):
    torch.onnx.export(
        net,
        (torch.zeros(1, 784),),
        str(HERE / "model.onnx"),
        opset_version=17,
        dynamo=False,
        input_names=["pixels"],
        output_names=["logits"],
        dynamic_axes={"pixels": {0: "rows"}, "logits": {0: "rows"}},
    )


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    x_train, y_train = read_images("train-images-idx3-ubyte"), read_labels("train-labels-idx1-ubyte")
    x_test, y_test = read_images("t10k-images-idx3-ubyte"), read_labels("t10k-labels-idx1-ubyte")
    trained = train(x_train, y_train)
    net = Net(trained).eval()
    export(net)

    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    logits = session.run(None, {"pixels": x_test.astype(np.float32)})[0]
    correct = logits.argmax(1) == y_test
    with torch.no_grad():
        z = trained(torch.from_numpy(x_train.astype(np.float32) / 255))[1]
        z_test = trained(torch.from_numpy(x_test.astype(np.float32) / 255))[1]
    reach = [max(float(a.abs().max()), float(b.abs().max())) for a, b in zip(z, z_test)]

    pick = np.random.default_rng(SEED)
    kept = np.sort(pick.choice(len(x_test), KEPT_TEST_ROWS, replace=False))
    sample = np.sort(pick.choice(len(x_train), CALIBRATION_ROWS, replace=False))
    names = [f"p{i}" for i in range(784)]
    model_files.write_rows(HERE / "test.csv", names, x_test[kept])
    model_files.write_rows(HERE / "test_labels.csv", ["label"], y_test[kept][:, None])
    model_files.write_rows(HERE / "calibration.csv", names, x_train[sample])
    write_yaml()
    body = (
        f"| | |\n|---|---|\n| training images | {len(x_train)} |\n| test images | {len(x_test)} |\n"
        f"| accuracy, all test images, clear | {100 * correct.mean():.2f} % |\n"
        f"| accuracy, the {KEPT_TEST_ROWS} images kept in test.csv, clear | {100 * correct[kept].mean():.2f} % |\n"
        f"| largest input of the first square, all images | {reach[0]:.2f} |\n"
        f"| largest input of the second square, all images | {reach[1]:.2f} |\n"
        f"| logits, test images | {logits.min():.1f} to {logits.max():.1f} |\n"
    )
    model_files.replace_block(HERE / "README.md", "measured", body)
    print(body)


def write_yaml():
    (HERE / "tacet.yaml").write_text(
        'name: mnist-ffnn\nversion: "1"\n'
        'description: "Which digit is it, from a 28 x 28 grey image, row by row"\n'
        "model: model.onnx\ntask: classification\n"
        'classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]\n'
        "calibration: calibration.csv\n"
        "accuracy: 2.0e-3  # largest error of an output that the compiler may spend, relative to the output's range\n"
        "inputs:\n  - name: pixels\n    range: {low: 0, high: 255}  # of every feature, raw units\n"
    )


if __name__ == "__main__":
    main()
