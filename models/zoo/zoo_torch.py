# SPDX-License-Identifier: Apache-2.0
"""The zoo's PyTorch networks, trained briefly and exported by both exporters (suffix -ts: TorchScript, -dy: torch.export)."""

import os
import tempfile
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from zoo_common import INPUT_ROWS, classes, features, standard, target, write_case
from zoo_sklearn import hash_of


class Stack(nn.Sequential):
    """Plain layers in order."""


class Residual(nn.Module):
    """Sums of branches of unequal depth: skip from the input, from the first layer and through two activations."""

    def __init__(self, inputs, outputs, act):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(inputs, 20), nn.Linear(20, 20), nn.Linear(20, outputs)
        self.skip, self.act = nn.Linear(inputs, outputs), act

    def forward(self, x):
        h = self.act(self.a(x))
        g = h + self.act(self.b(h))
        return self.c(g) + self.skip(x)


class Block(nn.Module):
    """x + f(x) with the input's own width, then a head: the sum joins depth 0 and depth 1."""

    def __init__(self, width, outputs):
        super().__init__()
        self.f1, self.f2, self.head = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, outputs)

    def forward(self, x):
        return self.head(x + self.f2(torch.tanh(self.f1(x))))


class Standardised(nn.Module):
    """(x - mean) / deviation as plain Sub and Div, then the body."""

    def __init__(self, x, body):
        super().__init__()
        deviation = x.std(0)
        self.register_buffer("mean", torch.tensor(x.mean(0), dtype=torch.float32))
        self.register_buffer("deviation", torch.tensor(np.where(deviation > 0, deviation, 1), dtype=torch.float32))
        self.body = body

    def forward(self, x):
        return self.body((x - self.mean) / self.deviation)


class Ending(nn.Module):
    """`end(body(x))`, where training sees only the body's logits."""

    def __init__(self, body, end):
        super().__init__()
        self.body, self.end = body, end

    def forward(self, x):
        return self.end(self.body(x))


class Square(nn.Module):
    def forward(self, x):
        return x.pow(2)


class Gate(nn.Module):
    """x * sigmoid(x), written out."""

    def forward(self, x):
        return x * torch.sigmoid(x)


