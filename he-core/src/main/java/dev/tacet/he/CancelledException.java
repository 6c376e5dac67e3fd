// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** A run that was stopped because its caller asked for it or its deadline passed. */
public final class CancelledException extends HeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what happened, with the numbers
   */
  public CancelledException(String message) {
    super(message);
  }

  /**
   * Makes the exception with its cause.
   *
   * @param message what happened, with the numbers
   * @param cause the failure underneath
   */
  public CancelledException(String message, Throwable cause) {
    super(message, cause);
  }
}
