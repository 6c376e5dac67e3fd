# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-residual: a convolution of 16 maps, a residual block of two convolutions, an average pool and a dense layer, with SiLU.

Run `node ../mnist-ffnn/fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it. The training is
that of mnist_training.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mnist_training  # noqa: E402
import residual_network  # noqa: E402


def main():
    mnist_training.run(HERE, mnist_training.Recipe(
        name="mnist-residual",
        description="Which digit is it, from a 28 x 28 grey image, row by row, by a residual convolutional network",
        training_net=residual_network.TrainingNet, exported_net=residual_network.Net, half_weights=True,
        seed=20240505, epochs=3, peak_rate=4e-3, soft_bound=2.5, accuracy="2.0e-2", compile="compile:\n  max_degree: 7\n",
    ))


if __name__ == "__main__":
    main()
