# SPDX-License-Identifier: Apache-2.0
"""Trains breast-cancer: StandardScaler and logistic regression on the Wisconsin data of scikit-learn.

Run `python train.py` in any folder; it rewrites every generated file beside it. Deterministic (fixed seed).
Needs scikit-learn, skl2onnx, onnxruntime.
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import model_files  # noqa: E402

SEED = 20240501
CALIBRATION_ROWS = 128


def main():
    data = load_breast_cancer()
    names = [str(n) for n in data.feature_names]
    x_train, x_test, y_train, y_test = train_test_split(
        data.data, data.target, test_size=0.25, stratify=data.target, random_state=SEED
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=2000, random_state=SEED))
    model.fit(x_train, y_train)

    onnx_model = to_onnx(
        model,
        initial_types=[("features", FloatTensorType([None, x_train.shape[1]]))],
        options={id(model): {"zipmap": False}},
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    onnx_model.doc_string = "Wisconsin diagnostic breast cancer: StandardScaler + LogisticRegression"
    (HERE / "model.onnx").write_bytes(onnx_model.SerializeToString())

    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    label, probabilities = session.run(None, {"features": x_test.astype(np.float32)})
    accuracy = float((label == y_test).mean())
    margin = float(np.abs(probabilities[:, 1] - 0.5).min())

    calibration = x_train[np.random.default_rng(SEED).choice(len(x_train), CALIBRATION_ROWS, replace=False)]
    model_files.write_rows(HERE / "calibration.csv", names, calibration)
    model_files.write_rows(HERE / "test.csv", names, x_test)
    model_files.write_rows(HERE / "test_labels.csv", ["label"], y_test[:, None])
    ranges = model_files.ranges_of(x_train)
    model_files.write_yaml(
        HERE / "tacet.yaml",
        name="breast-cancer",
        version=1,
        task="classification",
        description="Is a breast mass malignant or benign, from 30 measurements of a needle biopsy image",
        accuracy="1.0e-3",
        input_name="features",
        classes=[str(c) for c in data.target_names],
        features=[(n, *r) for n, r in zip(names, ranges)],
    )
    body = (
        f"| | |\n|---|---|\n| training rows | {len(x_train)} |\n| held-out rows | {len(x_test)} |\n"
        f"| accuracy, held-out rows, clear | {100 * accuracy:.2f} % ({int((label == y_test).sum())} of {len(y_test)}) |\n"
        f"| smallest distance of a held-out probability from 0.5 | {margin:.4f} |\n"
    )
    model_files.replace_block(HERE / "README.md", "measured", body)
    print(body)


if __name__ == "__main__":
    main()
