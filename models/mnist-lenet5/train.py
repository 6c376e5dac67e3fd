# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-lenet5: convolutions of 32 and 64 maps (5 x 5, stride 2), then 3136-512-10, with square activations.

Run `node ../mnist-ffnn/fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it. The training is
that of mnist_training.
"""

import sys
from pathlib import Path

import torch
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mnist_training  # noqa: E402
from mnist_training import folded  # noqa: E402


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
        self.fc1, self.fc2 = folded(trained.fc1, trained.bn3), trained.fc2

    def forward(self, pixels):
        maps = self.activation(self.conv2(self.activation(self.conv1(pixels / 255.0))))
        return self.fc2(self.activation(self.fc1(maps.flatten(1))))


def recipe(name, description, activation, **others):
    """The recipe of a network of this shape."""
    return mnist_training.Recipe(
        name=name, description=description, training_net=lambda: TrainingNet(activation), exported_net=Net, half_weights=True, **others)


def main():
    mnist_training.run(HERE, recipe(
        "mnist-lenet5", "Which digit is it, from a 28 x 28 grey image, row by row, by two convolutions and two dense layers",
        torch.square, soft_bound=3.0, seed=20240503, epochs=4, accuracy="2.0e-3",
    ))


if __name__ == "__main__":
    main()
