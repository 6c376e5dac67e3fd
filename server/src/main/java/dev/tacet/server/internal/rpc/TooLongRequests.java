// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;

/**
 * Answers a gRPC request whose body is longer than the transport reads, which the gRPC layer never gets to see: TOO_LARGE in
 * trailers, instead of the transport's bare 413.
 */
public final class TooLongRequests implements ServerErrorHandler {
  @Override
  public HttpResponse onServiceException(ServiceRequestContext context, Throwable cause) {
    return null; // left to the handler behind this one
  }

  @Override
  public AggregatedHttpResponse renderStatus(
      ServiceRequestContext context, ServiceConfig config, RequestHeaders headers, HttpStatus status, String description,
      Throwable cause) {
    if (!status.equals(HttpStatus.REQUEST_ENTITY_TOO_LARGE) || !Refusals.isGrpc(headers)) {
      return null;
    }
    long limit = context != null ? context.maxRequestLength() : config.maxRequestLength();
    return Refusals.of(headers, new ServiceException(ErrorCause.TOO_LARGE,
        "the request is longer than the " + limit + " bytes that this route reads"));
  }
}
