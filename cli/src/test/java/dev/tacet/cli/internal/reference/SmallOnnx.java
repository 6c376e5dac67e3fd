// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.reference;

import dev.tacet.compiler.internal.onnx.proto.GraphProto;
import dev.tacet.compiler.internal.onnx.proto.ModelProto;
import dev.tacet.compiler.internal.onnx.proto.NodeProto;
import dev.tacet.compiler.internal.onnx.proto.OperatorSetIdProto;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import dev.tacet.compiler.internal.onnx.proto.TensorShapeProto;
import dev.tacet.compiler.internal.onnx.proto.TypeProto;
import dev.tacet.compiler.internal.onnx.proto.ValueInfoProto;

/** ONNX models of one function of each feature, made in the test. */
public final class SmallOnnx {
  private SmallOnnx() {}

  /** The bytes of y = function(x) on so many features of an element type, in a version of the operator set. */
  public static byte[] bytes(String function, TensorProto.DataType type, int features, long opset) {
    GraphProto graph = GraphProto.newBuilder().setName("small").addInput(value("x", type, features)).addOutput(value("y", type, features))
        .addNode(NodeProto.newBuilder().setName("the_y").setOpType(function).addInput("x").addOutput("y")).build();
    return ModelProto.newBuilder().setIrVersion(8).setGraph(graph)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset)).build().toByteArray();
  }

  private static ValueInfoProto value(String name, TensorProto.DataType type, int features) {
    TensorShapeProto shape = TensorShapeProto.newBuilder().addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("batch"))
        .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(features)).build();
    return ValueInfoProto.newBuilder().setName(name)
        .setType(TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape))).build();
  }
}
