# SPDX-License-Identifier: Apache-2.0
"""What the scripts that train on MNIST and Fashion-MNIST share: the data, the training loop, the export and the files that they write.

The images come from `node mnist-ffnn/fetch_mnist.mjs` or `node fashion-mnist/fetch_fashion_mnist.mjs`. Deterministic on one machine
(fixed seed, one thread). Needs PyTorch, onnx, onnxruntime.

Batch normalisation stands before each activation while training and is folded into the weights before the export. A penalty on
pre-activations beyond a bound keeps the activations' inputs in a narrow interval: a wide one costs precision, or degree.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import numpy as np
import onnxruntime
import torch
from torch import nn

import model_files

DATA = Path(__file__).resolve().parent / "mnist-ffnn" / "data"
KEPT_TEST_ROWS = 300
CALIBRATION_ROWS = 300
EVALUATION_PARTS = 20


def read_images(path):
    """idx3 file -> uint8 [rows, 784]."""
    return np.frombuffer(path.read_bytes(), np.uint8, offset=16).reshape(-1, 784)


def read_labels(path):
    """idx1 file -> int64 [rows]."""
    return np.frombuffer(path.read_bytes(), np.uint8, offset=8).astype(np.int64)


def shifted(most):
    """Moves all images [rows, 1, 28, 28] of a batch by the same few pixels, at most `most` each way."""
    def move(images, generator):
        shift = torch.randint(-most, most + 1, (2,), generator=generator)
        return torch.roll(images, tuple(shift.tolist()), (2, 3))

    return move


def random_rows(images, pick):
    """Indices of calibration rows, any of the training images."""
    return np.sort(pick.choice(len(images), CALIBRATION_ROWS, replace=False))


@dataclass
class Recipe:
    """How a network is trained and what its folder says of it.

    `training_net` makes the network with its batch normalisations, whose forward returns (logits, the pre-activations that the
    penalty watches); `exported_net` makes of the trained one what is exported, pixels 0..255 to logits.
    """

    name: str
    description: str
    training_net: Callable
    exported_net: Callable
    seed: int
    epochs: int
    soft_bound: float
    accuracy: str
    augment: Callable = shifted(2)
    calibration: Callable = random_rows
    image_shape: tuple = (1, 28, 28)
    compile: str = ""
    data: Path = DATA
    classes: tuple = tuple(str(digit) for digit in range(10))
    batch: int = 128
    peak_rate: float = 2e-3
    weight_decay: float = 1e-2
    penalty: float = 0.05
    half_weights: bool = False
    measured: Callable = field(default=lambda trained, x_train, x_test: [])
    """Further (label, value) rows of the model card, from the trained network and the images as uint8 [rows, 784]."""


def folded(layer, norm):
    """The Linear or convolution that equals `norm(layer(x))` with the running statistics, computed in float64."""
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    bias = layer.bias.double() if layer.bias is not None else torch.zeros_like(gain)
    if isinstance(layer, nn.Linear):
        out = nn.Linear(layer.in_features, layer.out_features)
    else:
        out = type(layer)(layer.in_channels, layer.out_channels, layer.kernel_size, layer.stride, layer.padding)
    with torch.no_grad():
        out.weight.copy_(layer.weight.double() * gain.reshape(-1, *[1] * (layer.weight.dim() - 1)))
        out.bias.copy_((bias - norm.running_mean.double()) * gain + norm.bias.double())
    return out


def largest_inputs(trained, images):
    """The largest absolute pre-activation of each watched activation over uint8 images [rows, 784]."""
    with torch.no_grad():
        return [float(z.abs().max()) for z in trained(torch.from_numpy(images.astype(np.float32) / 255))[1]]


def train(net, images, labels, recipe):
    """Trains on augmented batches with the penalty; returns the network in eval mode."""
    generator = torch.Generator().manual_seed(recipe.seed)
    steps = recipe.epochs * math.ceil(len(images) / recipe.batch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.peak_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.peak_rate, total_steps=steps, pct_start=0.15)
    x = torch.from_numpy(images.astype(np.float32) / 255).reshape(-1, 1, 28, 28)
    y = torch.from_numpy(labels)
    for epoch in range(recipe.epochs):
        net.train()
        total = 0.0
        for batch in torch.randperm(len(x), generator=generator).split(recipe.batch):
            logits, pre = net(recipe.augment(x[batch], generator).reshape(-1, *recipe.image_shape))
            excess = sum((z.abs() - recipe.soft_bound).relu().square().flatten(1).sum(1).mean() for z in pre)
            loss = nn.functional.cross_entropy(logits, y[batch], label_smoothing=0.02) + recipe.penalty * excess
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        print(f"epoch {epoch + 1} loss {total / len(x):.4f}", flush=True)
    return net.eval()


def export(net, recipe, path):
    """Writes the ONNX file; rows are its first axis."""
    torch.onnx.export(
        net, (torch.zeros(1, *recipe.image_shape),), path, opset_version=17, dynamo=False,
        input_names=["pixels"], output_names=["logits"], dynamic_axes={"pixels": {0: "rows"}, "logits": {0: "rows"}},
    )
    if recipe.half_weights:
        model_files.halve_weights(path)


def clear_logits(path, images, recipe):
    """The exported model's logits for uint8 images [rows, 784]."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return np.concatenate([
        session.run(None, {"pixels": part.astype(np.float32).reshape(-1, *recipe.image_shape)})[0]
        for part in np.array_split(images, EVALUATION_PARTS)])


