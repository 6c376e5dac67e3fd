// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/**
 * A feature outside the bounds that the signature accepts, or not a number. The message names the input, the index and the
 * bounds; the feature's value is not shown.
 */
public final class FeatureOutOfBoundsException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int index;

  FeatureOutOfBoundsException(String message, int index) {
    super(message);
    this.index = index;
  }

  /** Returns the same refusal with the number of the row in its message. */
  public FeatureOutOfBoundsException inRow(int row) {
    FeatureOutOfBoundsException named = new FeatureOutOfBoundsException("row " + row + ": " + getMessage(), index);
    named.initCause(this);
    return named;
  }

  /** Returns the position of the refused feature, in [0, features). */
  public int index() {
    return index;
  }
}
