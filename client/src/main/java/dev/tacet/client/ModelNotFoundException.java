// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Duration;

/** The host serves no model of this name and version. */
public final class ModelNotFoundException extends CallFailedException {
  private static final long serialVersionUID = 1L;

  ModelNotFoundException(String message, String advice, String reason, Duration retryAfter, Throwable cause) {
    super(message, advice, reason, retryAfter, cause);
  }
}