def write_yaml(folder, recipe):
    (folder / "tacet.yaml").write_text(
        f'name: {recipe.name}\nversion: "1"\ndescription: "{recipe.description}"\n'
        "model: model.onnx\ntask: classification\n"
        f"classes: [{', '.join(model_files.quoted(name) for name in recipe.classes)}]\n"
        "calibration: calibration.csv\n"
        f"accuracy: {recipe.accuracy}  # largest error of an output that the compiler may spend, relative to the output's range\n"
        "inputs:\n  - name: pixels\n    range: {low: 0, high: 255}  # of every feature, raw units\n" + recipe.compile
    )


def run(folder, recipe):
    """Trains the network, exports it, measures it on all test images and writes the folder's files."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    data = recipe.data
    x_train, y_train = read_images(data / "train-images-idx3-ubyte"), read_labels(data / "train-labels-idx1-ubyte")
    x_test, y_test = read_images(data / "t10k-images-idx3-ubyte"), read_labels(data / "t10k-labels-idx1-ubyte")
    torch.manual_seed(recipe.seed)
    trained = train(recipe.training_net(), x_train, y_train, recipe)
    path = str(folder / "model.onnx")
    export(recipe.exported_net(trained).eval(), recipe, path)
    logits = clear_logits(path, x_test, recipe)
    correct = logits.argmax(1) == y_test

    pick = np.random.default_rng(recipe.seed)
    kept = np.sort(pick.choice(len(x_test), KEPT_TEST_ROWS, replace=False))
    sample = recipe.calibration(x_train, pick)
    names = [f"p{i}" for i in range(784)]
    model_files.write_rows(folder / "test.csv", names, x_test[kept])
    model_files.write_rows(folder / "test_labels.csv", ["label"], y_test[kept][:, None])
    model_files.write_rows(folder / "calibration.csv", names, x_train[sample])
    write_yaml(folder, recipe)
    rows = [
        ("training images", len(x_train)),
        ("test images", len(x_test)),
        ("accuracy, all test images, clear", f"{100 * correct.mean():.2f} %"),
        (f"accuracy, the {KEPT_TEST_ROWS} images kept in test.csv, clear", f"{100 * correct[kept].mean():.2f} %"),
        *recipe.measured(trained, x_train, x_test),
        ("logits, test images", f"{logits.min():.1f} to {logits.max():.1f}"),
    ]
    body = "| | |\n|---|---|\n" + "".join(f"| {label} | {value} |\n" for label, value in rows)
    model_files.replace_block(folder / "README.md", "measured", body)
    print(body)
