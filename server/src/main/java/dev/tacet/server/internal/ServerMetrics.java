// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import dev.tacet.protocol.ErrorCause;
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
  private final Timer keyLoads;

  /** Makes the registry with the meters of the JVM. */
  public ServerMetrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    gc.bindTo(registry);
    keyLoads = Timer.builder("tacet.key.load").description("reading, verifying and expanding a key set").register(registry);
  }

  /** Publishes a number of one tenant that is read when asked for. */
  public void gauge(String name, String description, String tenant, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).tag("tenant", tenant).register(registry);
  }

  /** Publishes a number that is read when asked for. */
  public void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  /**
   * Counts a failed call.
   *
   * @param tenant empty if the caller is not known
   */
  public void failed(String tenant, String call, ErrorCause cause) {
    registry.counter("tacet.failures", Tags.of("tenant", tenant, "call", call, "reason", cause.name())).increment();
  }

  /** Counts accepted bytes of a key upload. */
  public void uploaded(String tenant, long bytes) {
    registry.counter("tacet.upload.bytes", "tenant", tenant).increment(bytes);
  }

  /** Records how long a key set took to load. */
  public void keysLoaded(Duration time) {
    keyLoads.record(time);
  }

  /** Records one answered inference: the time it waited and the native run. */
  public void inferred(String tenant, String model, Duration waited, Duration ran) {
    registry.timer("tacet.inference.wait", "tenant", tenant, "model", model).record(waited);
    registry.timer("tacet.inference.run", "tenant", tenant, "model", model).record(ran);
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
