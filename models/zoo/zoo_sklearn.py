# SPDX-License-Identifier: Apache-2.0
"""The zoo's scikit-learn pipelines, exported by skl2onnx."""

import os
import warnings

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, LinearSVC, LinearSVR

from zoo_common import INPUT_ROWS, classes, features, target, write_case

CLASSIFIER_OPTIONS = {
    "zip": {},
    "nozip": {"zipmap": False},
    "raw": {"zipmap": False, "raw_scores": True},
    "columns": {"zipmap": "columns"},
}


def save(out, name, model, x, y, calibration_rows, *, task, options=None, expect="run", opset=17, keep=None):
    """Fits on all but the last INPUT_ROWS rows, exports, writes the case."""
    train = x[:-INPUT_ROWS]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(train, y[:-INPUT_ROWS])
    kinds = [("input", FloatTensorType([None, x.shape[1]]))]
    last = model[-1] if options == "raw" and isinstance(model, Pipeline) else model
    chosen = {id(last): CLASSIFIER_OPTIONS[options]} if options else None
    if isinstance(model, Pipeline) and isinstance(model[-1], LinearSVC):
        chosen = {
            id(model[-1]): {"raw_scores": False}
        }  # skl2onnx refuses its own default option, zipmap, in this place
    exported = to_onnx(model, initial_types=kinds, options=chosen, target_opset={"": opset, "ai.onnx.ml": 3})
    write_case(
        out,
        name,
        exported.SerializeToString(),
        train[:calibration_rows],
        x[-INPUT_ROWS:],
        expect=expect,
        task=task,
        primary=exported.graph.output[-1].name,
    )


def classifier(out, name, model, count, features_count, options="nozip", calibration_rows=200, names=None, **kw):
    data = {k: kw.pop(k) for k in ("skewed", "constant") if k in kw}
    rng = np.random.default_rng(abs(hash_of(name)))
    x = features(rng, 600, features_count, **data)
    y = classes(x, features_count, count)
    if names:
        y = np.array(names)[y]
    save(out, name, model, x, y, calibration_rows, task="classification", options=options, **kw)


def regressor(out, name, model, features_count, outputs=1, calibration_rows=200, scale=40.0, centre=120.0, **kw):
    data = {k: kw.pop(k) for k in ("skewed", "constant") if k in kw}
    rng = np.random.default_rng(abs(hash_of(name)))
    x = features(rng, 600, features_count, **data)
    save(
        out,
        name,
        model,
        x,
        centre + scale * target(x, features_count, outputs),
        calibration_rows,
        task="regression",
        **kw,
    )


def hash_of(name):
    """A fixed number for a name (Python's own hash changes between runs); ZOO_SEED makes another zoo of the same kinds."""
    return int.from_bytes((name + os.environ.get("ZOO_SEED", "")).encode(), "little") % (2**61 - 1)


def bundled(out, name, model, data, options, calibration_rows):
    """A case on one of scikit-learn's bundled data sets."""
    order = np.random.default_rng(1).permutation(len(data.data))
    save(
        out,
        name,
        model,
        data.data[order],
        data.target[order],
        calibration_rows,
        task="classification",
        options=options,
    )


