// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.tacet.compiler.MalformedModelException;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.compiler.internal.onnx.proto.AttributeProto;
import dev.tacet.compiler.internal.onnx.proto.GraphProto;
import dev.tacet.compiler.internal.onnx.proto.ModelProto;
import dev.tacet.compiler.internal.onnx.proto.NodeProto;
import dev.tacet.compiler.internal.onnx.proto.OperatorSetIdProto;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import dev.tacet.compiler.internal.onnx.proto.TensorShapeProto;
import dev.tacet.compiler.internal.onnx.proto.ValueInfoProto;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads an ONNX file into a checked {@link OnnxGraph}. */
public final class OnnxReader {
  /** The most nodes of a model. */
  static final int MAX_NODES = 20_000;

  /** The most letters of a name; layers and guards are named by several. */
  static final int MAX_NAME = 1000;

  /** The last version of the format itself whose meaning is known; 9 to 14 add element types that no model here may have. */
  private static final long LAST_IR_VERSION = 14;

  /** The newest version of the default operator set whose operators are known here. */
  static final long NEWEST_OPSET = 26;

  /** The newest version of the ai.onnx.ml operator set that is known here. */
  static final long NEWEST_ML_OPSET = 5;

  private final TensorReader tensors;

  private OnnxReader(TensorReader tensors) {
    this.tensors = tensors;
  }

  /**
   * Reads a model.
   *
   * @param source the file or bytes
   * @return the graph, its nodes in topological order
   * @throws MalformedModelException if the bytes are not a valid ONNX model
   */
  public static OnnxGraph read(OnnxSource source) {
    return new OnnxReader(new TensorReader(source.folder())).graph(parse(source));
  }

