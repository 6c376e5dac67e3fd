// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Collectors that do not do their part: a line in the log, and nothing else. */
class TracingTest {
  /** tcpmux: nothing listens there, and no other test is given it. */
  private static final int NOBODYS_PORT = 1;

  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.tacet.server.internal.observe");
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final List<String> foreign = new CopyOnWriteArrayList<>();
  private final Handler handler = new Handler() {
    @Override
    public void publish(LogRecord line) {
      if (String.valueOf(line.getLoggerName()).startsWith("io.opentelemetry")) {
        foreign.add(line.getLevel() + " " + line.getMessage());
      }
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  };

  @BeforeEach
  void listen() {
    log.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(log);
    java.util.logging.Logger.getLogger("").addHandler(handler);
  }

  @AfterEach
  void stopListening() {
    java.util.logging.Logger.getLogger("").removeHandler(handler);
    logger.detachAppender(log);
    logger.setLevel(null);
  }

  private List<String> lines() {
    List<ILoggingEvent> events = new ArrayList<>(log.list);
    events.forEach(event -> assertEquals(null, event.getThrowableProxy(), "no stack trace"));
    return events.stream().map(event -> event.getLevel() + " " + event.getFormattedMessage()).toList();
  }

  private static void call(Tracing tracing) {
    tracing.start("a call", name -> null).end();
    tracing.flush();
  }

  /** The library's flush does nothing while the one before it ends. */
  private static void flushUntil(Tracing tracing, BooleanSupplier done) throws InterruptedException {
    for (int i = 0; i < 1000 && !done.getAsBoolean(); i++) {
      tracing.flush();
      Thread.sleep(10);
    }
  }

  @Test
  void aCollectorThatFailsIsToldOnceAndThatItTakesSpansAgain() throws Exception {
    AtomicInteger status = new AtomicInteger(400);
    AtomicInteger answered = new AtomicInteger();
    HttpServer collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    collector.createContext("/v1/traces", exchange -> {
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status.get(), -1);
      exchange.close();
      answered.incrementAndGet();
    });
    collector.start();
    URI endpoint = URI.create("http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces");
    try (Tracing tracing = Tracing.to(endpoint, 1)) {
      for (int i = 1; i <= 3; i++) {
        int calls = i;
        call(tracing);
        flushUntil(tracing, () -> answered.get() == calls);
      }
      flushUntil(tracing, () -> !lines().isEmpty());
      assertEquals(
          List.of("WARN traces: " + endpoint + " takes no spans: HTTP status 400; until it does they are lost"), lines());
      status.set(200);
      call(tracing);
      call(tracing);
      flushUntil(tracing, () -> lines().size() > 1);
      assertEquals("INFO traces: " + endpoint + " takes spans again; 3 spans were lost", lines().get(1));
      assertEquals(2, lines().size());
    } finally {
      collector.stop(0);
    }
    assertEquals(List.of(), foreign);
  }

  @Test
  void oneThatIsNotThereIsToldWithItsAddress() throws Exception {
    try (Tracing tracing = Tracing.to(URI.create("http://127.0.0.1:" + NOBODYS_PORT + "/v1/traces"), 1)) {
      call(tracing);
      assertEquals(1, lines().size(), lines().toString());
      assertTrue(lines().get(0).contains("http://127.0.0.1:" + NOBODYS_PORT + "/v1/traces takes no spans: no connection"), lines().toString());
    }
    assertEquals(1, lines().size(), lines().toString());
    assertEquals(List.of(), foreign);
  }

  @Test
  void theEndWaitsASecondForACollectorThatIsSilent() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Tracing tracing = Tracing.to(URI.create("http://127.0.0.1:" + silent.getLocalPort() + "/v1/traces"), 1);
      tracing.start("a call", name -> null).end();
      long begun = System.nanoTime();
      tracing.close();
      Duration taken = Duration.ofNanos(System.nanoTime() - begun);
      assertTrue(taken.toMillis() < 4_000, "less than one attempt may last: " + taken);
      assertEquals(1, lines().size(), lines().toString());
      assertTrue(lines().get(0).endsWith("did not take the last spans within 1000 ms of the end"), lines().toString());
    }
    assertEquals(List.of(), foreign);
  }

  @Test
  void oneThatFailsNowAndThenIsToldOnceAMinute() {
    AtomicLong now = new AtomicLong();
    List<CompletableResultCode> results = new ArrayList<>();
    SpanExporter flapping = new SpanExporter() {
      @Override
      public CompletableResultCode export(Collection<SpanData> spans) {
        return results.remove(0);
      }

      @Override
      public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
      }

      @Override
      public CompletableResultCode shutdown() {
        return CompletableResultCode.ofSuccess();
      }
    };
    ReportingExporter exporter = new ReportingExporter(flapping, URI.create("http://collector/"), now::get);
    for (int i = 0; i < 24; i++) { // two minutes
      results.add(i % 2 == 0 ? CompletableResultCode.ofFailure() : CompletableResultCode.ofSuccess());
      exporter.export(List.of());
      now.addAndGet(Duration.ofSeconds(5).toNanos());
    }
    assertEquals(2, lines().stream().filter(line -> line.startsWith("WARN")).count(), lines().toString());
    assertEquals(2, lines().stream().filter(line -> line.startsWith("INFO")).count(), lines().toString());
  }
}
