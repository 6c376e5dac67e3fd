// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.he.HeException;
import java.util.List;
import java.util.stream.Collectors;

/** A valid model with nodes that cannot run encrypted; it holds all of them, not just the first. */
public class UncompilableModelException extends HeException {
  private static final long serialVersionUID = 1L;

  private final transient List<ModelProblem> problems;

  /**
   * Makes the exception.
   *
   * @param problems at least one problem
   */
  public UncompilableModelException(List<ModelProblem> problems) {
    super(problems.size() + (problems.size() == 1 ? " node" : " nodes") + " cannot run encrypted: "
        + problems.stream().map(ModelProblem::toString).collect(Collectors.joining(" | ")));
    if (problems.isEmpty()) {
      throw new IllegalArgumentException("an uncompilable model needs at least one problem, got 0");
    }
    this.problems = List.copyOf(problems);
  }

  /** Returns every problem found, in the order of the model's nodes. */
  public List<ModelProblem> problems() {
    return problems;
  }
}
