# SPDX-License-Identifier: Apache-2.0
"""What the training scripts of this folder share: writing rows, truths, ranges and tacet.yaml.

Numbers are written with repr of a Python float: the shortest text that reads back to the same float64.
"""

import csv
import importlib.util
from pathlib import Path

import onnx
from onnx import TensorProto, helper, numpy_helper


def write_rows(path, names, rows):
    """Writes `rows` (row-major numbers) under a header of feature `names`."""
    with open(path, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        for row in rows:
            writer.writerow([text(value) for value in row])


def text(value):
    """The shortest exact text: integers without a point, floats by repr."""
    value = float(value)
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)


def ranges_of(rows):
    """Per column (low, high) over `rows`, as Python floats."""
    return [(float(column.min()), float(column.max())) for column in rows.T]


def quoted(name):
    """A YAML double-quoted scalar for the plain ASCII names used here."""
    return '"' + name.replace('"', "'") + '"'


def write_yaml(path, *, name, version, task, description, accuracy, input_name, features, classes=None, extra=""):
    """Writes tacet.yaml. `features` = [(name, low, high)] in raw units, in the model's input order."""
    lines = [
        f"name: {name}",
        f'version: "{version}"',
        f"description: {quoted(description)}",
        "model: model.onnx",
        f"task: {task}",
    ]
    if classes:
        lines.append("classes:  # index = the label that the model answers")
        lines += [f"  - {quoted(c)}" for c in classes]
    lines += [
        "calibration: calibration.csv",
        f"accuracy: {accuracy}  # largest error of an output that the compiler may spend, relative to the output's range",
        "inputs:",
        f"  - name: {input_name}",
        "    features:  # smallest and largest value in the training rows, raw units",
    ]
    lines += [f"      - {{name: {quoted(n)}, low: {text(lo)}, high: {text(hi)}}}" for n, lo, hi in features]
    Path(path).write_text("\n".join(lines) + "\n" + extra)


def replace_block(card, marker, body):
    """Replaces what stands between `<!-- marker -->` and `<!-- /marker -->` in the model card."""
    card = Path(card)
    before, rest = card.read_text().split(f"<!-- {marker} -->", 1)
    _, after = rest.split(f"<!-- /{marker} -->", 1)
    card.write_text(f"{before}<!-- {marker} -->\n{body.rstrip()}\n<!-- /{marker} -->{after}")


def load_script(path):
    """The training script at `path` as a module: scripts share data and helpers."""
    path = Path(path)
    spec = importlib.util.spec_from_file_location(path.parent.name.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def halve_weights(path, least=1 << 16):
    """Stores initializers of at least `least` floats in half precision, each behind a Cast: the file takes half the bytes."""
    model = onnx.load(path)
    casts = []
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if weights.data_type == TensorProto.FLOAT and values.size >= least:
            name = weights.name
            weights.CopyFrom(numpy_helper.from_array(values.astype("float16"), name + ".half"))
            casts.append(helper.make_node("Cast", [name + ".half"], [name], name + ".cast", to=TensorProto.FLOAT))
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)
