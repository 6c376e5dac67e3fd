// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** Bytes that are not a valid object: truncated, altered, out of range, non-canonical, or made for other parameters. */
public class MalformedException extends HeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what happened, with the numbers
   */
  public MalformedException(String message) {
    super(message);
  }

  /**
   * Makes the exception with its cause.
   *
   * @param message what happened, with the numbers
   * @param cause the failure underneath
   */
  public MalformedException(String message, Throwable cause) {
    super(message, cause);
  }
}