def linear_models(out):
    lr = dict(max_iter=3000)
    classifier(out, "sk-std-logit2-13-zip", make_pipeline(StandardScaler(), LogisticRegression(**lr)), 2, 13, "zip")
    classifier(out, "sk-std-logit2-17-raw", make_pipeline(StandardScaler(), LogisticRegression(**lr)), 2, 17, "raw")
    classifier(
        out,
        "sk-std-logit2-13-columns",
        make_pipeline(StandardScaler(), LogisticRegression(**lr)),
        2,
        13,
        "columns",
        expect="either",
    )
    classifier(
        out,
        "sk-minmax-logit2-23-60rows",
        make_pipeline(MinMaxScaler(), LogisticRegression(**lr)),
        2,
        23,
        "nozip",
        60,
        skewed=4,
        constant=2,
    )
    classifier(
        out,
        "sk-robust-logit4-23-nozip",
        make_pipeline(RobustScaler(), LogisticRegression(**lr)),
        4,
        23,
        "nozip",
        skewed=3,
    )
    classifier(out, "sk-maxabs-logit5-17-raw", make_pipeline(MaxAbsScaler(), LogisticRegression(**lr)), 5, 17, "raw")
    classifier(
        out,
        "sk-logit3-13-strings-zip",
        make_pipeline(StandardScaler(), LogisticRegression(**lr)),
        3,
        13,
        "zip",
        names=["low", "mid", "high"],
    )
    classifier(
        out,
        "sk-logit2-17-strings-nozip",
        make_pipeline(StandardScaler(), LogisticRegression(**lr)),
        2,
        17,
        "nozip",
        names=["no", "yes"],
    )
    classifier(out, "sk-plain-logit2-13-noscaler", LogisticRegression(max_iter=20000), 2, 13, "nozip")
    classifier(out, "sk-linearsvc2-13", make_pipeline(StandardScaler(), LinearSVC(max_iter=5000)), 2, 13, None)
    classifier(out, "sk-linearsvc4-17", make_pipeline(StandardScaler(), LinearSVC(max_iter=5000)), 4, 17, None)
    classifier(out, "sk-svc2-linear-13", make_pipeline(StandardScaler(), SVC(kernel="linear")), 2, 13)
    classifier(out, "sk-svc3-linear-9", make_pipeline(StandardScaler(), SVC(kernel="linear")), 3, 9)
    classifier(
        out,
        "sk-sgd-log3-17",
        make_pipeline(StandardScaler(), SGDClassifier(loss="log_loss", random_state=0)),
        3,
        17,
        "nozip",
        expect="either",
    )
    classifier(
        out,
        "sk-lda3-13",
        make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()),
        3,
        13,
        "nozip",
        expect="either",
    )
    classifier(
        out, "sk-pca-logit3-23", make_pipeline(StandardScaler(), PCA(9), LogisticRegression(**lr)), 3, 23, "nozip"
    )
    bundled(out, "sk-wine-logit3", make_pipeline(StandardScaler(), LogisticRegression(**lr)), load_wine(), "zip", 60)
    bundled(out, "sk-iris-logit3", make_pipeline(MinMaxScaler(), LogisticRegression(**lr)), load_iris(), "nozip", 60)
    bundled(
        out, "sk-digits-logit10", make_pipeline(MinMaxScaler(), LogisticRegression(**lr)), load_digits(), "nozip", 200
    )
    regressor(out, "sk-std-ridge-17-skewed", make_pipeline(StandardScaler(), Ridge()), 17, skewed=5, constant=1)
    regressor(
        out,
        "sk-minmax-ridge-23-60rows",
        make_pipeline(MinMaxScaler(), Ridge()),
        23,
        calibration_rows=60,
        skewed=3,
        constant=3,
    )
    regressor(out, "sk-robust-ridge-13", make_pipeline(RobustScaler(), Ridge()), 13, constant=1)
    regressor(out, "sk-ols-2targets-13", make_pipeline(StandardScaler(), LinearRegression()), 13, outputs=2)
    regressor(out, "sk-lasso-17", make_pipeline(StandardScaler(with_mean=False), Lasso(alpha=0.5)), 17)
    regressor(out, "sk-elasticnet-13-noscaler", ElasticNet(alpha=0.1, max_iter=20000), 13)
    regressor(out, "sk-linearsvr-17", make_pipeline(StandardScaler(), LinearSVR(max_iter=20000)), 17)


def networks(out):
    for activation in ("relu", "tanh", "logistic"):
        mlp = dict(activation=activation, max_iter=500, random_state=0)
        classifier(
            out,
            f"sk-mlpc2-{activation}-13",
            make_pipeline(StandardScaler(), MLPClassifier((16,), **mlp)),
            2,
            13,
            "zip",
        )
        classifier(
            out,
            f"sk-mlpc4-{activation}-23-2layers",
            make_pipeline(StandardScaler(), MLPClassifier((24, 12), **mlp)),
            4,
            23,
            "nozip",
            skewed=2,
            constant=1,
        )
        regressor(
            out,
            f"sk-mlpr-{activation}-17",
            make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(20,), **mlp)),
            17,
            scale=1,
            centre=0,
        )
        regressor(
            out,
            f"sk-mlpr-{activation}-13-2layers",
            make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(20, 11), **mlp)),
            13,
            scale=3,
            centre=1,
            calibration_rows=60,
            constant=1,
        )
    classifier(
        out,
        "sk-mlpc3-relu-17-60rows",
        make_pipeline(MinMaxScaler(), MLPClassifier((15,), max_iter=800, random_state=1)),
        3,
        17,
        "nozip",
        60,
        skewed=3,
    )
    regressor(
        out, "sk-mlpr-default-13", make_pipeline(StandardScaler(), MLPRegressor(max_iter=400, random_state=0)), 13
    )
    classifier(
        out, "sk-mlpc-default-17", make_pipeline(StandardScaler(), MLPClassifier(max_iter=300, random_state=0)), 2, 17
    )
    regressor(
        out,
        "sk-mlpr-identity-13",
        make_pipeline(
            StandardScaler(),
            MLPRegressor(hidden_layer_sizes=(12,), activation="identity", max_iter=400, random_state=0),
        ),
        13,
    )


def refused(out):
    classifier(out, "no-random-forest", RandomForestClassifier(20, random_state=0), 2, 13, expect="refuse")
    regressor(out, "no-gradient-boosting", GradientBoostingRegressor(n_estimators=20), 13, expect="refuse")
    classifier(out, "no-knn", make_pipeline(StandardScaler(), KNeighborsClassifier()), 3, 13, expect="refuse")
    classifier(out, "no-svc-rbf", make_pipeline(StandardScaler(), SVC()), 2, 13, expect="refuse")
    classifier(
        out,
        "maybe-normalizer-l2",
        make_pipeline(StandardScaler(), Normalizer(), LogisticRegression()),
        2,
        13,
        expect="either",
    )
    regressor(
        out,
        "maybe-polynomial-features",
        make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()),
        5,
        expect="either",
    )


def make(out):
    linear_models(out)
    networks(out)
    refused(out)
