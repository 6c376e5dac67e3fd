// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.onnx.proto.GraphProto;
import dev.tacet.compiler.internal.onnx.proto.ModelProto;
import dev.tacet.compiler.internal.onnx.proto.NodeProto;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import dev.tacet.compiler.internal.onnx.proto.TensorShapeProto;
import dev.tacet.compiler.internal.onnx.proto.TypeProto;
import dev.tacet.compiler.internal.onnx.proto.ValueInfoProto;
import dev.tacet.he.OutputValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;

/**
 * One case of the ONNX backend suite: a model of one operator, tensors for its inputs, and the outputs expected. Some inputs are
 * encrypted, each as one row of all its elements, the others become constants.
 */
final class NodeCase {
  /** Which inputs are encrypted, and whether weights follow the operator, so that it is the host's. */
  enum Mode {
    /** The first input; the operator is the client's where it can be. */
    FIRST,
    /** The first input; a sum with constants follows. */
    FIRST_ON_HOST,
    /** Every input of floats; a sum with constants follows. */
    ALL_ON_HOST
  }

  private static final Path ARCHIVE = Path.of("src/test/resources/onnx-node-cases.zip.gz");
  private static final int MAX_ELEMENTS = 1 << 17;

  /** Operators whose cases are long. */
  private static final Set<String> ELEMENT_WISE = Set.of("Erf", "Mish");

  /** Operators that run on the client alone. */
  static final Set<String> CLIENT_ONLY = Set.of("ArgMax", "ArgMin", "TopK", "Softmax", "LogSoftmax");

  private final ModelProto model;
  private final List<TensorProto> inputs;
  private final List<TensorProto> outputs;