class LstmHead(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(4, 8, batch_first=True), nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


def fit(net, x, y, task, steps=400):
    """Full-batch Adam; leaves the network in eval mode."""
    x = torch.tensor(x, dtype=torch.float32)
    y = torch.tensor(y) if task == "classification" else torch.tensor(y, dtype=torch.float32).reshape(len(y), -1)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2, weight_decay=1e-3)
    for _ in range(steps):
        out = net(x)
        loss = F.cross_entropy(out, y) if task == "classification" else F.mse_loss(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net.eval()


def exported(net, sample, modern, opset, fixed_batch):
    """Bytes of the ONNX file, weights inside."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        path = os.path.join(folder, "m.onnx")
        if modern:
            shapes = None if fixed_batch else ({0: torch.export.Dim("rows")},)
            torch.onnx.export(
                net,
                (sample,),
                path,
                opset_version=max(opset, 18),
                dynamo=True,
                external_data=False,
                dynamic_shapes=shapes,
                verbose=False,
            )
        else:
            axes = {} if fixed_batch else {"input": {0: "rows"}, "output": {0: "rows"}}
            torch.onnx.export(
                net,
                (sample,),
                path,
                opset_version=opset,
                dynamo=False,
                input_names=["input"],
                output_names=["output"],
                dynamic_axes=axes,
            )
        with open(path, "rb") as file:
            return file.read()


def case(
    out,
    name,
    build,
    count,
    *,
    task="classification",
    labels=3,
    end=None,
    scaled=True,
    calibration_rows=200,
    shape=None,
    opset=17,
    fixed_batch=False,
    expect="run",
    both=True,
    skewed=0,
    constant=0,
    steps=400,
):
    """Trains `build(x)` on synthetic rows and writes one case per exporter."""
    rng = np.random.default_rng(hash_of(name))
    torch.manual_seed(hash_of(name) % 2**31)
    x = features(rng, 600, count, skewed, constant)
    if scaled:
        x = standard(x)
    y = classes(x, count, labels) if task == "classification" else 3 * target(x, count, labels)
    rows = x.reshape(len(x), *shape) if shape else x
    net = fit(build(x), rows[:-INPUT_ROWS], y[:-INPUT_ROWS], task, steps)
    if end:
        net = Ending(net, end).eval()
    sample = torch.tensor(rows[: 1 if fixed_batch else 2], dtype=torch.float32)
    for modern in (False, True) if both else (False,):
        try:
            model = exported(net, sample, modern, opset, fixed_batch)
        except Exception as error:  # an exporter's own failure is not ours
            print(f"{name}: {'torch.export' if modern else 'TorchScript'} exporter failed: {str(error)[:200]}")
            continue
        write_case(
            out,
            f"{name}-{'dy' if modern else 'ts'}",
            model,
            x[:calibration_rows],
            x[-INPUT_ROWS:],
            expect=expect,
            task=task,
            primary=None,
        )


def mlp(inputs, outputs, act, hidden=(20,), norm=False, dropout=0.0):
    layers, width = [], inputs
    for size in hidden:
        layers.append(nn.Linear(width, size))
        if norm:
            layers.append(nn.BatchNorm1d(size))
        layers.append(act())
        if dropout:
            layers.append(nn.Dropout(dropout))
        width = size
    return Stack(*layers, nn.Linear(width, outputs))


def classification(out):
    case(out, "pt-bn-relu-dropout-13", lambda x: mlp(13, 3, nn.ReLU, (24, 12), True, 0.2), 13)
    case(
        out,
        "pt-bn-first-tanh-17",
        lambda x: Stack(nn.BatchNorm1d(17), *mlp(17, 4, nn.Tanh, (19,))),
        17,
        labels=4,
        scaled=False,
        constant=1,
    )
    case(out, "pt-gelu-exact-17", lambda x: mlp(17, 3, nn.GELU, (21,)), 17)
    case(out, "pt-gelu-tanh-13", lambda x: mlp(13, 3, lambda: nn.GELU("tanh"), (21,)), 13)
    case(out, "pt-gelu-opset20-13", lambda x: mlp(13, 2, nn.GELU, (21,)), 13, labels=2, opset=20, both=False)
    case(out, "pt-silu-23", lambda x: mlp(23, 3, nn.SiLU, (17,)), 23)
    case(out, "pt-gate-13", lambda x: mlp(13, 3, Gate, (16, 8)), 13, both=False)
    case(out, "pt-leaky-17", lambda x: mlp(17, 3, lambda: nn.LeakyReLU(0.1), (23,)), 17)
    case(out, "pt-softplus-13", lambda x: mlp(13, 3, nn.Softplus, (16,)), 13)
    case(out, "pt-softmax-end-13", lambda x: mlp(13, 3, nn.ReLU, (16,)), 13, end=nn.Softmax(1))
    case(
        out,
        "pt-logsoftmax-end-17",
        lambda x: mlp(17, 4, nn.Tanh, (16,)),
        17,
        labels=4,
        end=nn.LogSoftmax(1),
        both=False,
    )
    case(
        out,
        "pt-argmax-end-13",
        lambda x: mlp(13, 3, nn.Tanh, (16,)),
        13,
        end=lambda_module(lambda y: y.argmax(1)),
        expect="either",
    )
    case(out, "pt-sigmoid-end-23", lambda x: mlp(23, 2, nn.SiLU, (16,)), 23, labels=2, end=nn.Sigmoid(), both=False)
    case(out, "pt-linear-only-23", lambda x: Stack(nn.Linear(23, 3)), 23, end=nn.Softmax(-1), both=False)
    case(out, "pt-square-17", lambda x: mlp(17, 3, Square, (16, 8)), 17)
    case(out, "pt-fixed-batch-13", lambda x: mlp(13, 3, nn.Tanh, (16,)), 13, fixed_batch=True)
    case(out, "pt-flatten-24", lambda x: Stack(nn.Flatten(), *mlp(24, 3, nn.ReLU, (16,))), 24, shape=(1, 4, 6))
    case(
        out,
        "pt-standardised-13-60rows",
        lambda x: Standardised(x, mlp(13, 3, nn.ReLU, (16,))),
        13,
        scaled=False,
        skewed=3,
        constant=1,
        calibration_rows=60,
    )
    case(out, "pt-wide-100-64", lambda x: mlp(100, 5, nn.ReLU, (64, 32)), 100, labels=5, both=False)
    case(out, "pt-hardswish-13", lambda x: mlp(13, 3, nn.Hardswish, (16,)), 13, both=False, expect="either")
    case(out, "pt-mish-13", lambda x: mlp(13, 3, nn.Mish, (16,)), 13, both=False, expect="either")
    case(out, "pt-elu-13", lambda x: mlp(13, 3, nn.ELU, (16,)), 13, both=False, expect="either")


def regression(out):
    deep = dict(task="regression", labels=1)
    case(out, "pt-residual-relu-13", lambda x: Residual(13, 1, nn.ReLU()), 13, **deep)
    case(
        out,
        "pt-residual-tanh-17",
        lambda x: Residual(17, 2, nn.Tanh()),
        17,
        task="regression",
        labels=2,
        calibration_rows=60,
    )
    case(out, "pt-block-23", lambda x: Block(23, 1), 23, constant=1, **deep)
    case(
        out,
        "pt-tanh-2layers-wide-range-13",
        lambda x: Standardised(x, mlp(13, 1, nn.Tanh, (24, 12))),
        13,
        scaled=False,
        steps=1500,
        both=False,
        **deep,
    )
    case(out, "pt-bn-gelu-reg-17", lambda x: mlp(17, 1, nn.GELU, (24, 12), True, 0.1), 17, **deep)
    case(out, "pt-softplus-reg-23", lambda x: mlp(23, 1, nn.Softplus, (15, 9)), 23, both=False, **deep)
    case(out, "pt-sigmoid-reg-17", lambda x: mlp(17, 1, nn.Sigmoid, (16,)), 17, both=False, **deep)
    case(
        out,
        "pt-relu-reg-skewed-13",
        lambda x: Standardised(x, mlp(13, 1, nn.ReLU, (16,))),
        13,
        scaled=False,
        skewed=5,
        both=False,
        calibration_rows=60,
        **deep,
    )


def lambda_module(function):
    class Wrapped(nn.Module):
        def forward(self, y):
            return function(y)

    return Wrapped()


def refused(out):
    conv = lambda x: Stack(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 3 * 3, 3))  # noqa: E731
    case(out, "no-maxpool", conv, 64, shape=(1, 8, 8), expect="refuse", steps=20)
    case(out, "no-lstm", lambda x: LstmHead(), 24, labels=2, shape=(6, 4), expect="refuse", both=False, steps=20)


def make(out):
    torch.set_num_threads(1)
    classification(out)
    regression(out)
    refused(out)
