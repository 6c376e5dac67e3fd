# SPDX-License-Identifier: Apache-2.0
"""Makes the models on which the compiler is tested: ONNX files as scikit-learn and PyTorch export them.

usage: python zoo.py OUT_DIR [NAME...]

Each model gets NAME.onnx, NAME.calibration.csv and NAME.test.csv (flat rows, no header).
Needs numpy, scikit-learn, skl2onnx, onnx, onnxruntime; the torch_* models need torch and onnxscript too.
"""
import pathlib
import sys
import warnings

import numpy as np

warnings.filterwarnings("ignore")
RECIPES = {}


def recipe(function):
    RECIPES[function.__name__] = function
    return function


def data(features, classes=0, rows=460, seed=0, constant=False, informative=None):
    """Rows with correlated columns of unlike sizes; classes = 0 makes a regression target."""
    from sklearn.datasets import make_classification, make_regression

    informative = informative or max(2, features // 2)
    if classes:
        x, y = make_classification(rows, features, n_informative=informative, n_redundant=0, n_classes=classes,
                                   n_clusters_per_class=1, random_state=seed, class_sep=1.3)
    else:
        x, y = make_regression(rows, features, n_informative=informative, noise=5.0, random_state=seed)
        y = y / np.abs(y).max() * 10
    generator = np.random.default_rng(seed)
    x = x * generator.uniform(0.1, 30, features) + generator.uniform(-50, 50, features)
    if constant:
        x[:, 0] = 3.0
        x[:, features // 2] = 0.0
    return x.astype(np.float32), y


def write(out, name, model_bytes, x, calibration):
    out.mkdir(parents=True, exist_ok=True)
    if model_bytes is not None:
        (out / f"{name}.onnx").write_bytes(model_bytes)
    flat = x.reshape(len(x), -1)
    np.savetxt(out / f"{name}.calibration.csv", flat[:calibration], delimiter=",", fmt="%.9g")
    np.savetxt(out / f"{name}.test.csv", flat[calibration:], delimiter=",", fmt="%.9g")


def sklearn_model(out, name, model, features, classes=0, calibration=160, options=None, rows=460, **kwargs):
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    string_labels = kwargs.pop("string_labels", False)
    x, y = data(features, classes, rows=rows, **kwargs)
    if string_labels:
        y = np.array(["malign", "benign", "unsure", "other"])[y]
    model.fit(x[:calibration], y[:calibration])
    onx = convert_sklearn(model, initial_types=[("X", FloatTensorType([None, features]))],
                          options={id(model): options} if options else None, target_opset=18)
    write(out, name, onx.SerializeToString(), x, calibration)


def pipe(*steps):
    from sklearn.pipeline import make_pipeline

    return make_pipeline(*steps)


@recipe
def skl_logistic(out):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_logistic", pipe(StandardScaler(), LogisticRegression()), 13, 2)


@recipe
def skl_logistic_nozipmap(out):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import MinMaxScaler
    sklearn_model(out, "skl_logistic_nozipmap", pipe(MinMaxScaler(), LogisticRegression()), 23, 4, calibration=60,
                  constant=True, options={"zipmap": False}, string_labels=True)


@recipe
def skl_logistic_raw(out):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_logistic_raw", pipe(StandardScaler(), LogisticRegression()), 17, 3,
                  options={"raw_scores": True, "zipmap": False})


@recipe
def skl_logistic_binary_raw(out):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_logistic_binary_raw", pipe(StandardScaler(), LogisticRegression()), 17, 2,
                  options={"raw_scores": True})


@recipe
def skl_logistic_columns(out):
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_logistic_columns", pipe(StandardScaler(), LogisticRegression()), 7, 3,
                  options={"zipmap": "columns"})


@recipe
def skl_ovr(out):
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    sklearn_model(out, "skl_ovr", OneVsRestClassifier(LogisticRegression()), 13, 3)


@recipe
def skl_linear_svc(out):
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC
    sklearn_model(out, "skl_linear_svc", LinearSVC(), 13, 3)


@recipe
def skl_linear_svc_binary(out):
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC
    sklearn_model(out, "skl_linear_svc_binary", LinearSVC(), 13, 2)


@recipe
def skl_sgd(out):
    from sklearn.linear_model import SGDClassifier
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_sgd", pipe(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)), 13, 3)


@recipe
def skl_ridge(out):
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_ridge", pipe(StandardScaler(), Ridge()), 17, calibration=60, constant=True)