  private NodeCase(ModelProto model, List<TensorProto> inputs, List<TensorProto> outputs) {
    this.model = model;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /** Reads the cases that lie beside the tests, by name; their files are unpacked to a folder. */
  static Map<String, NodeCase> small(Path temporary) throws IOException {
    Path zip = temporary.resolve("cases.zip");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(ARCHIVE))) {
      Files.copy(in, zip);
    }
    try (FileSystem files = FileSystems.newFileSystem(zip)) {
      return all(files.getPath("/"));
    }
  }

  /** Reads the cases of a folder, by name. */
  static Map<String, NodeCase> all(Path source) throws IOException {
    List<Path> folders;
    try (var list = Files.list(source)) {
      folders = list.filter(folder -> Files.exists(folder.resolve("test_data_set_0"))).toList();
    }
    Map<String, NodeCase> cases = new TreeMap<>();
    for (Path folder : folders) {
      cases.put(folder.getFileName().toString().replace("/", ""), read(folder));
    }
    return cases;
  }

  /** Reads a case: model.onnx and test_data_set_0 with input_i.pb and output_i.pb. */
  private static NodeCase read(Path folder) throws IOException {
    return new NodeCase(ModelProto.parseFrom(Files.readAllBytes(folder.resolve("model.onnx"))),
        tensors(folder.resolve("test_data_set_0"), "input_"), tensors(folder.resolve("test_data_set_0"), "output_"));
  }

  private static List<TensorProto> tensors(Path folder, String prefix) throws IOException {
    List<TensorProto> result = new ArrayList<>();
    for (int i = 0; Files.exists(folder.resolve(prefix + i + ".pb")); i++) {
      result.add(TensorProto.parseFrom(Files.readAllBytes(folder.resolve(prefix + i + ".pb"))));
    }
    return result;
  }

  /** Returns the operators of the model. */
  Set<String> operators() {
    Set<String> types = new HashSet<>();
    model.getGraph().getNodeList().forEach(node -> types.add(node.getOpType()));
    return types;
  }

  /** Returns whether the case starts from floats or nothing and gives numbers, of types and sizes that are compared here. */
  boolean isNumeric() {
    Set<Integer> types = Set.of(TensorProto.DataType.FLOAT_VALUE, TensorProto.DataType.DOUBLE_VALUE,
        TensorProto.DataType.INT64_VALUE, TensorProto.DataType.INT32_VALUE, TensorProto.DataType.BOOL_VALUE);
    return inputs.size() == model.getGraph().getInputCount()
        && model.getGraph().getInputList().stream().allMatch(input -> input.getType().hasTensorType())
        && (inputs.isEmpty() || inputs.stream().anyMatch(NodeCase::isFloat)) && !outputs.isEmpty()
        && outputs.stream().allMatch(output -> types.contains(output.getDataType()) && size(output) < MAX_ELEMENTS);
  }

  /** Returns the case with at most so many of its numbers, evenly spaced, where it maps each number of one tensor alone. */
  NodeCase thinned(int most) {
    if (!ELEMENT_WISE.containsAll(operators()) || inputs.size() != 1 || size(inputs.get(0)) <= most) {
      return this;
    }
    return new NodeCase(model, List.of(thinned(inputs.get(0), most)), List.of(thinned(outputs.get(0), most)));
  }

  private static TensorProto thinned(TensorProto tensor, int most) {
    try {
      double[] numbers = numbers(tensor);
      TensorProto.Builder builder = TensorProto.newBuilder().setName(tensor.getName()).setDataType(TensorProto.DataType.FLOAT_VALUE).addDims(most);
      for (int i = 0; i < most; i++) {
        builder.addFloatData((float) numbers[(int) ((long) i * numbers.length / most)]);
      }
      return builder.build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns how many numbers are encrypted in this mode. */
  long elements(Mode mode) {
    return inputs.isEmpty() ? outputs.stream().mapToLong(NodeCase::size).sum() : inputs.stream().filter(NodeCase::isFloat).limit(mode == Mode.ALL_ON_HOST ? Long.MAX_VALUE : 1).mapToLong(NodeCase::size).sum();
  }

  /** Returns whether the case has another meaning in this mode than in {@link Mode#FIRST}. */
  boolean differs(Mode mode) {
    if (operators().stream().anyMatch(CLIENT_ONLY::contains)) {
      return mode == Mode.FIRST;
    }
    if (inputs.isEmpty()) {
      return mode == Mode.FIRST_ON_HOST;
    }
    return mode == Mode.FIRST || mode == Mode.FIRST_ON_HOST && size(outputs.get(0)) > 1
        || mode == Mode.ALL_ON_HOST && size(outputs.get(0)) > 1 && inputs.stream().filter(NodeCase::isFloat).count() > 1;
  }

  /**
   * A case as a model of rows.
   *
   * @param bytes the ONNX file
   * @param row the case's own inputs
   */
  record Wrapped(byte[] bytes, double[] row) {}

  /**
   * Lowers the case and computes its outputs in the clear.
   *
   * @return the largest error of a number, relative to 1 + its magnitude; infinity where their count or sign of infinity differs
   */
  double error(Mode mode) throws IOException {
    Wrapped wrapped = wrapped(mode);
    Network network = Lowering.lower(OnnxReader.read(OnnxSource.ofBytes("case", wrapped.bytes)), 0);
    double[] values = network.output().evaluate(network.evaluate(wrapped.row));
    return error(network.tail().outputs(), network.tail().run(Map.of(network.outputName(), values)));
  }

  /** Compares answers with the case's, as {@link #error(Mode)} does. */
  double error(List<String> names, Map<String, OutputValue> answers) throws IOException {
    double worst = 0;
    for (int i = 0; i < names.size(); i++) {
      double[] actual = answers.get(names.get(i)).toNumbers();
      double[] expected = numbers(outputs.get(i));
      if (actual.length != expected.length) {
        return Double.POSITIVE_INFINITY;
      }
      for (int j = 0; j < expected.length; j++) {
        boolean same = actual[j] == expected[j] || Double.isNaN(actual[j]) && Double.isNaN(expected[j]);
        double error = same ? 0 : Math.abs(actual[j] - expected[j]) / (1 + Math.abs(expected[j]));
        worst = Math.max(worst, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
      }
    }
    return worst;
  }

  /** The model with a batch of 1 before the encrypted inputs' dimensions, and constants for the other inputs. */
  Wrapped wrapped(Mode mode) throws IOException {
    GraphProto graph = model.getGraph();
    GraphProto.Builder builder = graph.toBuilder().clearInput().clearNode().clearOutput().clearValueInfo();
    List<Double> row = new ArrayList<>();
    boolean first = true;
    for (int i = 0; i < graph.getInputCount(); i++) {
      String name = graph.getInput(i).getName();
      TensorProto tensor = inputs.get(i);
      if (!isFloat(tensor) || !first && mode != Mode.ALL_ON_HOST) {
        builder.addInitializer(tensor.toBuilder().setName(name));
        continue;
      }
      first = false;
      builder.addInput(value("row_" + name, tensor, 1, size(tensor)));
      reshape(builder, "row_" + name, name, tensor);
      for (double number : numbers(tensor)) {
        row.add(number);
      }
    }
    builder.addAllNode(graph.getNodeList());
    for (int i = 0; i < graph.getOutputCount(); i++) {
      String name = graph.getOutput(i).getName();
      if (mode == Mode.FIRST) {
        builder.addOutput(graph.getOutput(i));
        continue;
      }
      if (graph.getInputCount() == 0) {
        builder.addInput(value("row_" + name, outputs.get(i), 1, size(outputs.get(i))));
        reshape(builder, "row_" + name, "zeros_" + name, outputs.get(i));
        row.addAll(Collections.nCopies((int) size(outputs.get(i)), 0.0));
      } else {
        builder.addInitializer(zeros("zeros_" + name, outputs.get(i)));
      }
      builder.addNode(NodeProto.newBuilder().setOpType("Add").addInput(name).addInput("zeros_" + name).addOutput("sum_" + name));
      builder.addOutput(value("sum_" + name, outputs.get(i), 1, size(outputs.get(i))));
    }
    return new Wrapped(model.toBuilder().setGraph(builder).build().toByteArray(),
        row.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static void reshape(GraphProto.Builder graph, String from, String to, TensorProto like) {
    TensorProto.Builder shape = TensorProto.newBuilder().setName("shape_" + to).setDataType(TensorProto.DataType.INT64_VALUE)
        .addDims(like.getDimsCount()).addAllInt64Data(like.getDimsList());
    graph.addInitializer(shape);
    graph.addNode(NodeProto.newBuilder().setOpType("Reshape").addInput(from).addInput("shape_" + to).addOutput(to));
  }

  private static TensorProto zeros(String name, TensorProto like) {
    TensorProto.Builder zeros = TensorProto.newBuilder().setName(name).setDataType(realType(like)).addAllDims(like.getDimsList());
    for (long k = 0; k < size(like); k++) {
      if (realType(like) == TensorProto.DataType.DOUBLE_VALUE) {
        zeros.addDoubleData(0);
      } else {
        zeros.addFloatData(0);
      }
    }
    return zeros.build();
  }

  private static int realType(TensorProto like) {
    return isFloat(like) ? like.getDataType() : TensorProto.DataType.FLOAT_VALUE;
  }

  private static ValueInfoProto value(String name, TensorProto like, long... dims) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long dim : dims) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dim));
    }
    return ValueInfoProto.newBuilder().setName(name).setType(
        TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder().setElemType(realType(like)).setShape(shape))).build();
  }

  private static boolean isFloat(TensorProto tensor) {
    return tensor.getDataType() == TensorProto.DataType.FLOAT_VALUE || tensor.getDataType() == TensorProto.DataType.DOUBLE_VALUE;
  }

  private static long size(TensorProto tensor) {
    return tensor.getDimsList().stream().reduce(1L, (a, b) -> a * b);
  }

  private static double[] numbers(TensorProto tensor) throws IOException {
    int size = (int) size(tensor);
    double[] result = new double[size];
    ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < size; i++) {
      result[i] = switch (tensor.getDataType()) {
        case TensorProto.DataType.FLOAT_VALUE -> raw.hasRemaining() ? raw.getFloat() : tensor.getFloatData(i);
        case TensorProto.DataType.DOUBLE_VALUE -> raw.hasRemaining() ? raw.getDouble() : tensor.getDoubleData(i);
        case TensorProto.DataType.INT64_VALUE -> raw.hasRemaining() ? raw.getLong() : tensor.getInt64Data(i);
        case TensorProto.DataType.INT32_VALUE -> raw.hasRemaining() ? raw.getInt() : tensor.getInt32Data(i);
        case TensorProto.DataType.BOOL_VALUE -> raw.hasRemaining() ? raw.get() : tensor.getInt32Data(i);
        default -> throw new IOException("element type " + tensor.getDataType());
      };
    }
    return result;
  }
}
