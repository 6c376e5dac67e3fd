# SPDX-License-Identifier: Apache-2.0
"""Prints the harness's result files as a Markdown table: collect.py HARNESS SIZE..."""

import json
import sys
from pathlib import Path

NAMES = ["single", "small", "medium", "large"]
STAGES = {
    "keys made": "Client: Key Generation",
    "preprocess": "Server: (Encrypted) model preprocessing",
    "encrypt": "Client: Input encryption",
    "server": "Server: Encrypted ML Inference computation",
    "decrypt": "Client: Result decryption",
}
SIZES = {"keys": "Client: Public and evaluation keys", "input": "Client: Encrypted input", "result": "Client: Encrypted results"}
QUALITY = {"accuracy": "Encrypted model quality", "clear model": "Harness model quality"}


def row(name, file):
    """The cells of one result file."""
    result = json.loads(file.read_text())
    cells = [name, file.stem.removeprefix("results-")]
    cells += [result["per_stage"].get(stage, "-") for stage in STAGES.values()]
    cells += [result["bandwidth"].get(size, "-") for size in SIZES.values()]
    quality = result.get("mnist_model_quality", {})
    cells += [f"{quality[tag]['accuracy']:.4f}" if tag in quality else "-" for tag in QUALITY.values()]
    return cells


def main():
    harness, sizes = Path(sys.argv[1]), [int(size) for size in sys.argv[2:]]
    header = ["size", "run", *STAGES, *SIZES, *QUALITY]
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for size in sizes:
        name = NAMES[size]
        for file in sorted((harness / "measurements" / name).glob("results-*.json"), key=lambda f: int(f.stem.split("-")[1])):
            print("| " + " | ".join(row(name, file)) + " |")


if __name__ == "__main__":
    main()
