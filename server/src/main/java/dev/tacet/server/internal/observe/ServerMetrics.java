// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.observe;

import dev.tacet.he.internal.NativeHandle;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.server.internal.models.ServedModel;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * What the host counts. Labels are bounded: tenants, routes, models that were loaded and their layers, and reasons of the error table;
 * never what a client sends.
 */
public final class ServerMetrics implements AutoCloseable {
  private static final Duration[] BUCKETS =
      LongStream.of(2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000).mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final JvmGcMetrics gc = new JvmGcMetrics();
  private final Timer keyLoads;
  private final ModelGauges modelGauges;

  /** What counters read; the registry itself does not keep them. */
  private final List<Supplier<Number>> counted = new CopyOnWriteArrayList<>();

  /** Makes the registry with the meters of the process. */
  public ServerMetrics() {
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    gc.bindTo(registry);
    keyLoads = Timer.builder("tacet.key.load").description("reading, verifying and expanding a key set")
        .serviceLevelObjectives(BUCKETS).register(registry);
    modelGauges = new ModelGauges(registry);
    gauge("tacet.process.resident.bytes", "physical memory of the process, heap and native", ProcessMemory::resident);
    gauge("tacet.process.huge.pages.bytes", "of it in transparent huge pages", ProcessMemory::hugePages);
    counter("tacet.native.leaks", "native objects that were dropped without being closed", NativeHandle::leaks);
  }

  /** Publishes a number of one tenant that is read when asked for. */
  public void gauge(String name, String description, String tenant, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).tag("tenant", tenant).register(registry);
  }

  /** Publishes a number that is read when asked for. */
  public void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  /** Publishes a number that only grows and is read when asked for. */
  public void counter(String name, String description, Supplier<Number> value) {
    counted.add(value);
    FunctionCounter.builder(name, value, v -> v.get().doubleValue()).description(description).register(registry);
  }

  /**
   * Counts a request that has ended, however.
   *
   * @param route its pattern, never the path that was sent
   * @param status name of the gRPC status, or the HTTP status
   */
  public void requested(String tenant, String route, String status, Duration time) {
    Timer.builder("tacet.requests").description("requests from their first byte to the last of the answer")
        .tags("tenant", tenant, "route", route, "status", status).serviceLevelObjectives(BUCKETS).register(registry).record(time);
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

  /**
   * Records one answered inference.
   *
   * @param waited time in the queue
   * @param ran time of the native run
   * @param layerNanos of it by layer
   */
  public void inferred(String tenant, ServedModel model, Duration waited, Duration ran, long[] layerNanos) {
    time("tacet.inference.wait", tenant, model.name(), waited);
    time("tacet.inference.run", tenant, model.name(), ran);
    List<String> layers = model.program().layers();
    for (int i = 0; i < layerNanos.length; i++) {
      registry.timer("tacet.layer.run", "model", model.name(), "layer", layers.get(i)).record(Duration.ofNanos(layerNanos[i]));
    }
  }

  private void time(String name, String tenant, String model, Duration time) {
    Timer.builder(name).tags("tenant", tenant, "model", model).serviceLevelObjectives(BUCKETS).register(registry).record(time);
  }

  /** Returns everything in the Prometheus text format, with the numbers of the models that are served. */
  public String scrape(List<ServedModel> models) {
    synchronized (modelGauges) {
      modelGauges.refresh(models);
      return registry.scrape();
    }
  }

  @Override
  public void close() {
    gc.close();
    registry.close();
  }
}
