// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.RequestContext;
import com.linecorp.armeria.common.grpc.GrpcExceptionHandlerFunction;
import com.linecorp.armeria.common.stream.ClosedStreamException;
import com.linecorp.armeria.server.RequestTimeoutException;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** Gives errors that arise before a method is called, in the framing or the message itself, their row of the error table. */
public final class FramingErrors implements GrpcExceptionHandlerFunction {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final String tooLong;

  /**
   * Makes the handler of one route.
   *
   * @param maxBytes its limit on a request's message
   */
  public FramingErrors(int maxBytes) {
    tooLong = "the message is longer than the " + maxBytes + " bytes that this route accepts";
  }

  @Override
  public Status apply(RequestContext context, Status status, Throwable cause, Metadata metadata) {
    if (metadata.containsKey(DETAILS)) {
      return status;
    }
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof InvalidProtocolBufferException) {
        return with(ErrorCause.MALFORMED, "the message is not well-formed protobuf", metadata);
      }
      if (t instanceof ContentTooLargeException) {
        return with(ErrorCause.TOO_LARGE, tooLong, metadata);
      }
      if (t instanceof ClosedStreamException) {
        return with(ErrorCause.CANCELLED, "the caller left", metadata);
      }
      if (t instanceof RequestTimeoutException) {
        return with(ErrorCause.DEADLINE_EXCEEDED, "the message did not arrive in time, or the call's deadline is over", metadata);
      }
    }
    return switch (status.getCode()) {
      case RESOURCE_EXHAUSTED -> with(ErrorCause.TOO_LARGE, tooLong, metadata);
      case DEADLINE_EXCEEDED -> with(ErrorCause.DEADLINE_EXCEEDED, "the call's deadline is over", metadata);
      case CANCELLED -> with(ErrorCause.CANCELLED, "the call was cancelled", metadata);
      case UNIMPLEMENTED -> with(ErrorCause.UNSUPPORTED, "the host does not support this call or its encoding", metadata);
      case INTERNAL, UNKNOWN -> ofTheFramework(status, cause)
          ? with(ErrorCause.MALFORMED, "the body is not made of whole, uncompressed gRPC messages", metadata) : status;
      default -> status;
    };
  }

  /** Whether the framework failed to take frames apart; what a method throws has its details, and does not come here. */
  private static boolean ofTheFramework(Status status, Throwable cause) {
    return cause instanceof IndexOutOfBoundsException
        || status.getDescription() != null && status.getDescription().startsWith("com.linecorp.armeria.");
  }

  private static Status with(ErrorCause cause, String text, Metadata metadata) {
    StatusRuntimeException error = ErrorTable.toGrpc(new ServiceException(cause, text));
    if (error.getTrailers() != null) {
      metadata.merge(error.getTrailers());
    }
    return error.getStatus();
  }
}
