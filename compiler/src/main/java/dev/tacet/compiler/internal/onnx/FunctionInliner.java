// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

import dev.tacet.compiler.MalformedModelException;
import dev.tacet.compiler.internal.onnx.proto.AttributeProto;
import dev.tacet.compiler.internal.onnx.proto.FunctionProto;
import dev.tacet.compiler.internal.onnx.proto.ModelProto;
import dev.tacet.compiler.internal.onnx.proto.NodeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Replaces calls of a model's local functions by the functions' bodies, with fresh names. */
final class FunctionInliner {
  private static final int MAX_DEPTH = 16;

  private final Map<String, FunctionProto> functions = new HashMap<>();
  private int calls;

  FunctionInliner(ModelProto model) {
    for (FunctionProto function : model.getFunctionsList()) {
      functions.put(key(function.getDomain(), function.getName()), function);
    }
  }

  /**
   * Returns the nodes with every call replaced.
   *
   * @param maxNodes the most nodes that the result may have
   * @throws MalformedModelException if there would be more, or functions call each other too deeply
   */
  List<NodeProto> inline(List<NodeProto> nodes, int maxNodes) {
    List<NodeProto> result = new ArrayList<>();
    for (NodeProto node : nodes) {
      add(node, result, maxNodes, 0);
    }
    return result;
  }

  private void add(NodeProto node, List<NodeProto> result, int maxNodes, int depth) {
    FunctionProto function = functions.get(key(node.getDomain(), node.getOpType()));
    if (function == null) {
      if (result.size() >= maxNodes) {
        throw new MalformedModelException("the model has more than " + maxNodes + " nodes");
      }
      result.add(node);
      return;
    }
    if (depth == MAX_DEPTH) {
      throw new MalformedModelException("local functions call each other more than " + MAX_DEPTH + " deep at "
          + node.getOpType());
    }
    if (node.getInputCount() > function.getInputCount() || node.getOutputCount() > function.getOutputCount()) {
      throw new MalformedModelException("call of " + node.getOpType() + " has " + node.getInputCount() + " inputs and "
          + node.getOutputCount() + " outputs, the function has " + function.getInputCount() + " and "
          + function.getOutputCount());
    }
    String prefix = (node.getName().isEmpty() ? node.getOpType() : node.getName()) + "#" + calls++ + "/";
    Map<String, String> names = new HashMap<>();
    names.put("", "");
    for (int i = 0; i < function.getInputCount(); i++) {
      names.put(function.getInput(i), i < node.getInputCount() ? node.getInput(i) : "");
    }
    for (int i = 0; i < node.getOutputCount(); i++) {
      names.put(function.getOutput(i), node.getOutput(i));
    }
    Map<String, AttributeProto> given = new HashMap<>();
    function.getAttributeProtoList().forEach(attribute -> given.put(attribute.getName(), attribute));
    node.getAttributeList().forEach(attribute -> given.put(attribute.getName(), attribute));
    for (NodeProto body : function.getNodeList()) {
      NodeProto.Builder copy = body.toBuilder().clearInput().clearOutput().clearAttribute();
      copy.setName(prefix + body.getName());
      body.getInputList().forEach(name -> copy.addInput(names.computeIfAbsent(name, n -> prefix + n)));
      body.getOutputList().forEach(name -> copy.addOutput(names.computeIfAbsent(name, n -> prefix + n)));
      for (AttributeProto attribute : body.getAttributeList()) {
        if (attribute.getRefAttrName().isEmpty()) {
          copy.addAttribute(attribute);
        } else if (given.containsKey(attribute.getRefAttrName())) {
          copy.addAttribute(given.get(attribute.getRefAttrName()).toBuilder().setName(attribute.getName()));
        }
      }
      add(copy.build(), result, maxNodes, depth + 1);
    }
  }

  private static String key(String domain, String name) {
    return OnnxReader.domain(domain) + "." + name;
  }
}
