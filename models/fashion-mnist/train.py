# SPDX-License-Identifier: Apache-2.0
"""Trains fashion-mnist: a convolution of 16 maps, a residual block of two convolutions, an average pool and a dense layer, with SiLU.

Run `node fetch_fashion_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it. The training is that of
mnist_training, on images moved by a pixel and mirrored.
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mnist_training  # noqa: E402
from mnist_training import folded  # noqa: E402

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


class TrainingNet(nn.Module):
    """The network with its batch normalisations; forward returns (logits, pre-activations)."""

    def __init__(self):
        super().__init__()
        self.stem, self.bn1 = nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16)
        self.conv1, self.bn2 = nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16)
        self.conv2, self.bn3 = nn.Conv2d(16, 16, 3, padding=1), nn.BatchNorm2d(16)
        self.head = nn.Linear(16 * 49, 10)

    def forward(self, x):
        z1 = self.bn1(self.stem(x))
        h = functional.silu(z1)
        z2 = self.bn2(self.conv1(h))
        z3 = h + self.bn3(self.conv2(functional.silu(z2)))
        return self.head(functional.avg_pool2d(functional.silu(z3), 2).flatten(1)), (z1, z2, z3)


class Net(nn.Module):
    """What is exported: pixels 0..255 as [rows, 1, 28, 28], the residual block, logits."""

    def __init__(self, trained):
        super().__init__()
        self.stem = folded(trained.stem, trained.bn1)
        self.conv1, self.conv2 = folded(trained.conv1, trained.bn2), folded(trained.conv2, trained.bn3)
        self.head = trained.head

    def forward(self, pixels):
        h = functional.silu(self.stem(pixels / 255.0))
        h = functional.silu(h + self.conv2(functional.silu(self.conv1(h))))
        return self.head(functional.avg_pool2d(h, 2).flatten(1))


def moved_and_mirrored(images, generator):
    """Moves a batch [rows, 1, 28, 28] by at most a pixel each way, and mirrors every second batch: clothes have no side."""
    images = mnist_training.shifted(1)(images, generator)
    return torch.flip(images, (3,)) if torch.randint(2, (1,), generator=generator) else images


def main():
    mnist_training.run(HERE, mnist_training.Recipe(
        name="fashion-mnist", data=HERE / "data", classes=CLASSES, augment=moved_and_mirrored,
        description="Which piece of clothing is it, from a 28 x 28 grey image, row by row, by a residual convolutional network",
        training_net=TrainingNet, exported_net=Net, half_weights=True,
        seed=20240507, epochs=10, peak_rate=4e-3, soft_bound=2.5, accuracy="5.0e-3", compile="compile:\n  max_degree: 15\n",
    ))


if __name__ == "__main__":
    main()
