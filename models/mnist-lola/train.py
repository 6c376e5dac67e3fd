# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-lola: a convolution of 5 maps (2 x 2, stride 2), then 980-100-10, with square activations.

Run `node ../mnist-ffnn/fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it. The training is
that of mnist_training; images move by one pixel at most.
"""

import sys
from pathlib import Path

import numpy as np
from torch import nn

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mnist_training  # noqa: E402
from mnist_training import folded  # noqa: E402


class TrainingNet(nn.Module):
    """The network with its batch normalisation; forward returns (logits, inputs of the second square). Those of the first are bounded
    by the kernel, since pixels are."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 5, 2, stride=2)
        self.fc1, self.bn2 = nn.Linear(980, 100), nn.BatchNorm1d(100)
        self.fc2 = nn.Linear(100, 10)

    def forward(self, x):
        z1 = self.conv(x)
        z2 = self.bn2(self.fc1((z1 * z1).flatten(1)))
        return self.fc2(z2 * z2), (z2,)


class Net(nn.Module):
    """What is exported: pixels 0..255 as [rows, 1, 28, 28], a convolution, two affine layers, two squares, logits."""

    def __init__(self, trained):
        super().__init__()
        self.conv = trained.conv
        self.fc1 = folded(trained.fc1, trained.bn2)
        self.fc2 = trained.fc2

    def forward(self, pixels):
        z1 = self.conv(pixels / 255.0)
        z2 = self.fc1((z1 * z1).flatten(1))
        return self.fc2(z2 * z2)


def calibration(images, pick):
    """Rows that light every patch of the convolution as strongly as any image does, and random ones."""
    patches = images.reshape(-1, 14, 2, 14, 2).astype(np.int32).sum((2, 4)).reshape(len(images), -1)
    lit = np.unique(patches.argmax(0))
    rest = np.setdiff1d(np.arange(len(images)), lit)
    return np.sort(np.concatenate([lit, pick.choice(rest, max(mnist_training.CALIBRATION_ROWS - len(lit), 100), replace=False)]))


def main():
    mnist_training.run(HERE, mnist_training.Recipe(
        name="mnist-lola",
        description="Which digit is it, from a 28 x 28 grey image, row by row, by a small convolutional network",
        training_net=TrainingNet, exported_net=Net, augment=mnist_training.shifted(1), calibration=calibration,
        seed=20240502, epochs=24, peak_rate=3e-3, weight_decay=2e-2, soft_bound=3.0, penalty=0.2, accuracy="2.0e-3",
    ))


if __name__ == "__main__":
    main()
