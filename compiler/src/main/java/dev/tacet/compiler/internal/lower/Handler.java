// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Tensor;
import java.util.List;

/** Executes the nodes of one or several operators on symbols. */
interface Handler {
  /**
   * Executes a node.
   *
   * @return one symbol per output of the node
   * @throws Refusal if the node cannot run
   * @throws IllegalArgumentException if shapes or attributes do not fit; reported as a problem of the node too
   */
  List<Symbol> lower(Call call);

  /**
   * One node with the symbols of its inputs.
   *
   * @param inputs one per input; null where an optional input is absent
   * @param rowsElsewhere whether the rows of the batch are known to be on another axis than the first in all inputs that have any
   */
  record Call(OnnxNode node, List<Symbol> inputs, Scope scope, OnnxGraph graph, boolean rowsElsewhere) {
    /** Returns the same node with other inputs. */
    Call with(List<Symbol> others) {
      return new Call(node, others, scope, graph, rowsElsewhere);
    }

    /** Returns input i, or null where it is absent. */
    Symbol input(int index) {
      return index < inputs.size() ? inputs.get(index) : null;
    }

    /** Returns input i, which must be given. */
    Symbol required(int index) {
      Symbol symbol = input(index);
      if (symbol == null) {
        throw new Refusal("input " + index + " is missing", "give it; the operator needs it");
      }
      return symbol;
    }

    /** Returns the constant of input i, or null where it is absent; refuses a value that is not constant. */
    Tensor constant(int index) {
      Symbol symbol = input(index);
      if (symbol == null) {
        return null;
      }
      if (symbol instanceof Symbol.Known known) {
        return known.tensor();
      }
      throw new Refusal("input " + index + " (" + node.inputs().get(index) + ") is not a constant",
          "make it a constant of the model");
    }

    /** Returns the constant of input i, which must be given. */
    Tensor requiredConstant(int index) {
      required(index);
      return constant(index);
    }

    /** Returns the operator set version of the node's domain. */
    long opset() {
      return graph.opset(node.domain());
    }
  }
}
