// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** Something that the format can express and this version cannot do; the message names it. */
public final class UnsupportedException extends HeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what happened, with the numbers
   */
  public UnsupportedException(String message) {
    super(message);
  }

  /**
   * Makes the exception with its cause.
   *
   * @param message what happened, with the numbers
   * @param cause the failure underneath
   */
  public UnsupportedException(String message, Throwable cause) {
    super(message, cause);
  }
}
