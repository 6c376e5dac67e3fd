// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.RequestContext;
import com.linecorp.armeria.common.grpc.GrpcExceptionHandlerFunction;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** Gives errors that arise before a method is called, in the framing or the message itself, their row of the error table. */
public final class FramingErrors implements GrpcExceptionHandlerFunction {
  @Override
  public Status apply(RequestContext context, Status status, Throwable cause, Metadata metadata) {
    for (Throwable t = cause; t != null; t = t.getCause()) {
      if (t instanceof InvalidProtocolBufferException) {
        return with(new ServiceException(ErrorCause.MALFORMED, "the message is not well-formed protobuf"), metadata);
      }
      if (t instanceof ContentTooLargeException) {
        return with(new ServiceException(ErrorCause.TOO_LARGE, "the message is longer than this route accepts"), metadata);
      }
    }
    if (status.getCode() == Status.Code.RESOURCE_EXHAUSTED && !(cause instanceof StatusRuntimeException)) {
      return with(new ServiceException(ErrorCause.TOO_LARGE, "the message is longer than this route accepts"), metadata);
    }
    return status;
  }

  private static Status with(ServiceException failure, Metadata metadata) {
    StatusRuntimeException error = ErrorTable.toGrpc(failure);
    if (error.getTrailers() != null) {
      metadata.merge(error.getTrailers());
    }
    return error.getStatus();
  }
}