@recipe
def skl_ridge_multi(out):
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import MinMaxScaler
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType
    x, _ = data(13)
    y = x[:, :3] - x[:, 3:6]
    model = pipe(MinMaxScaler(), Ridge()).fit(x[:60], y[:60])
    onx = convert_sklearn(model, initial_types=[("X", DoubleTensorType([None, 13]))], target_opset=18)
    write(out, "skl_ridge_multi", onx.SerializeToString(), x, 60)


@recipe
def skl_pca_logistic(out):
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_pca_logistic", pipe(StandardScaler(), PCA(5), LogisticRegression()), 13, 2)


def mlp(kind, activation, layers, seed=0, **kwargs):
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    return (MLPClassifier if kind == "c" else MLPRegressor)(hidden_layer_sizes=layers, activation=activation, random_state=seed,
                                                            max_iter=400, **kwargs)


@recipe
def skl_mlpc_relu(out):
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_mlpc_relu", pipe(StandardScaler(), mlp("c", "relu", (16,))), 13, 3)


@recipe
def skl_mlpc_tanh(out):
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_mlpc_tanh", pipe(StandardScaler(), mlp("c", "tanh", (20, 10))), 17, 2,
                  options={"zipmap": False})


@recipe
def skl_mlpc_logistic(out):
    from sklearn.preprocessing import MinMaxScaler
    sklearn_model(out, "skl_mlpc_logistic", pipe(MinMaxScaler(), mlp("c", "logistic", (24,), learning_rate_init=0.01)),
                  23, 4, calibration=60, constant=True, string_labels=True)


@recipe
def skl_mlpc_default(out):
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_mlpc_default", pipe(StandardScaler(), mlp("c", "relu", (100,))), 13, 2)


@recipe
def skl_mlpr_relu(out):
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_mlpr_relu", pipe(StandardScaler(), mlp("r", "relu", (32, 16), learning_rate_init=0.01)), 13)


@recipe
def skl_mlpr_tanh(out):
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_mlpr_tanh", pipe(StandardScaler(), mlp("r", "tanh", (30, 20), learning_rate_init=0.02)),
                  17, calibration=60)


@recipe
def skl_mlpr_logistic(out):
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_mlpr_logistic", pipe(StandardScaler(), mlp("r", "logistic", (30,), solver="lbfgs")), 23,
                  constant=True)


@recipe
def skl_mlpc_deep(out):
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_mlpc_deep", pipe(StandardScaler(), mlp("c", "relu", (64, 32, 16))), 23, 3)


@recipe
def skl_mlpr_deep_tanh(out):
    from sklearn.preprocessing import StandardScaler
    sklearn_model(out, "skl_mlpr_deep_tanh",
                  pipe(StandardScaler(), mlp("r", "tanh", (32, 32, 32), learning_rate_init=0.01)), 13)


