# SPDX-License-Identifier: Apache-2.0
"""Trains mnist-lenet5-silu: the shape of mnist-lenet5 with SiLU activations, which the compiler fits by polynomials of degree 7.

Run `node ../mnist-ffnn/fetch_mnist.mjs` first, then `python train.py`; it rewrites every generated file beside it. The training is
that of mnist_training.
"""

import sys
from pathlib import Path

from torch.nn import functional

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import mnist_training  # noqa: E402
import model_files  # noqa: E402

lenet5 = model_files.load_script(HERE.parent / "mnist-lenet5" / "train.py")


def main():
    mnist_training.run(HERE, lenet5.recipe(
        "mnist-lenet5-silu",
        "Which digit is it, from a 28 x 28 grey image, row by row, by two convolutions and two dense layers with SiLU",
        functional.silu, soft_bound=2.5, seed=20240504, epochs=3, accuracy="2.0e-2", compile="compile:\n  max_degree: 7\n",
    ))


if __name__ == "__main__":
    main()
