// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Duration;

/** The call did not end within its deadline. */
public final class DeadlineExceededException extends CallFailedException {
  private static final long serialVersionUID = 1L;

  DeadlineExceededException(String message, String advice, String reason, Duration retryAfter, Throwable cause) {
    super(message, advice, reason, retryAfter, cause);
  }
}
