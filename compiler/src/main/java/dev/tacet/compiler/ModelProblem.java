// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import java.util.Objects;

/**
 * One reason why a model cannot run encrypted.
 *
 * @param node the node's name in the ONNX file; the name of its first output where it has none
 * @param opType the node's operator, with its domain unless that is the default one
 * @param reason why it cannot run
 * @param rewrite the change to the model that would make it run
 */
public record ModelProblem(String node, String opType, String reason, String rewrite) {
  /** Makes the problem; no part may be null. */
  public ModelProblem {
    Objects.requireNonNull(node, "node");
    Objects.requireNonNull(opType, "opType");
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(rewrite, "rewrite");
  }

  @Override
  public String toString() {
    return "node " + node + " (" + opType + "): " + reason + "; " + rewrite;
  }
}
