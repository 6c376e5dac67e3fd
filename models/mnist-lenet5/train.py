# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-lenet5: convolutions of 32 and 64 maps (5 x 5, stride 2), then 3136-512-10, with square activations.

Run `node ../mnist-ffnn/fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it.
Deterministic on one machine (fixed seed, one thread). Needs PyTorch, onnx, onnxruntime. The data are those of mnist-ffnn.

Batch normalisation stands before each activation while training and is folded into the weights before the export. A penalty on
pre-activations beyond a bound keeps the activations' inputs in a narrow interval: a wide one costs precision, or degree.
"""

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import onnxruntime
import torch
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import model_files  # noqa: E402

ffnn = model_files.load_script(HERE.parent / "mnist-ffnn" / "train.py")


@dataclass
class Recipe:
    """What distinguishes the networks of this shape."""

    name: str
    description: str
    activation: Callable
    soft_bound: float
    seed: int
    epochs: int
    accuracy: str
    compile: str = ""
    batch: int = 128
    peak_rate: float = 2e-3
    weight_decay: float = 1e-2
    penalty: float = 0.05


class TrainingNet(nn.Module):
    """The network with its batch normalisations; forward returns (logits, pre-activations)."""

    def __init__(self, activation):
        super().__init__()
        self.activation = activation
        self.conv1, self.bn1 = nn.Conv2d(1, 32, 5, stride=2, padding=2), nn.BatchNorm2d(32)
        self.conv2, self.bn2 = nn.Conv2d(32, 64, 5, stride=2, padding=2), nn.BatchNorm2d(64)
        self.fc1, self.bn3 = nn.Linear(3136, 512), nn.BatchNorm1d(512)
        self.fc2 = nn.Linear(512, 10)

    def forward(self, x):
        z1 = self.bn1(self.conv1(x))
        z2 = self.bn2(self.conv2(self.activation(z1)))
        z3 = self.bn3(self.fc1(self.activation(z2).flatten(1)))
        return self.fc2(self.activation(z3)), (z1, z2, z3)


class Net(nn.Module):
    """What is exported: pixels 0..255 as [rows, 1, 28, 28], two convolutions, two affine layers, logits."""

    def __init__(self, trained):
        super().__init__()
        self.activation = trained.activation
        self.conv1, self.conv2 = folded(trained.conv1, trained.bn1), folded(trained.conv2, trained.bn2)
        self.fc1, self.fc2 = ffnn.folded(trained.fc1, trained.bn3), trained.fc2

    def forward(self, pixels):
        maps = self.activation(self.conv2(self.activation(self.conv1(pixels / 255.0))))
        return self.fc2(self.activation(self.fc1(maps.flatten(1))))


def folded(conv, norm):
    """The convolution that equals `norm(conv(x))` with the running statistics, computed in float64."""
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    bias = conv.bias.double() if conv.bias is not None else torch.zeros_like(gain)
    out = type(conv)(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding)
    with torch.no_grad():
        out.weight.copy_(conv.weight.double() * gain.reshape(-1, *[1] * (conv.weight.dim() - 1)))
        out.bias.copy_((bias - norm.running_mean.double()) * gain + norm.bias.double())
    return out


def train(net, images, labels, recipe, augment):
    """Trains with `augment(batch, generator)` and the penalty; returns the network in eval mode."""
    generator = torch.Generator().manual_seed(recipe.seed)
    steps = recipe.epochs * math.ceil(len(images) / recipe.batch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.peak_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.peak_rate, total_steps=steps, pct_start=0.15)
    x = torch.from_numpy(images.astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    y = torch.from_numpy(labels)
    for epoch in range(recipe.epochs):
        net.train()
        total = 0.0
        for batch in torch.randperm(len(x), generator=generator).split(recipe.batch):
            logits, pre = net(augment(x[batch], generator))
            excess = sum((z.abs() - recipe.soft_bound).relu().square().flatten(1).sum(1).mean() for z in pre)
            loss = nn.functional.cross_entropy(logits, y[batch], label_smoothing=0.02) + recipe.penalty * excess
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        print(f"epoch {epoch + 1} loss {total / len(x):.4f}", flush=True)
    return net.eval()


def shifted(images, generator):
    """All images of a batch moved by the same few pixels."""
    shift = torch.randint(-2, 3, (2,), generator=generator)
    return torch.roll(images, tuple(shift.tolist()), (2, 3))


def write(folder, recipe, net, data, classes):
    """Exports the network, measures it on all test images and writes the folder's files.

    `data` is (training images, training labels, test images, test labels), images as uint8 [rows, 784].
    """
    x_train, _, x_test, y_test = data
    path = str(folder / "model.onnx")
    torch.onnx.export(
        net, (torch.zeros(1, 1, 28, 28),), path, opset_version=17, dynamo=False,
        input_names=["pixels"], output_names=["logits"], dynamic_axes={"pixels": {0: "rows"}, "logits": {0: "rows"}},
    )
    model_files.halve_weights(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    logits = np.concatenate([
        session.run(None, {"pixels": part.astype(np.float32).reshape(-1, 1, 28, 28)})[0] for part in np.array_split(x_test, 20)])
    correct = logits.argmax(1) == y_test
    pick = np.random.default_rng(recipe.seed)
    kept = np.sort(pick.choice(len(x_test), ffnn.KEPT_TEST_ROWS, replace=False))
    sample = np.sort(pick.choice(len(x_train), ffnn.CALIBRATION_ROWS, replace=False))
    names = [f"p{i}" for i in range(784)]
    model_files.write_rows(folder / "test.csv", names, x_test[kept])
    model_files.write_rows(folder / "test_labels.csv", ["label"], y_test[kept][:, None])
    model_files.write_rows(folder / "calibration.csv", names, x_train[sample])
    (folder / "tacet.yaml").write_text(
        f'name: {recipe.name}\nversion: "1"\ndescription: "{recipe.description}"\n'
        "model: model.onnx\ntask: classification\n"
        f"classes: [{', '.join(model_files.quoted(c) for c in classes)}]\n"
        "calibration: calibration.csv\n"
        f"accuracy: {recipe.accuracy}  # largest error of an output that the compiler may spend, relative to the output's range\n"
        "inputs:\n  - name: pixels\n    range: {low: 0, high: 255}  # of every feature, raw units\n" + recipe.compile
    )
    body = (
        f"| | |\n|---|---|\n| training images | {len(x_train)} |\n| test images | {len(x_test)} |\n"
        f"| accuracy, all test images, clear | {100 * correct.mean():.2f} % |\n"
        f"| accuracy, the {ffnn.KEPT_TEST_ROWS} images kept in test.csv, clear | {100 * correct[kept].mean():.2f} % |\n"
        f"| logits, test images | {logits.min():.1f} to {logits.max():.1f} |\n"
    )
    model_files.replace_block(folder / "README.md", "measured", body)
    print(body)


def run(folder, recipe, training_net=TrainingNet, exported_net=Net):
    """Trains a network on MNIST, of this shape unless another is given, and writes its folder."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(recipe.seed)
    data = (
        ffnn.read_images("train-images-idx3-ubyte"), ffnn.read_labels("train-labels-idx1-ubyte"),
        ffnn.read_images("t10k-images-idx3-ubyte"), ffnn.read_labels("t10k-labels-idx1-ubyte"),
    )
    net = train(training_net(recipe.activation), data[0], data[1], recipe, shifted)
    write(folder, recipe, exported_net(net).eval(), data, [str(digit) for digit in range(10)])


def main():
    run(HERE, Recipe(
        name="mnist-lenet5",
        description="Which digit is it, from a 28 x 28 grey image, row by row, by two convolutions and two dense layers",
        activation=torch.square, soft_bound=3.0, seed=20240503, epochs=4, accuracy="2.0e-3",
    ))


if __name__ == "__main__":
    main()
