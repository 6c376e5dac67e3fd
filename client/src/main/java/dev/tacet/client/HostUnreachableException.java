// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Duration;

/** No host answered at the address. */
public final class HostUnreachableException extends CallFailedException {
  private static final long serialVersionUID = 1L;

  HostUnreachableException(String message, String advice, String reason, Duration retryAfter, Throwable cause) {
    super(message, advice, reason, retryAfter, cause);
  }
}
