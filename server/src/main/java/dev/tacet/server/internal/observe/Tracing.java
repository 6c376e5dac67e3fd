// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.observe;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * Spans of calls, sent to a collector by OTLP over HTTP; off unless an address is configured. A caller's {@code traceparent} is taken
 * up. Spans name methods, tenants, models and layers, and times; nothing of what a call carries.
 */
public final class Tracing implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** How long the end waits for the last spans to be taken. */
  private static final Duration LAST_SPANS = Duration.ofSeconds(1);

  private static final TextMapGetter<UnaryOperator<String>> HEADERS = new TextMapGetter<>() {
    @Override
    @SuppressWarnings("deprecation") // has no default
    public Iterable<String> keys(UnaryOperator<String> headers) {
      return List.of("traceparent", "tracestate");
    }

    @Override
    public String get(UnaryOperator<String> headers, String name) {
      return headers == null ? null : headers.apply(name);
    }
  };

  private final SdkTracerProvider provider;
  private final ReportingExporter exporter;
  private final Tracer tracer;

  private Tracing(SdkTracerProvider provider, ReportingExporter exporter) {
    this.provider = provider;
    this.exporter = exporter;
    this.tracer = (provider == null ? OpenTelemetry.noop().getTracerProvider() : provider).get("dev.tacet.server");
  }

  /** Returns traces that go nowhere and cost nothing. */
  public static Tracing off() {
    return new Tracing(null, null);
  }

  /**
   * Returns traces that go to a collector.
   *
   * @param endpoint such as {@code http://localhost:4318/v1/traces}
   * @param share of the calls that carry no decision of their caller, 0 to 1
   */
  public static Tracing to(URI endpoint, double share) {
    ReportingExporter exporter = new ReportingExporter(
        OtlpHttpSpanExporter.builder().setEndpoint(endpoint.toString()).setTimeout(PATIENCE).build(), endpoint, System::nanoTime);
    return new Tracing(
        SdkTracerProvider.builder()
            .setResource(Resource.create(Attributes.builder().put("service.name", "tacet").build()))
            .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(share)))
            .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
            .build(),
        exporter);
  }

  /**
   * Starts the span of a call.
   *
   * @param name the method or route
   * @param headers gives a header of the request, or null
   */
  public Span start(String name, UnaryOperator<String> headers) {
    Context caller = W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, HEADERS);
    return tracer.spanBuilder(name).setParent(caller).setSpanKind(SpanKind.SERVER).startSpan();
  }

  /**
   * Adds what was done for a call, after it was done.
   *
   * @param fromNanos {@link System#nanoTime()} at its beginning
   * @param toNanos at its end
   * @param failed whether it ended with an error
   */
  public void done(Context call, String name, long fromNanos, long toNanos, boolean failed, Attributes attributes) {
    if (provider == null || !Span.fromContext(call).getSpanContext().isSampled()) {
      return;
    }
    long offset = System.currentTimeMillis() * 1_000_000 - System.nanoTime();
    SpanBuilder builder = tracer.spanBuilder(name).setParent(call).setStartTimestamp(fromNanos + offset, TimeUnit.NANOSECONDS);
    Span span = builder.setAllAttributes(attributes).startSpan();
    if (failed) {
      span.setStatus(StatusCode.ERROR);
    }
    span.end(toNanos + offset, TimeUnit.NANOSECONDS);
  }

  /** Sends what has ended so far, and waits for it. */
  void flush() {
    provider.forceFlush().join(2 * PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Sends what is left, for a second at most: a collector that is away keeps no server from ending. */
  @Override
  public void close() {
    if (provider != null && !provider.shutdown().join(LAST_SPANS.toMillis(), TimeUnit.MILLISECONDS).isDone()) {
      exporter.abandoned(LAST_SPANS);
    }
  }
}
