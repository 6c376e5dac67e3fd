// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Duration;

/** The host has no room for the call now; {@link #retryAfter()} says when to try again. */
public final class HostOverloadedException extends CallFailedException {
  private static final long serialVersionUID = 1L;

  HostOverloadedException(String message, String advice, String reason, Duration retryAfter, Throwable cause) {
    super(message, advice, reason, retryAfter, cause);
  }
}
