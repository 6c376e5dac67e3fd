// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.HeException;

/** A failure of the client that its caller can act on: the message says what happened, {@link #advice()} what to do. */
public class TacetException extends HeException {
  private static final long serialVersionUID = 1L;

  private final String advice;

  /**
   * Makes the exception.
   *
   * @param message what happened, with the numbers
   * @param advice what to do, one sentence
   * @param cause the failure underneath, or null
   */
  public TacetException(String message, String advice, Throwable cause) {
    super(message, cause);
    this.advice = advice;
  }

  /** Returns what to do about it, one sentence. */
  public String advice() {
    return advice;
  }
}
