// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import java.io.IOException;

/** What keeps a server from starting and is for whoever starts it to change: the message says what, {@link #advice()} what to do. */
public final class StartException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String advice;

  /**
   * Makes the exception.
   *
   * @param message what is in the way
   * @param advice what to do, one sentence
   * @param cause the failure underneath, or null
   */
  public StartException(String message, String advice, Throwable cause) {
    super(message, cause);
    this.advice = advice;
  }

  /** Returns what to do about it, one sentence. */
  public String advice() {
    return advice;
  }
}
