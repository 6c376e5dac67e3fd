# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-ffnn: 784-128-64-10 with square activations, so that it runs encrypted exactly as it was trained.

Run `node fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it. The training is that of
mnist_training; images are turned, scaled and moved a little.
"""

import math
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


def reach(trained, x_train, x_test):
    widest = zip(mnist_training.largest_inputs(trained, x_train), mnist_training.largest_inputs(trained, x_test))
    return [
        (f"largest input of the {which} square, all images", f"{max(pair):.2f}") for which, pair in zip(("first", "second"), widest)]


def main():
    mnist_training.run(HERE, mnist_training.Recipe(
        name="mnist-ffnn",
        description="Which digit is it, from a 28 x 28 grey image, row by row",
        training_net=TrainingNet, exported_net=Net, image_shape=(784,), augment=moved, measured=reach,
        seed=20240501, epochs=45, batch=256, peak_rate=4e-3, weight_decay=2e-4, soft_bound=3.0, penalty=0.2, accuracy="2.0e-3",
    ))


if __name__ == "__main__":
    main()
