// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Duration;

/** A host answered at the address and could not prove who it is: its certificate is unknown, out of date or for other names. */
public final class HostNotTrustedException extends CallFailedException {
  private static final long serialVersionUID = 1L;

  HostNotTrustedException(String message, String advice, String reason, Duration retryAfter, Throwable cause) {
    super(message, advice, reason, retryAfter, cause);
  }
}
