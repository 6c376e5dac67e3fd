// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import dev.tacet.server.TacetServer;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A host in a process of its own. */
final class LoadHost implements AutoCloseable {
  private final Process process;
  final URI uri;
  final ManagedChannel channel;

  /**
   * Starts one.
   *
   * @param settings by path, as in docs/operating.md
   */
  LoadHost(Path models, Path data, int heapMebibytes, Map<String, String> settings) throws IOException {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + heapMebibytes + "m",
        "-cp", System.getProperty("java.class.path"), LoadHost.class.getName(), "models=" + models, "data=" + data, "port=0"));
    settings.forEach((path, value) -> command.add(path + "=" + value));
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    String line = out.readLine();
    if (line == null) {
      throw new IOException("the host did not start");
    }
    uri = URI.create(line);
    channel = NettyChannelBuilder.forAddress(uri.getHost(), uri.getPort()).usePlaintext().maxInboundMessageSize(1 << 28).build();
  }

  /** The host's process. */
  public static void main(String[] settings) throws Exception {
    Map<String, String> flags = new java.util.LinkedHashMap<>();
    for (String setting : settings) {
      flags.put(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
    }
    try (TacetServer server = TacetServer.configured(null, Map.of(), flags)) {
      System.out.println(server.start());
      while (System.in.read() >= 0) {
        continue;
      }
    }
  }

  /** Returns the processor time used so far, in seconds. */
  double cpuSeconds() {
    return process.info().totalCpuDuration().orElseThrow().toNanos() / 1e9;
  }

  /** Returns the most physical memory that it ever had, in bytes. */
  long peakBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException("the system does not say how much memory the host had");
  }

  /** Returns the number of a metric that has no labels. */
  double metric(String name) throws IOException, InterruptedException {
    String page = HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri.resolve("/metrics")).build(), HttpResponse.BodyHandlers.ofString()).body();
    Matcher matcher = Pattern.compile("^" + name + " (\\S+)$", Pattern.MULTILINE).matcher(page);
    if (!matcher.find()) {
      throw new IOException("the host has no metric " + name);
    }
    return Double.parseDouble(matcher.group(1));
  }

  @Override
  public void close() {
    channel.shutdownNow();
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
