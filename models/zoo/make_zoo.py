# SPDX-License-Identifier: Apache-2.0
"""Writes the zoo: further models to run `tacet try` on. The compiler was improved on these; ZOO_SEED gives fresh ones.

python make_zoo.py OUT_FOLDER [sklearn] [torch]      (both when none is named; then see run_zoo.py)
Deterministic (fixed seeds). Needs scikit-learn and skl2onnx; torch and onnxscript for the second half. The output is not kept in git.
"""

import sys


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    out, chosen = sys.argv[1], sys.argv[2:] or ["sklearn", "torch"]
    if "sklearn" in chosen:
        import zoo_sklearn

        zoo_sklearn.make(out)
    if "torch" in chosen:
        import zoo_torch

        zoo_torch.make(out)


if __name__ == "__main__":
    main()
