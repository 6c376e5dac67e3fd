# SPDX-License-Identifier: Apache-2.0
"""Trains fashion-mnist: a convolution of 16 maps, a residual block of two convolutions, an average pool and a dense layer, with SiLU.

Run `node fetch_fashion_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it. The training is that of
mnist_training, on images moved by a pixel and mirrored.
"""

import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mnist_training  # noqa: E402
import residual_network  # noqa: E402

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


def moved_and_mirrored(images, generator):
    """Moves a batch [rows, 1, 28, 28] by at most a pixel each way, and mirrors every second batch: clothes have no side."""
    images = mnist_training.shifted(1)(images, generator)
    return torch.flip(images, (3,)) if torch.randint(2, (1,), generator=generator) else images


def main():
    mnist_training.run(HERE, mnist_training.Recipe(
        name="fashion-mnist", data=HERE / "data", classes=CLASSES, augment=moved_and_mirrored,
        description="Which piece of clothing is it, from a 28 x 28 grey image, row by row, by a residual convolutional network",
        training_net=residual_network.TrainingNet, exported_net=residual_network.Net, half_weights=True,
        seed=20240507, epochs=10, peak_rate=4e-3, soft_bound=2.5, accuracy="5.0e-3", compile="compile:\n  max_degree: 15\n",
    ))


if __name__ == "__main__":
    main()
