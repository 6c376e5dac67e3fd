// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.observe;

import io.opentelemetry.exporter.internal.FailedExportException;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.ConnectException;
import java.net.URI;
import java.time.Duration;
import java.util.Collection;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the server's own log that a collector takes no spans: one line when it begins to fail, at most one a minute, and one when it
 * takes them again. The exporter's own lines, with a stack trace each, are switched off.
 */
final class ReportingExporter implements SpanExporter {
  private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(ReportingExporter.class);

  /** Kept, because java.util.logging forgets the level of a logger that nobody holds. */
  private static final Logger EXPORTERS = Logger.getLogger("io.opentelemetry.exporter");

  private static final long PAUSE_NANOS = Duration.ofMinutes(1).toNanos();

  private final SpanExporter exporter;
  private final URI endpoint;
  private final LongSupplier nanos;
  private boolean told;
  private long lastTold;
  private long lost;

  ReportingExporter(SpanExporter exporter, URI endpoint, LongSupplier nanos) {
    this.exporter = exporter;
    this.endpoint = endpoint;
    this.nanos = nanos;
    this.lastTold = nanos.getAsLong() - PAUSE_NANOS;
    EXPORTERS.setLevel(Level.OFF);
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    int count = spans.size();
    CompletableResultCode result = exporter.export(spans);
    CompletableResultCode told = new CompletableResultCode(); // so that who waits for the export finds it told
    result.whenComplete(() -> {
      if (result.isSuccess()) {
        taken();
        told.succeed();
      } else {
        failed(count, reason(result.getFailureThrowable()));
        told.fail();
      }
    });
    return told;
  }

  private synchronized void taken() {
    if (told) {
      LOG.info("traces: {} takes spans again; {} spans were lost", endpoint, lost);
    }
    told = false;
    lost = 0;
  }

  private synchronized void failed(int spans, String reason) {
    lost += spans;
    if (!told && nanos.getAsLong() - lastTold >= PAUSE_NANOS) {
      LOG.warn("traces: {} takes no spans: {}; until it does they are lost", endpoint, reason);
      told = true;
      lastTold = nanos.getAsLong();
    }
  }

  /** Says that the last spans were given up, unless the log has it that none are taken. */
  synchronized void abandoned(Duration patience) {
    if (!told) {
      LOG.warn("traces: {} did not take the last spans within {} ms of the end", endpoint, patience.toMillis());
      told = true;
    }
  }

  private static String reason(Throwable failure) {
    if (failure instanceof FailedExportException.HttpExportException http && http.getResponse() != null) {
      return "HTTP status " + http.getResponse().getStatusCode();
    }
    Throwable cause = failure != null && failure.getCause() != null ? failure.getCause() : failure;
    if (cause instanceof ConnectException) {
      return "no connection";
    }
    return cause == null ? "no reason given" : cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
