# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-silu: 784-128-64-10 with SiLU, whose inputs a penalty keeps narrow, so that polynomials of degree 7 stand for it.

Run `node ../mnist-ffnn/fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it. The training is
that of mnist_training; images move by one pixel at most.
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
        self.fc1 = folded(trained.fc1, trained.bn1)
        self.fc2 = folded(trained.fc2, trained.bn2)
        self.fc3 = trained.fc3

    def forward(self, pixels):
        z1 = self.fc1(pixels / 255.0)
        z2 = self.fc2(z1 * torch.sigmoid(z1))
        return self.fc3(z2 * torch.sigmoid(z2))


def reach(trained, x_train, x_test):
    return [
        (f"largest input of the {which} activation, test images", f"{value:.2f}")
        for which, value in zip(("first", "second"), mnist_training.largest_inputs(trained, x_test))]


def main():
    mnist_training.run(HERE, mnist_training.Recipe(
        name="mnist-silu",
        description="Which digit is it, from a 28 x 28 grey image, row by row, by a network with SiLU",
        training_net=TrainingNet, exported_net=Net, image_shape=(784,), augment=mnist_training.shifted(1), measured=reach,
        seed=20240507, epochs=20, batch=256, peak_rate=4e-3, soft_bound=2.1, penalty=1.0, accuracy="1.0e-2",
        # The penalty holds pre-activations of fresh images close to where those of the samples are: a small margin is enough.
        compile="compile:\n  max_degree: 7\n  margin: 0.2\n  key_budget: 40MB\n",
    ))


if __name__ == "__main__":
    main()
