# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-silu: 784-128-64-10 with SiLU, whose inputs a penalty keeps narrow, so that polynomials of degree 7 stand for it.

Run `node ../mnist-ffnn/fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it.
Deterministic on one machine (fixed seed, one thread). Needs PyTorch, onnx, onnxruntime. Data and penalty are those of mnist-ffnn;
images move by one pixel at most.
"""

import importlib.util
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

_spec = importlib.util.spec_from_file_location("mnist_ffnn", HERE.parent / "mnist-ffnn" / "train.py")
ffnn = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ffnn)

SEED = 20240507
EPOCHS = 20
BATCH = 256
PEAK_RATE = 4e-3
WEIGHT_DECAY = 1e-2


class TrainingNet(nn.Module):
    """The network with its batch normalisations; forward returns (logits, inputs of the activations)."""

    def __init__(self):
        super().__init__()
        self.fc1, self.bn1 = nn.Linear(784, 128), nn.BatchNorm1d(128)
        self.fc2, self.bn2 = nn.Linear(128, 64), nn.BatchNorm1d(64)
        self.fc3 = nn.Linear(64, 10)

    def forward(self, x):
        z1 = self.bn1(self.fc1(x))
        z2 = self.bn2(self.fc2(z1 * torch.sigmoid(z1)))
        return self.fc3(z2 * torch.sigmoid(z2)), (z1, z2)


class Net(nn.Module):
    """What is exported: pixels 0..255, three affine layers, two SiLU (x times sigmoid of x), logits."""

    def __init__(self, trained):
        super().__init__()
        self.fc1 = ffnn.folded(trained.fc1, trained.bn1)
        self.fc2 = ffnn.folded(trained.fc2, trained.bn2)
        self.fc3 = trained.fc3

    def forward(self, pixels):
        z1 = self.fc1(pixels / 255.0)
        z2 = self.fc2(z1 * torch.sigmoid(z1))
        return self.fc3(z2 * torch.sigmoid(z2))


def train(images, labels):
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    net = TrainingNet()
    steps = EPOCHS * math.ceil(len(images) / BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=steps, pct_start=0.15)
    x = torch.from_numpy(images.astype(np.float32) / 255).reshape(-1, 28, 28)
    y = torch.from_numpy(labels)
    for epoch in range(EPOCHS):
        net.train()
        total = 0.0
        for batch in torch.randperm(len(x), generator=generator).split(BATCH):
            shift = torch.randint(-1, 2, (2,), generator=generator)
            logits, pre = net(torch.roll(x[batch], tuple(shift.tolist()), (1, 2)).flatten(1))
            excess = sum((z.abs() - ffnn.SOFT_BOUND).relu().square().sum(1).mean() for z in pre)
            loss = nn.functional.cross_entropy(logits, y[batch], label_smoothing=0.02) + ffnn.PENALTY * excess
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        print(f"epoch {epoch + 1} loss {total / len(x):.4f}", flush=True)
    return net.eval()


def main():
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    x_train, y_train = ffnn.read_images("train-images-idx3-ubyte"), ffnn.read_labels("train-labels-idx1-ubyte")
    x_test, y_test = ffnn.read_images("t10k-images-idx3-ubyte"), ffnn.read_labels("t10k-labels-idx1-ubyte")
    trained = train(x_train, y_train)
    net = Net(trained).eval()
    torch.onnx.export(
        net, (torch.zeros(1, 784),), str(HERE / "model.onnx"), opset_version=17, dynamo=False,
        input_names=["pixels"], output_names=["logits"], dynamic_axes={"pixels": {0: "rows"}, "logits": {0: "rows"}},
    )
    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    logits = session.run(None, {"pixels": x_test.astype(np.float32)})[0]
    correct = logits.argmax(1) == y_test
    with torch.no_grad():
        reach = [float(z.abs().max()) for z in trained(torch.from_numpy(x_test.astype(np.float32) / 255))[1]]

    pick = np.random.default_rng(SEED)
    kept = np.sort(pick.choice(len(x_test), ffnn.KEPT_TEST_ROWS, replace=False))
    sample = np.sort(pick.choice(len(x_train), ffnn.CALIBRATION_ROWS, replace=False))
    names = [f"p{i}" for i in range(784)]
    model_files.write_rows(HERE / "test.csv", names, x_test[kept])
    model_files.write_rows(HERE / "test_labels.csv", ["label"], y_test[kept][:, None])
    model_files.write_rows(HERE / "calibration.csv", names, x_train[sample])
    (HERE / "tacet.yaml").write_text(
        'name: mnist-silu\nversion: "1"\n'
        'description: "Which digit is it, from a 28 x 28 grey image, row by row, by a network with SiLU"\n'
        "model: model.onnx\ntask: classification\n"
        'classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]\n'
        "calibration: calibration.csv\n"
        "accuracy: 1.0e-2  # largest error of an output that the compiler may spend, relative to the output's range\n"
        "inputs:\n  - name: pixels\n    range: {low: 0, high: 255}  # of every feature, raw units\n"
    )
    body = (
        f"| | |\n|---|---|\n| training images | {len(x_train)} |\n| test images | {len(x_test)} |\n"
        f"| accuracy, all test images, clear | {100 * correct.mean():.2f} % |\n"
        f"| accuracy, the {ffnn.KEPT_TEST_ROWS} images kept in test.csv, clear | {100 * correct[kept].mean():.2f} % |\n"
        f"| largest input of the first activation, test images | {reach[0]:.2f} |\n"
        f"| largest input of the second activation, test images | {reach[1]:.2f} |\n"
        f"| logits, test images | {logits.min():.1f} to {logits.max():.1f} |\n"
    )
    model_files.replace_block(HERE / "README.md", "measured", body)
    print(body)


if __name__ == "__main__":
    main()
