// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import dev.tacet.he.HeException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** A failure of a call, on either side of the wire: a cause of the table, a message with numbers, and details as strings. */
public final class ServiceException extends HeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCause errorCause;
  private final transient Map<String, String> details;
  private final Duration retryAfter;

  /**
   * Makes the exception.
   *
   * @param message what happened, with the numbers; it is sent to the peer and must hold no payload
   */
  public ServiceException(ErrorCause errorCause, String message) {
    this(errorCause, message, Map.of(), null, null);
  }

  /**
   * Makes the exception with details.
   *
   * @param details what the peer's program needs, such as {@code received_bytes}; becomes {@code ErrorInfo.metadata}
   */
  public ServiceException(ErrorCause errorCause, String message, Map<String, String> details) {
    this(errorCause, message, details, null, null);
  }

  /**
   * Makes the exception.
   *
   * @param retryAfter when to try again; null if the table's word is all there is
   * @param underneath the failure underneath; stays on this machine; may be null
   */
  public ServiceException(
      ErrorCause errorCause, String message, Map<String, String> details, Duration retryAfter, Throwable underneath) {
    super(message, underneath);
    this.errorCause = errorCause;
    this.details = Map.copyOf(details);
    this.retryAfter = retryAfter;
  }

  /** Returns the row of the table. */
  public ErrorCause errorCause() {
    return errorCause;
  }

  /** Returns the details, never null. */
  public Map<String, String> details() {
    return details == null ? Map.of() : details;
  }

  /** Returns the delay after which the peer asked to try again. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
