// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.logging.RequestLog;
import com.linecorp.armeria.common.stream.CancelledSubscriptionException;
import com.linecorp.armeria.common.stream.ClosedStreamException;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import dev.tacet.server.internal.identity.Identity;
import dev.tacet.server.internal.observe.Origin;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.observe.Tracing;
import io.grpc.Status;
import io.netty.util.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import java.time.Duration;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The outermost of all: gives each request its id, which every answer carries, and its span, and when it has ended counts it and
 * writes a line about it, at level INFO: who by tenant, what by route, how it ended, how long and how large. No address, no payload.
 */
public final class Observation extends SimpleDecoratingHttpService {
  private static final Logger LOG = LoggerFactory.getLogger(Observation.class);
  private static final AttributeKey<Origin> ORIGIN = AttributeKey.valueOf(Observation.class, "ORIGIN");
  private static final int MAX_STATUS = 16;

  private final ServerMetrics metrics;
  private final Tracing tracing;

  private Observation(HttpService delegate, ServerMetrics metrics, Tracing tracing) {
    super(delegate);
    this.metrics = metrics;
    this.tracing = tracing;
  }

  /** Returns the decorator. */
  public static Function<HttpService, HttpService> of(ServerMetrics metrics, Tracing tracing) {
    return delegate -> new Observation(delegate, metrics, tracing);
  }

  /** Returns where the request that a thread serves comes from. */
  public static Origin originOf(ServiceRequestContext context) {
    Origin origin = context.attr(ORIGIN);
    if (origin == null) {
      throw new IllegalStateException("the route was reached without an origin");
    }
    return origin;
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) throws Exception {
    String id = Origin.idOf(request.headers().get(Origin.HEADER));
    String route = context.config().route().patternString();
    Span span = tracing.start(route, name -> request.headers().get(name));
    context.setAttr(ORIGIN, new Origin(id, Context.root().with(span)));
    context.mutateAdditionalResponseHeaders(headers -> headers.set(Origin.HEADER, id));
    context.log().whenComplete().thenAccept(log -> ended(context, log, id, route, span)).exceptionally(defect -> {
      LOG.error("the end of a request could not be told", defect);
      return null;
    });
    return unwrap().serve(context, request);
  }

  private void ended(ServiceRequestContext context, RequestLog log, String id, String route, Span span) {
    Identity caller = Authentication.callerOf(context);
    String tenant = caller == null ? "" : caller.tenant();
    String status = status(log);
    Duration time = Duration.ofNanos(log.totalDurationNanos());
    metrics.requested(tenant, route, status, time);
    span.setAttribute(Origin.KEY, id).setAttribute("tenant", tenant).setAttribute("status", status);
    if (!status.equals("OK") && !status.startsWith("2")) {
      span.setStatus(StatusCode.ERROR);
    }
    span.end();
    LOG.atInfo()
        .addKeyValue(Origin.KEY, id).addKeyValue("route", route).addKeyValue("tenant", tenant).addKeyValue("status", status)
        .addKeyValue("millis", time.toMillis()).addKeyValue("bytes_in", log.requestLength()).addKeyValue("bytes_out", log.responseLength())
        .log("request ended");
  }

  /** Returns the name of the gRPC status where there is one, else the HTTP status. */
  private static String status(RequestLog log) {
    String trailer = log.responseTrailers().get("grpc-status");
    String code = trailer == null ? log.responseHeaders().get("grpc-status") : trailer;
    if (code != null && code.matches("[0-9]{1,2}") && Integer.parseInt(code) <= MAX_STATUS) {
      return Status.fromCodeValue(Integer.parseInt(code)).getCode().name();
    }
    return wasCancelled(log) ? Status.Code.CANCELLED.name() : log.responseHeaders().status().codeAsText();
  }

  /** Whether the caller left before it was answered. */
  private static boolean wasCancelled(RequestLog log) {
    return log.responseCause() instanceof ClosedStreamException || log.responseCause() instanceof CancelledSubscriptionException;
  }
}
