// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** A failure of homomorphic encryption that the caller can tell apart by its subclass. */
public class HeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what happened, with the numbers
   */
  public HeException(String message) {
    super(message);
  }

  /**
   * Makes the exception with its cause.
   *
   * @param message what happened, with the numbers
   * @param cause the failure underneath
   */
  public HeException(String message, Throwable cause) {
    super(message, cause);
  }
}
