// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import java.util.List;

/** A configuration that a server cannot start with: every problem that was found, each with the setting's name and origin. */
public final class ConfigurationException extends Exception {
  private static final long serialVersionUID = 1L;

  private final List<String> problems;

  /** Makes the exception of at least one problem, each one line. */
  public ConfigurationException(List<String> problems) {
    super(problems.size() == 1
        ? problems.get(0)
        : problems.size() + " problems in the configuration:\n  " + String.join("\n  ", problems));
    this.problems = List.copyOf(problems);
  }

  /** Returns the problems, one line each, in the order of the settings. */
  public List<String> problems() {
    return problems;
  }
}
