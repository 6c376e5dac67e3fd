// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** An evaluation key that the program needs and the key set does not hold; the message names the Galois element and level. */
public final class MissingKeyException extends HeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what happened, with the numbers
   */
  public MissingKeyException(String message) {
    super(message);
  }

  /**
   * Makes the exception with its cause.
   *
   * @param message what happened, with the numbers
   * @param cause the failure underneath
   */
  public MissingKeyException(String message, Throwable cause) {
    super(message, cause);
  }
}