@recipe
def skl_inputs(out):
    """One input per column, as a pipeline over a data frame has."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import MinMaxScaler, StandardScaler
    import pandas as pd
    x, y = data(5, 2)
    names = list("abcde")
    frame = pd.DataFrame(x, columns=names)
    model = pipe(ColumnTransformer([("s", StandardScaler(), ["a", "c"]), ("m", MinMaxScaler(), ["b", "d", "e"])]),
                 LogisticRegression()).fit(frame[:160], y[:160])
    onx = convert_sklearn(model, initial_types=[(n, FloatTensorType([None, 1])) for n in names], target_opset=18,
                          options={id(model): {"zipmap": False}})
    write(out, "skl_inputs", onx.SerializeToString(), x, 160)


def torch_model(out, name, build, shape, calibration=160, dynamo=False, scale=1.0, dynamic=True, train=None,
                external=False, rows=460, seed=0):
    import torch

    torch.manual_seed(seed)
    model = build(torch)
    x = torch.randn(rows, *shape) * scale
    if train:
        train(torch, model, x[:calibration])
    else:
        model.train()
        for _ in range(20):
            model(torch.randn(64, *shape) * scale)
    model.eval()
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.onnx"
    example = (x[:2],)
    if dynamo:
        batch = torch.export.Dim("batch")
        program = torch.onnx.export(model, example, dynamo=True, dynamic_shapes=({0: batch},) if dynamic else None,
                                    external_data=external, verbose=False)
        program.save(str(path), external_data=external)
    else:
        torch.onnx.export(model, example, str(path), dynamo=False, input_names=["features"], output_names=["output"],
                          dynamic_axes={"features": {0: "batch"}, "output": {0: "batch"}} if dynamic else None)
    write(out, name, None, x.numpy(), calibration)


@recipe
def torch_mlp(out):
    torch_model(out, "torch_mlp", lambda t: t.nn.Sequential(
        t.nn.Linear(13, 32), t.nn.BatchNorm1d(32), t.nn.ReLU(), t.nn.Dropout(0.2),
        t.nn.Linear(32, 16), t.nn.GELU(), t.nn.Linear(16, 3), t.nn.Softmax(dim=1)), (13,))


@recipe
def torch_mlp_dynamo(out):
    torch_model(out, "torch_mlp_dynamo", lambda t: t.nn.Sequential(
        t.nn.Linear(13, 32), t.nn.BatchNorm1d(32), t.nn.ReLU(), t.nn.Dropout(0.2),
        t.nn.Linear(32, 16), t.nn.GELU(), t.nn.Linear(16, 3), t.nn.Softmax(dim=1)), (13,), dynamo=True)


@recipe
def torch_activations(out):
    torch_model(out, "torch_activations", lambda t: t.nn.Sequential(
        t.nn.Linear(17, 24), t.nn.SiLU(), t.nn.Linear(24, 12), t.nn.GELU(approximate="tanh"),
        t.nn.Linear(12, 8), t.nn.LeakyReLU(0.1), t.nn.Linear(8, 1)), (17,))


@recipe
def torch_activations_dynamo(out):
    torch_model(out, "torch_activations_dynamo", lambda t: t.nn.Sequential(
        t.nn.Linear(17, 24), t.nn.SiLU(), t.nn.Linear(24, 12), t.nn.GELU(approximate="tanh"),
        t.nn.Linear(12, 8), t.nn.Softplus(), t.nn.Linear(8, 1)), (17,), dynamo=True, external=True)


def residual(t):
    class Residual(t.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = t.nn.Linear(23, 20)
            self.inner = t.nn.Linear(20, 20)
            self.second = t.nn.Linear(20, 20)
            self.last = t.nn.Linear(20, 4)
            self.norm = t.nn.BatchNorm1d(20)

        def forward(self, x):
            h = t.relu(self.first(x))
            deep = self.second(t.tanh(self.inner(h)))
            return self.last(self.norm(h + deep)) + self.first(x)[:, :4]

    return Residual()


@recipe
def torch_residual(out):
    torch_model(out, "torch_residual", residual, (23,))


@recipe
def torch_residual_dynamo(out):
    torch_model(out, "torch_residual_dynamo", residual, (23,), dynamo=True)


@recipe
def torch_image(out):
    torch_model(out, "torch_image", lambda t: t.nn.Sequential(
        t.nn.Flatten(), t.nn.Linear(64, 32), t.nn.ReLU(), t.nn.Linear(32, 10), t.nn.LogSoftmax(dim=1)), (1, 8, 8))


@recipe
def torch_static(out):
    torch_model(out, "torch_static", lambda t: t.nn.Sequential(
        t.nn.Linear(13, 8), t.nn.Tanh(), t.nn.Linear(8, 1), t.nn.Sigmoid()), (13,), dynamo=True, dynamic=False)


@recipe
def torch_tanh5(out):
    def train(t, model, x):
        with t.no_grad():
            model[0].weight *= 5 / model[0](x).abs().max()
            model[0].bias *= 0
            h = t.tanh(model[0](x))
            model[2].bias *= 0
            model[2].weight *= 5 / model[2](h).abs().max()
    torch_model(out, "torch_tanh5", lambda t: t.nn.Sequential(
        t.nn.Linear(13, 32), t.nn.Tanh(), t.nn.Linear(32, 32), t.nn.Tanh(), t.nn.Linear(32, 1)), (13,), train=train)


@recipe
def torch_squares(out):
    def build(t):
        class Net(t.nn.Module):
            def __init__(self):
                super().__init__()
                self.a = t.nn.Linear(64, 32)
                self.b = t.nn.Linear(32, 10)

            def forward(self, x):
                return self.b(self.a(x) ** 2)
        return Net()
    torch_model(out, "torch_squares", build, (64,))


@recipe
def torch_gate(out):
    def build(t):
        class Net(t.nn.Module):
            def __init__(self):
                super().__init__()
                self.a = t.nn.Linear(13, 16)
                self.g = t.nn.Linear(13, 16)
                self.b = t.nn.Linear(16, 2)

            def forward(self, x):
                return self.b(self.a(x) * t.sigmoid(self.g(x)))
        return Net()
    torch_model(out, "torch_gate", build, (13,))


def main():
    out = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or RECIPES:
        try:
            RECIPES[name](out)
            print("made", name, flush=True)
        except Exception as error:  # one model that cannot be made must not stop the others
            print("FAILED", name, type(error).__name__, error, flush=True)


if __name__ == "__main__":
    main()
