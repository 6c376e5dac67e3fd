// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import dev.tacet.protocol.ErrorCause;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.function.Supplier;

/** What the host counts. Labels are bounded: tenants, loaded models, and reasons of the error table; never what a client sends. */
public final class ServerMetrics implements AutoCloseable {
  private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gc = new JvmGcMetrics();
  private final Counter chunkBytes;
  private final Timer keyLoads;

  /** Makes the registry with the meters of the JVM. */
  public ServerMetrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    gc.bindTo(registry);
    chunkBytes = Counter.builder("tacet.upload.bytes").description("bytes of key chunks accepted").register(registry);
    keyLoads = Timer.builder("tacet.key.load").description("reading, verifying and expanding a key set").register(registry);
  }

  /** Publishes a number that is read when asked for. */
  public void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  /** Counts a failed call. */
  public void failed(String call, ErrorCause cause) {
    registry.counter("tacet.failures", Tags.of("call", call, "reason", cause.name())).increment();
  }

  /** Counts accepted bytes of a key upload. */
  public void uploaded(long bytes) {
    chunkBytes.increment(bytes);
  }

  /** Records how long a key set took to load. */
  public void keysLoaded(Duration time) {
    keyLoads.record(time);
  }

  /** Records one answered inference: the time it waited and the native run. */
  public void inferred(String model, Duration waited, Duration ran) {
    registry.timer("tacet.inference.wait", "model", model).record(waited);
    registry.timer("tacet.inference.run", "model", model).record(ran);
  }

  /** Returns everything in the Prometheus text format. */
  public String scrape() {
    return registry.scrape();
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }
}
