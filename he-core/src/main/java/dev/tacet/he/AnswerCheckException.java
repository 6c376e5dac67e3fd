// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

/** An answer that failed a check after decryption: wrong key, wrong level, overflow or fault. No number is returned; the
 * message holds bounds and positions, never a decrypted value. */
public final class AnswerCheckException extends HeException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what happened, with the numbers
   */
  public AnswerCheckException(String message) {
    super(message);
  }

  /**
   * Makes the exception with its cause.
   *
   * @param message what happened, with the numbers
   * @param cause the failure underneath
   */
  public AnswerCheckException(String message, Throwable cause) {
    super(message, cause);
  }
}
