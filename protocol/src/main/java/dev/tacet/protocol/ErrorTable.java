// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.tacet.he.CancelledException;
import dev.tacet.he.MalformedException;
import dev.tacet.he.MissingKeyException;
import dev.tacet.he.UnsupportedException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;

/**
 * The one mapping between Java exceptions and the wire. {@link ErrorCause} is the table; this class applies it in both
 * directions: exception to gRPC status with {@code google.rpc.ErrorInfo} and {@code RetryInfo}, and back.
 */
public final class ErrorTable {
  /** The {@code domain} of every ErrorInfo. */
  public static final String DOMAIN = "tacet.dev";

  /** A longer delay is read as this: a day. */
  private static final long MAX_RETRY_SECONDS = 86_400;

  /** What native transports put before the system's own words. */
  private static final Pattern NATIVE_CALL = Pattern.compile("^\\w+\\(\\.\\.\\) failed with error\\(-?\\d+\\): ");

  private ErrorTable() {}

  /** Returns the cause of a Java exception; {@link ErrorCause#INTERNAL} for any that the table does not name. */
  public static ErrorCause causeOf(Throwable failure) {
    Throwable f = unwrap(failure);
    if (f instanceof ServiceException service) {
      return service.errorCause();
    }
    if (f instanceof MissingKeyException) {
      return ErrorCause.KEY_NOT_FOUND;
    }
    if (f instanceof MalformedException) {
      return ErrorCause.MALFORMED;
    }
    if (f instanceof CancelledException) {
      return ErrorCause.CANCELLED;
    }
    if (f instanceof UnsupportedException) {
      return ErrorCause.UNSUPPORTED;
    }
    if (f instanceof IllegalArgumentException) {
      return ErrorCause.INVALID_ARGUMENT;
    }
    if (f instanceof OutOfMemoryError) {
      return ErrorCause.OUT_OF_MEMORY;
    }
    return ErrorCause.INTERNAL;
  }

  /**
   * Returns the failure as a call failure. Messages of causes in the table are kept; anything else becomes INTERNAL with the
   * incident number alone, since its text was not written for a peer.
   *
   * @param incident names the failure in this machine's log
   */
  public static ServiceException toServiceException(Throwable failure, String incident) {
    Throwable f = unwrap(failure);
    if (f instanceof ServiceException service) {
      return service;
    }
    ErrorCause cause = causeOf(f);
    if (cause == ErrorCause.INTERNAL) {
      return new ServiceException(cause, "internal error, incident " + incident, Map.of("incident", incident), null, f);
    }
    if (cause == ErrorCause.OUT_OF_MEMORY) {
      return new ServiceException(cause, "out of memory", Map.of(), Duration.ofSeconds(1), f);
    }
    return new ServiceException(cause, String.valueOf(f.getMessage()), Map.of(), null, f);
  }

  /** Returns the gRPC form: status code, message, ErrorInfo and, where there is a delay, RetryInfo. */
  public static StatusRuntimeException toGrpc(ServiceException failure) {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setReason(failure.errorCause().name())
            .setDomain(DOMAIN)
            .putAllMetadata(failure.details())
            .build();
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(failure.errorCause().grpc().value())
            .setMessage(String.valueOf(failure.getMessage()))
            .addDetails(Any.pack(info));
    failure
        .retryAfter()
        .ifPresent(
            delay ->
                status.addDetails(
                    Any.pack(
                        RetryInfo.newBuilder()
                            .setRetryDelay(
                                com.google.protobuf.Duration.newBuilder()
                                    .setSeconds(delay.getSeconds())
                                    .setNanos(delay.getNano()))
                            .build())));
    return StatusProto.toStatusRuntimeException(status.build());
  }

  /**
   * Reads a failure that a gRPC call ended with. Without an ErrorInfo of this domain the status code alone decides. Whatever
   * the peer sent, the result is a ServiceException.
   */
  public static ServiceException fromGrpc(Throwable failure) {
    Throwable f = unwrap(failure);
    if (f instanceof ServiceException service) {
      return service;
    }
    Status status = Status.fromThrowable(f);
    com.google.rpc.Status rich = details(f);
    ErrorCause cause = causeOf(status.getCode());
    Map<String, String> details = new LinkedHashMap<>();
    Duration retryAfter = null;
    if (rich != null) {
      for (Any detail : rich.getDetailsList()) {
        try {
          if (detail.is(ErrorInfo.class)) {
            ErrorInfo info = detail.unpack(ErrorInfo.class);
            if (DOMAIN.equals(info.getDomain())) {
              cause = ErrorCause.ofReason(info.getReason()).orElse(cause);
              info.getMetadataMap().forEach((key, value) -> details.put(oneLine(key), oneLine(value)));
            }
          } else if (detail.is(RetryInfo.class)) {
            com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
            long seconds = Math.min(MAX_RETRY_SECONDS, Math.max(0, delay.getSeconds()));
            retryAfter = Duration.ofSeconds(seconds, Math.max(0, delay.getNanos()));
          }
        } catch (InvalidProtocolBufferException | ArithmeticException e) {
          details.put("undecodable_detail", oneLine(detail.getTypeUrl()));
        }
      }
    }
    String text = status.getDescription();
    if (cause == ErrorCause.UNREACHABLE && status.getCause() != null) {
      text = "no answer from the host: " + reason(status.getCause());
    } else if (text == null || text.isEmpty()) {
      text = cause == ErrorCause.UNREACHABLE ? "no answer from the host" : "the host answered " + status.getCode();
    }
    return new ServiceException(cause, oneLine(text), details, retryAfter, f);
  }

  private static String reason(Throwable failure) {
    Throwable root = failure;
    for (int depth = 0; root.getCause() != null && depth < 16; depth++) {
      root = root.getCause();
    }
    String text = root.getMessage() == null || root.getMessage().isEmpty() ? root.getClass().getSimpleName() : root.getMessage();
    text = NATIVE_CALL.matcher(text).replaceFirst("");
    return text.length() <= 160 ? text : text.substring(0, 160) + "...";
  }

  /**
   * Returns text of a peer as it may be shown on a terminal or in a log: one line, without control characters, at most 1000
   * characters.
   */
  public static String oneLine(String text) {
    String shown = text.length() <= 1000 ? text : text.substring(0, 1000) + "...";
    return shown.replaceAll("[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]+", " ").strip();
  }

  /** Returns the peer's details; null if there are none, or if they are malformed or contradict the status code. */
  private static com.google.rpc.Status details(Throwable failure) {
    try {
      return StatusProto.fromThrowable(failure);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static ErrorCause causeOf(Status.Code code) {
    return switch (code) {
      case CANCELLED -> ErrorCause.CANCELLED;
      case INVALID_ARGUMENT -> ErrorCause.INVALID_ARGUMENT;
      case DEADLINE_EXCEEDED -> ErrorCause.DEADLINE_EXCEEDED;
      case RESOURCE_EXHAUSTED -> ErrorCause.OVERLOADED;
      case UNAUTHENTICATED -> ErrorCause.UNAUTHENTICATED;
      case PERMISSION_DENIED -> ErrorCause.PERMISSION_DENIED;
      case UNIMPLEMENTED -> ErrorCause.UNSUPPORTED;
      case UNAVAILABLE -> ErrorCause.UNREACHABLE;
      default -> ErrorCause.INTERNAL;
    };
  }

  private static Throwable unwrap(Throwable failure) {
    Throwable f = failure;
    while ((f instanceof CompletionException || f instanceof ExecutionException) && f.getCause() != null) {
      f = f.getCause();
    }
    return f;
  }
}
