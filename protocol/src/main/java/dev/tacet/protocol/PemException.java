// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import java.io.IOException;

/** A file that should hold certificates or a private key and does not; the message names the file and repeats nothing of it. */
public final class PemException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String advice;

  /**
   * Makes the exception.
   *
   * @param message what is wrong, with the file's name
   * @param advice what to do, one sentence
   * @param cause the failure underneath, or null
   */
  public PemException(String message, String advice, Throwable cause) {
    super(message, cause);
    this.advice = advice;
  }

  /** Returns what to do about it, one sentence. */
  public String advice() {
    return advice;
  }
}
