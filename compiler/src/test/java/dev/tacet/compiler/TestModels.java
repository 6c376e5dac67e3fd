// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.google.protobuf.ByteString;
import dev.tacet.compiler.internal.onnx.proto.AttributeProto;
import dev.tacet.compiler.internal.onnx.proto.GraphProto;
import dev.tacet.compiler.internal.onnx.proto.ModelProto;
import dev.tacet.compiler.internal.onnx.proto.NodeProto;
import dev.tacet.compiler.internal.onnx.proto.OperatorSetIdProto;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import dev.tacet.compiler.internal.onnx.proto.TensorShapeProto;
import dev.tacet.compiler.internal.onnx.proto.TypeProto;
import dev.tacet.compiler.internal.onnx.proto.ValueInfoProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/** Small ONNX models made in the test, and rows for them. */
public final class TestModels {
  private static final Set<String> INDEXES = Set.of("ArgMax", "ArgMin");

  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("test");
  private long opset = 18;
  private boolean integers;

  /** Starts a model with one float input x of shape [batch, features...]. */
  public static TestModels of(int... features) {
    TestModels model = new TestModels();
    model.graph.addInput(value("x", features));
    return model;
  }

  /** Starts a model that is exported for a fixed number of rows: one float input x of shape [rows, features...]. */
  public static TestModels ofRows(int rows, int... features) {
    TestModels model = of(features);
    model.graph.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().getShapeBuilder().setDim(0,
        TensorShapeProto.Dimension.newBuilder().setDimValue(rows));
    return model;
  }

  /** Makes the first input, and the output that {@link #output} declares, of 64-bit integers. */
  public TestModels ofIntegers() {
    graph.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(TensorProto.DataType.INT64_VALUE);
    integers = true;
    return this;
  }

  /** Adds another float input. */
  public TestModels input(String name, int... features) {
    graph.addInput(value(name, features));
    return this;
  }

  /** Sets the version of the default operator set. */
  public TestModels opset(long version) {
    opset = version;
    return this;
  }

  /** Adds a float initializer. */
  public TestModels constant(String name, long[] dims, double... values) {
    graph.addInitializer(tensor(name, dims, values));
    return this;
  }

  /** Adds any initializer. */
  public TestModels constant(TensorProto proto) {
    graph.addInitializer(proto);
    return this;
  }

  /** Adds an initializer of 64-bit integers, a vector. */
  public TestModels indexes(String name, long... values) {
    graph.addInitializer(TensorProto.newBuilder().setName(name).setDataType(TensorProto.DataType.INT64_VALUE)
        .addDims(values.length).addAllInt64Data(Arrays.stream(values).boxed().toList()));
    return this;
  }

  /** Makes a float tensor. */
  public static TensorProto tensor(String name, long[] dims, double... values) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(1);
    for (long dim : dims) {
      tensor.addDims(dim);
    }
    for (double value : values) {
      tensor.addFloatData((float) value);
    }
    return tensor.build();
  }

  /** Adds a node of the default domain; inputs and outputs are separated by spaces. */
  public TestModels node(String type, String inputs, String output, AttributeProto... attributes) {
    List<String> outputs = List.of(output.split(" "));
    NodeProto.Builder node = NodeProto.newBuilder().setName("the_" + outputs.get(0));
    int dot = type.lastIndexOf('.');
    node.setDomain(dot < 0 ? "" : type.substring(0, dot)).setOpType(type.substring(dot + 1));
    if (!inputs.isEmpty()) {
      node.addAllInput(List.of(inputs.split(" ")));
    }
    node.addAllOutput(outputs);
    node.addAllAttribute(List.of(attributes));
    graph.addNode(node);
    return this;
  }

  /** Declares the shape of a value between nodes, without its batch. */
  public TestModels declared(String name, int... features) {
    graph.addValueInfo(value(name, features));
    return this;
  }

  /** Makes an integer attribute. */
  public static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INT).setI(value).build();
  }

  /** Makes an attribute of integers. */
  public static AttributeProto integers(String name, long... values) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS)
        .addAllInts(Arrays.stream(values).boxed().toList()).build();
  }

  /** Makes an attribute of texts. */
  public static AttributeProto texts(String name, String... values) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRINGS)
        .addAllStrings(Arrays.stream(values).map(ByteString::copyFromUtf8).toList()).build();
  }

  /** Makes a float attribute. */
  public static AttributeProto real(String name, double value) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.FLOAT).setF((float) value).build();
  }

  /** Makes an attribute of floats. */
  public static AttributeProto reals(String name, double... values) {
    AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.FLOATS);
    Arrays.stream(values).forEach(value -> attribute.addFloats((float) value));
    return attribute.build();
  }

  /** Makes a text attribute. */
  public static AttributeProto text(String name, String value) {
    return AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value)).build();
  }

  /** Adds an output and returns the model's bytes. */
  public byte[] output(String name) {
    return output(name, 1);
  }

  /** Adds an output of [batch, features] and returns the model's bytes. */
  public byte[] output(String name, int features) {
    ValueInfoProto.Builder output = value(name, features).toBuilder();
    boolean index = graph.getNodeList().stream().anyMatch(node -> INDEXES.contains(node.getOpType()) && node.getOutputList().contains(name)
        || node.getOpType().equals("TopK") && node.getOutputCount() > 1 && node.getOutput(1).equals(name));
    boolean text = graph.getNodeList().stream().anyMatch(node -> node.getOutputList().contains(name)
        && node.getAttributeList().stream().anyMatch(to -> to.getName().equals("to") && to.getI() == TensorProto.DataType.STRING_VALUE));
    output.getTypeBuilder().getTensorTypeBuilder().setElemType(
        (index || integers ? TensorProto.DataType.INT64 : text ? TensorProto.DataType.STRING : TensorProto.DataType.FLOAT).getNumber());
    graph.addOutput(output);
    return ModelProto.newBuilder().setIrVersion(8).setProducerName("test").setGraph(graph)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(opset))
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("ai.onnx.ml").setVersion(3))
        .build().toByteArray();
  }

  /** The same as a source named "test". */
  public OnnxSource source(String output) {
    return OnnxSource.ofBytes("test", output(output));
  }

  private static ValueInfoProto value(String name, int... features) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder()
        .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("batch"));
    for (int dimension : features) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dimension));
    }
    return ValueInfoProto.newBuilder().setName(name).setType(
        TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape))).build();
  }

  /** Returns the product of a row and a matrix of so many columns, written row after row. */
  public static double[] times(double[] x, double[] matrix, int columns) {
    double[] result = new double[columns];
    for (int i = 0; i < x.length; i++) {
      for (int k = 0; k < columns; k++) {
        result[k] += x[i] * matrix[i * columns + k];
      }
    }
    return result;
  }

  /** Returns normal rows from a fixed seed. */
  public static List<double[]> rows(int count, int features) {
    SplittableRandom random = new SplittableRandom(5);
    List<double[]> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double[] row = new double[features];
      for (int j = 0; j < features; j++) {
        row[j] = random.nextDouble() + random.nextDouble() + random.nextDouble() - 1.5;
      }
      rows.add(row);
    }
    return rows;
  }
}
