// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.RequestTimeoutException;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceConfig;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;

/**
 * Answers requests that no service gets to see, for want of a route, or of time, or since the transport reads no more of them: gRPC requests
 * with a row of the error table in trailers, but for paths that there are not, all that speak no gRPC with JSON as every other error, under
 * the transport's status.
 */
public final class TransportErrors implements ServerErrorHandler {
  private static final String LATE = "the call did not end in time";

  @Override
  public HttpResponse onServiceException(ServiceRequestContext context, Throwable cause) {
    return null; // left to the handler behind this one
  }

  @Override
  public AggregatedHttpResponse renderStatus(
      ServiceRequestContext context, ServiceConfig config, RequestHeaders headers, HttpStatus status, String description,
      Throwable cause) {
    boolean late = cause instanceof RequestTimeoutException || status.equals(HttpStatus.REQUEST_TIMEOUT);
    if (Refusals.isGrpc(headers) || late && Refusals.isGrpcWeb(headers)) {
      return late ? Refusals.of(headers, new ServiceException(ErrorCause.DEADLINE_EXCEEDED, LATE)) : switch (status.code()) {
        case 413 -> Refusals.of(headers, new ServiceException(ErrorCause.TOO_LARGE, tooLong(context, config)));
        case 503 -> Refusals.of(headers, new ServiceException(ErrorCause.OVERLOADED, "the host takes no more calls for the moment"));
        default -> null;
      };
    }
    ErrorCause row = late ? ErrorCause.DEADLINE_EXCEEDED : switch (status.code()) {
      case 404, 405 -> ErrorCause.UNSUPPORTED;
      case 413, 414, 431 -> ErrorCause.TOO_LARGE;
      case 503 -> ErrorCause.OVERLOADED;
      default -> status.isClientError() ? ErrorCause.MALFORMED : ErrorCause.INTERNAL;
    };
    String text = late ? LATE : switch (status.code()) {
      case 404 -> "this host has no such path";
      case 405 -> "this path does not take the method " + (headers == null ? "of the request" : headers.method());
      case 413 -> tooLong(context, config);
      default -> status.reasonPhrase();
    };
    String body = JsonNodeFactory.instance.objectNode().put("error", text).put("reason", row.name()).toString();
    return AggregatedHttpResponse.of(ResponseHeaders.builder(status).contentType(MediaType.JSON_UTF_8).build(), HttpData.ofUtf8(body));
  }

  private static String tooLong(ServiceRequestContext context, ServiceConfig config) {
    return "the request is longer than the " + (context != null ? context.maxRequestLength() : config.maxRequestLength())
        + " bytes that this route reads";
  }
}
