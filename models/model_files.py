# SPDX-License-Identifier: Apache-2.0
"""What the training scripts of this folder share: writing rows, truths, ranges and tacet.yaml.

Numbers are written with repr of a Python float: the shortest text that reads back to the same float64.
"""

import csv
from pathlib import Path


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
