// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.io.BaseEncoding;
import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.ResponseHeadersBuilder;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import java.nio.charset.StandardCharsets;

/** Answers a request with a row of the error table before any service sees it, in the words of the protocol that it speaks. */
public final class Refusals {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private Refusals() {}

  /** Tells whether a request speaks gRPC, gRPC-Web not included. */
  static boolean isGrpc(RequestHeaders headers) {
    String type = type(headers);
    return type.startsWith("application/grpc") && !type.startsWith("application/grpc-web");
  }

  /** Tells whether a request speaks gRPC-Web. */
  static boolean isGrpcWeb(RequestHeaders headers) {
    return type(headers).startsWith("application/grpc-web");
  }

  private static String type(RequestHeaders headers) {
    String type = headers == null ? null : headers.get(HttpHeaderNames.CONTENT_TYPE);
    return type == null ? "" : type;
  }

  /** Returns the answer: trailers alone for gRPC and gRPC-Web, else JSON with the HTTP status. */
  public static AggregatedHttpResponse of(RequestHeaders headers, ServiceException failure) {
    return type(headers).startsWith("application/grpc") ? trailers(type(headers), failure) : json(failure);
  }

  private static AggregatedHttpResponse trailers(String type, ServiceException failure) {
    StatusRuntimeException error = ErrorTable.toGrpc(failure);
    ResponseHeadersBuilder trailers = ResponseHeaders.builder(HttpStatus.OK)
        .endOfStream(true) // a status in the headers counts only if nothing follows them
        .add(HttpHeaderNames.CONTENT_TYPE, type)
        .addInt("grpc-status", error.getStatus().getCode().value())
        .add("grpc-message", percentEncoded(error.getStatus().getDescription()));
    if (error.getTrailers() != null && error.getTrailers().get(DETAILS) != null) {
      trailers.add("grpc-status-details-bin", BaseEncoding.base64().omitPadding().encode(error.getTrailers().get(DETAILS)));
    }
    return AggregatedHttpResponse.of(trailers.build(), HttpData.empty());
  }

  /** The form of grpc-message: what is not printable ASCII, and the percent sign, by its UTF-8 bytes. */
  private static String percentEncoded(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : String.valueOf(text).getBytes(StandardCharsets.UTF_8)) {
      if (b >= 0x20 && b < 0x7f && b != '%') {
        encoded.append((char) b);
      } else {
        encoded.append(String.format("%%%02X", b & 0xff));
      }
    }
    return encoded.toString();
  }

  /** Returns the JSON form: "error" says what is wrong, "reason" is the row's name. */
  public static AggregatedHttpResponse json(ServiceException failure) {
    ErrorCause cause = failure.errorCause();
    ObjectNode body = JsonNodeFactory.instance.objectNode()
        .put("error", String.valueOf(failure.getMessage()))
        .put("reason", cause.name());
    ResponseHeadersBuilder headers =
        ResponseHeaders.builder(HttpStatus.valueOf(cause.http())).contentType(MediaType.JSON_UTF_8);
    if (cause == ErrorCause.UNAUTHENTICATED) {
      headers.add(HttpHeaderNames.WWW_AUTHENTICATE, "Bearer");
    }
    failure.retryAfter().ifPresent(
        delay -> headers.add(HttpHeaderNames.RETRY_AFTER, Long.toString(Math.max(1, (delay.toMillis() + 999) / 1000))));
    return AggregatedHttpResponse.of(headers.build(), HttpData.ofUtf8(body.toString()));
  }
}
