// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Duration;
import java.util.Optional;

/** The host refused a call or could not be reached. Subclasses name the causes that programs tell apart. */
public class CallFailedException extends TacetException {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final Duration retryAfter;

  /**
   * Makes the exception.
   *
   * @param reason the stable name of the cause in the protocol's error table, such as MODEL_NOT_FOUND
   * @param retryAfter when the host asked to be tried again, or null
   */
  public CallFailedException(String message, String advice, String reason, Duration retryAfter, Throwable cause) {
    super(message, advice, cause);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }

  /** Returns the stable name of the cause, such as MODEL_NOT_FOUND. */
  public String reason() {
    return reason;
  }

  /** Returns the delay after which the host asked to be tried again. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