  private static ModelProto parse(OnnxSource source) {
    byte[] bytes = source.bytes();
    ModelProto model;
    try {
      CodedInputStream input = CodedInputStream.newInstance(bytes);
      input.setRecursionLimit(32);
      model = ModelProto.parseFrom(input);
    } catch (InvalidProtocolBufferException e) {
      throw new MalformedModelException("the " + bytes.length + " bytes are not an ONNX model: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new MalformedModelException("the " + bytes.length + " bytes are not an ONNX model", e);
    }
    if (!model.hasGraph() || model.getGraph().getNodeCount() == 0) {
      throw new MalformedModelException("the " + bytes.length + " bytes hold no ONNX graph with at least one node");
    }
    return model;
  }

  private OnnxGraph graph(ModelProto model) {
    GraphProto graph = model.getGraph();
    if (model.getIrVersion() > LAST_IR_VERSION) {
      throw new MalformedModelException(
          "the model's IR version is " + model.getIrVersion() + ", the last one known is " + LAST_IR_VERSION);
    }
    Map<String, Long> opsets = opsets(model);
    if (graph.getSparseInitializerCount() > 0) {
      throw new MalformedModelException(
          "the model has " + graph.getSparseInitializerCount() + " sparse initializers, needs dense ones");
    }
    Map<String, Tensor> constants = new LinkedHashMap<>();
    Map<String, String> tooLarge = new LinkedHashMap<>();
    for (TensorProto proto : graph.getInitializerList()) {
      String excess = tensors.excess(proto);
      if (excess != null) {
        tooLarge.put(proto.getName(), excess);
      } else if (constants.put(proto.getName(), tensors.read(proto)) != null) {
        throw new MalformedModelException("initializer " + proto.getName() + " is given twice");
      }
    }
    List<OnnxNode> nodes = new ArrayList<>();
    for (NodeProto proto : new FunctionInliner(model).inline(graph.getNodeList(), MAX_NODES)) {
      String excess = excess(proto);
      if (excess != null) {
        proto.getOutputList().forEach(name -> tooLarge.put(name, excess));
      } else {
        nodes.add(node(proto));
      }
    }
    List<OnnxGraph.Value> inputs = new ArrayList<>();
    for (ValueInfoProto proto : graph.getInputList()) {
      if (!constants.containsKey(proto.getName()) && !tooLarge.containsKey(proto.getName())) {
        inputs.add(value(proto));
      }
    }
    inputs.forEach(input -> requireShort("input", input.name()));
    List<OnnxGraph.Value> outputs = graph.getOutputList().stream().map(OnnxReader::value).toList();
    String producer = (model.getProducerName() + " " + model.getProducerVersion()).trim();
    return GraphChecker.check(new OnnxGraph(producer, opsets, inputs, outputs, constants, tooLarge, shapes(graph), nodes));
  }

  /** Why the tensor of a Constant node is not read; null if it is. */
  private String excess(NodeProto node) {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasT() && node.getOpType().equals("Constant")) {
        return tensors.excess(attribute.getT());
      }
    }
    return null;
  }

  private static Map<String, List<Integer>> shapes(GraphProto graph) {
    Map<String, List<Integer>> shapes = new LinkedHashMap<>();
    for (ValueInfoProto proto : graph.getValueInfoList()) {
      if (proto.getType().hasTensorType() && proto.getType().getTensorType().hasShape()) {
        shapes.put(proto.getName(), value(proto).dimensions());
      }
    }
    return shapes;
  }

  private static Map<String, Long> opsets(ModelProto model) {
    Map<String, Long> opsets = new TreeMap<>();
    for (OperatorSetIdProto id : model.getOpsetImportList()) {
      String domain = domain(id.getDomain());
      opsets.merge(domain, id.getVersion(), Math::max);
    }
    long version = opsets.getOrDefault("", 1L);
    if (version < 7 || version > NEWEST_OPSET) {
      if (opsets.containsKey("") || !opsets.containsKey("ai.onnx.ml")) {
        throw new MalformedModelException(
            "the model uses operator set " + version + ", 7.." + NEWEST_OPSET + " are known");
      }
    }
    long ml = opsets.getOrDefault("ai.onnx.ml", 1L);
    if (ml < 1 || ml > NEWEST_ML_OPSET) {
      throw new MalformedModelException(
          "the model uses ai.onnx.ml operator set " + ml + ", 1.." + NEWEST_ML_OPSET + " are known");
    }
    return opsets;
  }

  private static void requireShort(String what, String name) {
    if (name.length() > MAX_NAME) {
      throw new MalformedModelException(
          "the name of " + what + " " + name.substring(0, 40) + "... has " + name.length() + " letters, at most " + MAX_NAME);
    }
  }

  private OnnxNode node(NodeProto proto) {
    requireShort("node", proto.getName());
    proto.getOutputList().forEach(output -> requireShort("value", output));
    Map<String, Object> attributes = new TreeMap<>();
    for (AttributeProto attribute : proto.getAttributeList()) {
      Object value = attribute(attribute);
      if (value != null) {
        attributes.put(attribute.getName(), value);
      }
    }
    return new OnnxNode(proto.getName(), domain(proto.getDomain()), proto.getOpType(), proto.getInputList(),
        proto.getOutputList(), attributes);
  }

  /** Reads an attribute; subgraphs and types are left out, since no operator that runs here has them. */
  private Object attribute(AttributeProto attribute) {
    return switch (attribute.getType()) {
      case FLOAT -> (double) attribute.getF();
      case INT -> attribute.getI();
      case STRING -> TensorReader.text(attribute.getS());
      case TENSOR -> tensors.read(attribute.getT());
      case FLOATS -> {
        double[] values = new double[attribute.getFloatsCount()];
        for (int i = 0; i < values.length; i++) {
          values[i] = attribute.getFloats(i);
        }
        yield values;
      }
      case INTS -> attribute.getIntsList().stream().mapToLong(Long::longValue).toArray();
      case STRINGS -> attribute.getStringsList().stream().map(TensorReader::text).toArray(String[]::new);
      default -> null;
    };
  }

  private static OnnxGraph.Value value(ValueInfoProto proto) {
    if (!proto.getType().hasTensorType()) {
      return new OnnxGraph.Value(proto.getName(), null, List.of());
    }
    DataType type = DataType.ofCode(proto.getType().getTensorType().getElemType());
    List<Integer> dimensions = new ArrayList<>();
    for (TensorShapeProto.Dimension dimension : proto.getType().getTensorType().getShape().getDimList()) {
      if (!dimension.hasDimValue()) {
        dimensions.add(-1);
      } else if (dimension.getDimValue() < -1 || dimension.getDimValue() > TensorReader.MAX_ELEMENTS) {
        throw new MalformedModelException("value " + proto.getName() + " has dimension " + dimension.getDimValue()
            + ", needs 1.." + TensorReader.MAX_ELEMENTS
            + ", or -1 where it is open");
      } else {
        dimensions.add((int) dimension.getDimValue());
      }
    }
    return new OnnxGraph.Value(proto.getName(), type, dimensions);
  }

  /** Returns the canonical name of a domain: "ai.onnx" is the default domain, the empty string. */
  static String domain(String domain) {
    return domain.equals("ai.onnx") ? "" : domain;
  }
}
