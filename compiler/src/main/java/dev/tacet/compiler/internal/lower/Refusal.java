// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

/** Says why one node cannot run and what would; caught per node, so that all problems are reported at once. */
final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String rewrite;

  Refusal(String reason, String rewrite) {
    super(reason, null, false, false);
    this.rewrite = rewrite;
  }

  String rewrite() {
    return rewrite;
  }
}
