// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.common.io.BaseEncoding;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;

/**
 * Answers a gRPC request whose body is longer than the transport reads, which the gRPC layer never gets to see: TOO_LARGE in
 * trailers, instead of the transport's bare 413.
 */
public final class TooLongRequests implements ServerErrorHandler {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @Override
  public HttpResponse onServiceException(ServiceRequestContext context, Throwable cause) {
    return null; // left to the handler behind this one
  }

  @Override
  public AggregatedHttpResponse renderStatus(
      ServiceRequestContext context, ServiceConfig config, RequestHeaders headers, HttpStatus status, String description,
      Throwable cause) {
    String type = headers == null ? null : headers.get(HttpHeaderNames.CONTENT_TYPE);
    if (!status.equals(HttpStatus.REQUEST_ENTITY_TOO_LARGE) || type == null || !type.startsWith("application/grpc")
        || type.startsWith("application/grpc-web")) {
      return null;
    }
    long limit = context != null ? context.maxRequestLength() : config.maxRequestLength();
    StatusRuntimeException error = ErrorTable.toGrpc(new ServiceException(ErrorCause.TOO_LARGE,
        "the request is longer than the " + limit + " bytes that this route reads"));
    ResponseHeadersBuilder trailers = ResponseHeaders.builder(HttpStatus.OK)
        .add(HttpHeaderNames.CONTENT_TYPE, type)
        .addInt("grpc-status", error.getStatus().getCode().value())
        .add("grpc-message", error.getStatus().getDescription());
    if (error.getTrailers() != null && error.getTrailers().get(DETAILS) != null) {
      trailers.add("grpc-status-details-bin", BaseEncoding.base64().omitPadding().encode(error.getTrailers().get(DETAILS)));
    }
    return AggregatedHttpResponse.of(trailers.build(), HttpData.empty());
  }
}
