// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.cors.CorsService;
import com.linecorp.armeria.server.cors.CorsServiceBuilder;
import dev.tacet.server.internal.observe.Origin;
import java.util.List;
import java.util.function.Function;

/** Cross-origin calls (CORS) from pages in browsers: gRPC-Web and REST. Credentials travel in headers, never in cookies. */
public final class Browsers {
  private static final int MAX_AGE_SECONDS = 600;

  private Browsers() {}

  /**
   * Returns the decorator.
   *
   * @param origins such as {@code https://app.example}; a star alone for any
   */
  public static Function<? super HttpService, CorsService> from(List<String> origins) {
    CorsServiceBuilder builder = origins.equals(List.of("*")) ? CorsService.builderForAnyOrigin() : CorsService.builder(origins);
    return builder
        .allowRequestMethods(HttpMethod.GET, HttpMethod.POST)
        .allowRequestHeaders(
            "authorization", "content-type", "grpc-timeout", "inference-header-content-length", "traceparent", "x-grpc-web",
            Origin.HEADER, "x-user-agent")
        .exposeHeaders(
            "grpc-message", "grpc-status", "grpc-status-details-bin", "inference-header-content-length", "retry-after", Origin.HEADER)
        .maxAge(MAX_AGE_SECONDS)
        .newDecorator();
  }
}
