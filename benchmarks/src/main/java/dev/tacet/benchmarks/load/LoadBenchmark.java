// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * The load test of a host, with options {@code name=value}: clients (200), seconds of each part (900), workers (cores), heap of the host
 * in MiB (1024), model (a model.tacet; a small one of its own otherwise), parts (abc), rate (calls a second of c, where a is left out).
 *
 * <p>a: all keys in memory, closed loop; throughput against the bare executor's, with as many clients (32 at most), for the same
 * processor time. b: keys four times the budget, Zipf access; refusals, memory, cost of a miss. c: open loop at 70 % of a's throughput;
 * latency against a simulated queue that is fed the same arrivals and the measured service times.
 */
public final class LoadBenchmark {
  private static final double LOAD = 0.7;
  private static final int SIMULATIONS = 200;
  private static final double ZIPF = 1.0;
  private static final int MOST_OF_EXECUTOR = 32;  // clients of the bare executor: their keys are more than any cache holds

  private final Map<String, String> options;
  private final int clients;
  private final double seconds;
  private final int workers;
  private final int heap;
  private final ModelArtifact model;

  private LoadBenchmark(Map<String, String> options) throws IOException {
    this.options = options;
    clients = Integer.parseInt(options.getOrDefault("clients", "200"));
    seconds = Double.parseDouble(options.getOrDefault("seconds", "900"));
    workers = Integer.parseInt(options.getOrDefault("workers", Integer.toString(Runtime.getRuntime().availableProcessors())));
    heap = Integer.parseInt(options.getOrDefault("heap", "1024"));
    model = options.containsKey("model")
        ? ModelArtifact.fromBytes(ByteBuffer.wrap(Files.readAllBytes(Path.of(options.get("model")))))
        : LoadModel.artifact();
  }

