# SPDX-License-Identifier: Apache-2.0
"""Collects the single-operator cases of the ONNX project's backend suite that the compiler's tests run.

The cases come from the PyPI package onnx, versions up to 1.18, whose folder onnx/backend/test/data/node holds them:

    pip download onnx==1.18.0 --no-deps && unzip onnx-1.18.0-*.whl 'onnx/backend/test/data/node/*'
    python models/zoo/node_cases.py onnx/backend/test/data/node compiler/src/test/resources/onnx-node-cases.zip.gz

Taken are cases of at most 25 KB whose operators the compiler runs, that start from floats or from nothing and give numbers, and the smallest
case of an operator that has none so small. Many small files compress best as one: a zip without compression inside a gzip.
"""
import gzip
import io
import os
import sys
import zipfile

import onnx

OPERATORS = set("""Conv AveragePool GlobalAveragePool BatchNormalization Gemm MatMul Add Sub Mul Div Pow Sqrt Reciprocal Exp
ReduceSum ReduceMean Concat Slice Split Pad Transpose Reshape Flatten Squeeze Unsqueeze Gather Identity Cast CastLike Dropout Constant Clip Relu
LeakyRelu PRelu Elu Celu Selu Sigmoid HardSigmoid HardSwish Tanh Softplus Softsign Gelu Erf Mish Softmax LogSoftmax ArgMax ArgMin
TopK Neg Abs Sum Mean Max Min Log Expand ThresholdedRelu ReduceSumSquare Where Tile DepthToSpace SpaceToDepth Swish""".split())
MOST_BYTES = 25_000
FLOATS = {onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE}
NUMBERS = FLOATS | {onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.BOOL}


def files(case):
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(case) for name in names)


def fits(case):
    model = onnx.load(os.path.join(case, "model.onnx"))
    graph = model.graph
    if any(not value.type.HasField("tensor_type") for value in list(graph.input) + list(graph.output)):
        return False
    inputs = [value.type.tensor_type for value in graph.input]
    outputs = [value.type.tensor_type for value in graph.output]
    training = any(a.name == "training_mode" and a.i for node in graph.node for a in node.attribute)
    empty = any(d.HasField("dim_value") and d.dim_value == 0 for t in inputs + outputs for d in t.shape.dim)
    return (all(node.op_type in OPERATORS for node in graph.node) and (not inputs or inputs[0].elem_type in FLOATS)
            and all(t.elem_type in NUMBERS for t in outputs) and all(t.elem_type != onnx.TensorProto.STRING for t in inputs)
            and not training and not empty and "training" not in case and "mask" not in case and "mvn" not in case)


def size(case):
    return sum(os.path.getsize(f) for f in files(case))


def operators(case):
    return {node.op_type for node in onnx.load(os.path.join(case, "model.onnx")).graph.node}


def chosen(source):
    """The folders of the cases that are taken, sorted."""
    cases = [case for case in (os.path.join(source, name) for name in sorted(os.listdir(source))) if fits(case)]
    small = [case for case in cases if size(case) <= MOST_BYTES]
    for operator in sorted(OPERATORS - set().union(*map(operators, small))):
        alone = [case for case in cases if operators(case) == {operator}]
        small += sorted(alone, key=size)[:1]
    return sorted(small)


def main(source, target):
    cases = chosen(source)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for file in (file for case in cases for file in files(case)):
            with open(file, "rb") as data:
                archive.writestr(zipfile.ZipInfo(os.path.relpath(file, source)), data.read())
    with open(target, "wb") as output:
        output.write(gzip.compress(buffer.getvalue(), 9, mtime=0))
    print(len(cases), "cases,", os.path.getsize(target), "bytes; without a case:", OPERATORS - set().union(*map(operators, cases)))


if __name__ == "__main__":
    main(*sys.argv[1:])
