# SPDX-License-Identifier: Apache-2.0
"""Trains diabetes: StandardScaler and linear regression on the diabetes data of scikit-learn, in its original units.

Run `python train.py` in any folder; it rewrites every generated file beside it. Deterministic (fixed seed).
Needs scikit-learn, skl2onnx, onnxruntime.
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import model_files  # noqa: E402

SEED = 20240501
CALIBRATION_ROWS = 128
NAMES = [
    "age",
    "sex",
    "body mass index",
    "mean blood pressure",
    "total cholesterol",
    "low-density lipoproteins",
    "high-density lipoproteins",
    "cholesterol ratio",
    "log triglycerides",
    "blood sugar",
]


def main():
    data = load_diabetes(scaled=False)
    x_train, x_test, y_train, y_test = train_test_split(data.data, data.target, test_size=0.25, random_state=SEED)
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(x_train, y_train)

    onnx_model = to_onnx(
        model,
        initial_types=[("features", FloatTensorType([None, x_train.shape[1]]))],
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    onnx_model.doc_string = "Diabetes progression after one year: StandardScaler + LinearRegression"
    (HERE / "model.onnx").write_bytes(onnx_model.SerializeToString())

    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    predicted = session.run(None, {"features": x_test.astype(np.float32)})[0].ravel()

    calibration = x_train[np.random.default_rng(SEED).choice(len(x_train), CALIBRATION_ROWS, replace=False)]
    model_files.write_rows(HERE / "calibration.csv", NAMES, calibration)
    model_files.write_rows(HERE / "test.csv", NAMES, x_test)
    model_files.write_rows(HERE / "test_labels.csv", ["target"], y_test[:, None])
    ranges = model_files.ranges_of(x_train)
    model_files.write_yaml(
        HERE / "tacet.yaml",
        name="diabetes",
        version=1,
        task="regression",
        description="How far diabetes has progressed one year later, from ten baseline measurements",
        accuracy="1.0e-3",
        input_name="features",
        features=[(n, *r) for n, r in zip(NAMES, ranges)],
    )
    body = (
        f"| | |\n|---|---|\n| training rows | {len(x_train)} |\n| held-out rows | {len(x_test)} |\n"
        f"| R², held-out rows, clear | {r2_score(y_test, predicted):.4f} |\n"
        f"| mean absolute error, held-out rows, clear | {mean_absolute_error(y_test, predicted):.2f} |\n"
        f"| predictions on held-out rows | {predicted.min():.1f} to {predicted.max():.1f} |\n"
    )
    model_files.replace_block(HERE / "README.md", "measured", body)
    print(body)


if __name__ == "__main__":
    main()
