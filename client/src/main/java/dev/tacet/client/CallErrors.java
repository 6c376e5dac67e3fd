// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.HostFault;
import dev.tacet.he.CancelledException;
import dev.tacet.he.HeException;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.time.Duration;

/** From the protocol's error table to the exceptions of this package. */
final class CallErrors {
  private CallErrors() {}

  static HeException translate(ServiceException failure) {
    ErrorCause cause = failure.errorCause();
    if (cause == ErrorCause.CANCELLED && Thread.currentThread().isInterrupted()) {
      return new CancelledException("interrupted while waiting for the host's answer", failure);
    }
    String text = failure.getMessage();
    String advice = HostFault.of(failure).map(HostFault::advice).orElseGet(() -> sentence(cause.advice()));
    String reason = cause.name();
    Duration retryAfter = failure.retryAfter().orElse(null);
    return switch (cause) {
      case MODEL_NOT_FOUND -> new ModelNotFoundException(text, advice, reason, retryAfter, failure);
      case UNREACHABLE, SHUTTING_DOWN -> new HostUnreachableException(text, advice, reason, retryAfter, failure);
      case HOST_NOT_TRUSTED -> new HostNotTrustedException(text, advice, reason, retryAfter, failure);
      case OVERLOADED, OUT_OF_MEMORY -> new HostOverloadedException(text, advice, reason, retryAfter, failure);
      case DEADLINE_EXCEEDED -> new DeadlineExceededException(text, advice, reason, retryAfter, failure);
      default -> new CallFailedException(text, advice, reason, retryAfter, failure);
    };
  }

  private static String sentence(String advice) {
    return Character.toUpperCase(advice.charAt(0)) + advice.substring(1) + ".";
  }
}
