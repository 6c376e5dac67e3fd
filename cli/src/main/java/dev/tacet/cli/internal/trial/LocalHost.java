// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import com.sun.management.OperatingSystemMXBean;
import dev.tacet.cli.internal.process.RecordingProxy;
import dev.tacet.cli.internal.process.ServerProcess;
import dev.tacet.cli.internal.process.TemporaryFolder;
import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A host on loopback in a second process, with its models and data in a temporary folder; gone when closed. */
public final class LocalHost implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Constants that a busy machine encodes at least in a second. */
  private static final long CONSTANTS_A_SECOND = 8L << 20;

  /** How long a call may take: whoever tries a model on a machine of their own waits for it. */
  public static final Duration DEADLINE = Duration.ofMinutes(30);

  private final TemporaryFolder folder;
  private final ServerProcess server;
  private final RecordingProxy proxy;

  private LocalHost(TemporaryFolder folder, ServerProcess server, RecordingProxy proxy) {
    this.folder = folder;
    this.server = server;
    this.proxy = proxy;
  }

  /**
   * Starts a host.
   *
   * @param artifacts what it serves, each under its signature's name
   * @param plantedPhrase phrase of the needles that it plants in its memory, or null
   * @param recorded whether everything that goes over the wire is written down
   */
  public static LocalHost start(List<ModelArtifact> artifacts, String plantedPhrase, boolean recorded) {
    TemporaryFolder folder = TemporaryFolder.create("tacet-host-");
    ServerProcess server = null;
    try {
      Path models = folder.folder("models");
      for (ModelArtifact artifact : artifacts) {
        Path version = Files.createDirectories(models.resolve(artifact.signature().model()).resolve("1"));
        Files.write(version.resolve("model.tacet"), artifact.toBytes());
      }
      List<String> arguments =
          new ArrayList<>(
              List.of("--models", models.toString(), "--data", folder.folder("data").toString(), "--port", "0"));
      arguments.addAll(List.of("--set", "limits.memory=" + memory(), "--set", "limits.duration=" + DEADLINE.toMinutes() + "m"));
      if (plantedPhrase != null) {
        arguments.addAll(List.of("--plant-needle", plantedPhrase));
      }
      server = ServerProcess.start(arguments, patience(artifacts));
      RecordingProxy proxy = recorded ? RecordingProxy.start(server.uri(), folder.folder("wire")) : null;
      return new LocalHost(folder, server, proxy);
    } catch (IOException e) {
      folder.close();
      throw new UncheckedIOException("cannot lay out the models of a host in " + folder.path(), e);
    } catch (RuntimeException e) {
      if (server != null) {
        server.close();
      }
      folder.close();
      throw e;
    }
  }

  /** Bytes that ciphertexts may take: three quarters of the machine's memory, which this host shares with nobody but its client. */
  private static long memory() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize() / 4 * 3;
  }

  /** How long a host may take to encode the constants of its models before it listens. */
  static Duration patience(List<ModelArtifact> artifacts) {
    long constants = artifacts.stream().mapToLong(artifact -> Explanation.constantBytes(artifact)).sum();
    return PATIENCE.plusSeconds(constants / CONSTANTS_A_SECOND);
  }

  /** Where to connect: the proxy, if there is one. */
  public URI uri() {
    return proxy == null ? server.uri() : proxy.uri();
  }

  /** The server's process id. */
  public long pid() {
    return server.pid();
  }

  /** What the server has on disk: its models and its data. */
  public List<Path> folders() {
    return List.of(folder.path().resolve("models"), folder.path().resolve("data"));
  }

  /** What went over the wire. */
  public Path wire() {
    return folder.path().resolve("wire");
  }

  @Override
  public void close() {
    if (proxy != null) {
      proxy.close();
    }
    server.close();
    folder.close();
  }
}