  /** Runs the parts and prints what they gave. */
  public static void main(String[] arguments) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      if (parts.length != 2 || !List.of("clients", "seconds", "workers", "heap", "model", "parts", "rate").contains(parts[0])) {
        throw new IllegalArgumentException("options are clients=, seconds=, workers=, heap=, model=, parts=, rate=; not " + argument);
      }
      options.put(parts[0], parts[1]);
    }
    Path folder = Files.createTempDirectory("tacet-load-");
    try {
      new LoadBenchmark(options).run(folder);
    } finally {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void run(Path folder) throws IOException, InterruptedException {
    String parts = options.getOrDefault("parts", "abc");
    Path models = folder.resolve("models");
    Path version = Files.createDirectories(models.resolve(model.signature().model()).resolve("1"));
    Files.write(version.resolve("model.tacet"), model.toBytes());
    say("%d clients, %.0f s a part, %d workers, %s", clients, seconds, workers, model.parameters());
    ExecutorRate executor = ExecutorRate.measure(model, Math.min(clients, MOST_OF_EXECUTOR), workers, Math.min(seconds, 20));
    say("executor alone: %.1f runs/s, %.1f for a second of processor time", executor.perSecond(), executor.perCpuSecond());
    Path data = folder.resolve("data");
    List<InferRequest> requests;
    long needed;
    try (LoadHost host = host(models, data, 64L << 30)) {
      requests = LoadClients.make(model, clients, KeyServiceGrpc.newBlockingStub(host.channel));
      AtomicInteger each = new AtomicInteger();
      new Loop(host.channel, requests).closed(1, 0.001 + seconds / 100, () -> each.getAndIncrement() % clients);
      for (InferRequest request : requests) { // every key set once, so that all are in memory
        InferenceServiceGrpc.newBlockingStub(host.channel).infer(request);
      }
      needed = (long) host.metric("tacet_keys_expanded_bytes");
      say("expanded keys of all clients: %d MiB", needed >> 20);
      if (parts.contains("a") || parts.contains("c")) {
        double perSecond = parts.contains("a") || !options.containsKey("rate") ? LOAD * within(host, requests, executor)
            : Double.parseDouble(options.get("rate"));
        if (parts.contains("c")) {
          open(host, requests, perSecond);
        }
      }
    }
    if (parts.contains("b")) {
      try (LoadHost host = host(models, data, needed / 4)) {
        beyond(host, requests, needed / 4);
      }
    }
  }

  private LoadHost host(Path models, Path data, long keyBudget) throws IOException {
    return new LoadHost(models, data, heap, Map.of(
        "limits.expanded-keys", Long.toString(keyBudget), "limits.running", Integer.toString(workers), "limits.waiting", "256"));
  }

  private double within(LoadHost host, List<InferRequest> requests, ExecutorRate executor) throws IOException {
    double cpu = host.cpuSeconds();
    Loop.Result result = new Loop(host.channel, requests).closed(2 * workers, seconds, () -> ThreadLocalRandom.current().nextInt(clients));
    double used = host.cpuSeconds() - cpu;
    double ratio = result.latencies().getTotalCount() / used / executor.perCpuSecond();
    say("(a) %s", text(result));
    say("(a) the host used %.1f s of processor time; throughput is %.1f %% of the executor's for as much, asked 90 %%", used, 100 * ratio);
    return result.perSecond();
  }

  private void open(LoadHost host, List<InferRequest> requests, double perSecond) {
    Loop.Result alone =
        new Loop(host.channel, requests).closed(workers, Math.min(seconds, 60), () -> ThreadLocalRandom.current().nextInt(clients));
    long[] services = samples(alone.latencies());
    say("(c) service times: %s", text(alone));
    long[] arrivals = QueueSimulation.poisson(perSecond, seconds, new Random(3));
    Loop.Result result = new Loop(host.channel, requests).open(arrivals, () -> ThreadLocalRandom.current().nextInt(clients));
    double[] same = simulated(services, seed -> arrivals);
    double[] others = simulated(services, seed -> QueueSimulation.poisson(perSecond, seconds, new Random(SIMULATIONS + seed)));
    double expected = same[SIMULATIONS / 2];
    double seen = result.latencies().getValueAtPercentile(99) / 1e6;
    say("(c) %.1f calls/s asked; %s", perSecond, text(result));
    say("(c) p99 %.1f ms, the simulated queue's %.1f ms for the same arrivals: %.2fx, asked 1.3x; for others, of as many calls, %.1f to %.1f"
        + " ms in 9 simulations of 10", seen, expected, seen / expected, others[SIMULATIONS / 20], others[SIMULATIONS - 1 - SIMULATIONS / 20]);
  }

  /** Returns the 99th percentiles of simulated queues in ms, ascending. */
  private double[] simulated(long[] services, IntFunction<long[]> arrivals) {
    return IntStream.range(0, SIMULATIONS).mapToDouble(seed -> {
      double[] sojourns = QueueSimulation.sojourns(services, workers, arrivals.apply(seed), new Random(seed));
      return sojourns[(int) (0.99 * sojourns.length)] / 1e6;
    }).sorted().toArray();
  }

  private void beyond(LoadHost host, List<InferRequest> requests, long budget) throws IOException, InterruptedException {
    double[] cumulative = new double[clients];
    for (int i = 0; i < clients; i++) {
      cumulative[i] = (i == 0 ? 0 : cumulative[i - 1]) + 1 / Math.pow(i + 1, ZIPF);
    }
    Loop.Result result = new Loop(host.channel, requests).closed(2 * workers, seconds, () -> {
      int at = Arrays.binarySearch(cumulative, ThreadLocalRandom.current().nextDouble() * cumulative[clients - 1]);
      return Math.min(clients - 1, at < 0 ? -at - 1 : at);
    });
    double misses = host.metric("tacet_keys_misses_total");
    double load = host.metric("tacet_key_load_seconds_sum") / Math.max(1, host.metric("tacet_key_load_seconds_count"));
    say("(b) %s", text(result));
    say("(b) %.0f misses, %.0f hits, %.0f evictions; a miss costs %.1f ms; failures but refusals: %d", misses,
        host.metric("tacet_keys_hits_total"), host.metric("tacet_keys_evictions_total"), 1e3 * load,
        result.failures().values().stream().mapToInt(Integer::intValue).sum() - result.failed("OVERLOADED"));
    say("(b) peak memory %d MiB; heap %d + keys %d + runs %.0f MiB are configured", host.peakBytes() >> 20, heap, budget >> 20,
        host.metric("tacet_calls_budget_bytes") / (1 << 20));
  }

  /** Returns the recorded values, each as often as it was recorded. */
  private static long[] samples(Histogram histogram) {
    long[] samples = new long[(int) histogram.getTotalCount()];
    int at = 0;
    for (var value : histogram.recordedValues()) {
      for (long i = 0; i < value.getCountAtValueIteratedTo(); i++) {
        samples[at++] = value.getValueIteratedTo();
      }
    }
    return samples;
  }

  private static String text(Loop.Result result) {
    Histogram h = result.latencies();
    return String.format(Locale.ROOT, "%d answers in %.1f s, %.1f/s; p50 %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, max %.1f ms; failures %s",
        h.getTotalCount(), result.seconds(), result.perSecond(), h.getValueAtPercentile(50) / 1e6, h.getValueAtPercentile(90) / 1e6,
        h.getValueAtPercentile(99) / 1e6, h.getValueAtPercentile(99.9) / 1e6, h.getMaxValue() / 1e6, result.failures());
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
