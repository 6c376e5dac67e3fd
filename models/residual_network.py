# SPDX-License-Identifier: Apache-2.0
"""The network of mnist-residual and fashion-mnist: a convolution of 16 maps, a residual block of two convolutions, an average pool and a
dense layer, with SiLU, for 28 x 28 grey images."""

from torch import nn
from torch.nn import functional

from mnist_training import folded


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
