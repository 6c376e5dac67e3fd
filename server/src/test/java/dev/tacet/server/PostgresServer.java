// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import dev.tacet.server.internal.config.Settings.StateDatabase;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A PostgreSQL of a test's own: a new cluster in a temporary folder, on a free port of this machine, with a password. Root cannot run
 * one, so its processes are those of the user nobody then.
 */
public final class PostgresServer implements AutoCloseable {
  /** What a test says when it is skipped. */
  public static final String NONE = "no PostgreSQL found: neither initdb and postgres in the PATH nor in /usr/lib/postgresql/*/bin";

  private static final String PASSWORD = "a test's password";

  private final Path programs;
  private final Path folder;
  private int port;
  private Process process;

  private PostgresServer(Path programs, Path folder) {
    this.programs = programs;
    this.folder = folder;
  }

  /** Returns the newest programs on this machine. */
  public static Optional<Path> find() throws IOException {
    List<Path> candidates = new ArrayList<>();
    Path debian = Path.of("/usr/lib/postgresql");
    if (Files.isDirectory(debian)) {
      try (Stream<Path> versions = Files.list(debian)) {
        versions.sorted(Comparator.comparing(Path::toString).reversed()).forEach(version -> candidates.add(version.resolve("bin")));
      }
    }
    for (String entry : System.getenv().getOrDefault("PATH", "").split(":")) {
      candidates.add(Path.of(entry));
    }
    return candidates.stream()
        .filter(bin -> Files.isExecutable(bin.resolve("initdb")) && Files.isExecutable(bin.resolve("postgres"))).findFirst();
  }

  /** Makes a cluster and starts it. */
  public static PostgresServer start(Path programs) throws Exception {
    Path folder = Files.createTempDirectory(Path.of("/tmp"), "tacet-postgres");
    PostgresServer server = new PostgresServer(programs, folder);
    Files.writeString(server.passwordFile(), PASSWORD);
    if (isRoot()) {
      run(List.of("chown", "-R", "65534:65534", folder.toString()));
    }
    run(server.unprivileged(
        programs.resolve("initdb").toString(), "-D", folder.resolve("cluster").toString(), "-U", "tacet", "-A", "scram-sha-256",
        "--pwfile=" + server.passwordFile(), "-E", "UTF8", "--locale=C"));
    for (int attempt = 1; ; attempt++) {
      server.port = freePort();
      try {
        server.start();
        return server;
      } catch (IOException e) {
        if (attempt == 5 || !e.getMessage().contains("Address already in use")) {
          throw e;
        }
      }
    }
  }

  /**
   * Returns a port below those that the system hands out to connections (32768 and more on Linux): between two starts on the same port,
   * no connection of another test can take it.
   */
  private static int freePort() throws IOException {
    for (int attempt = 1; ; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(15_000, 32_000);
      try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
        return free.getLocalPort();
      } catch (BindException e) {
        if (attempt == 50) {
          throw e;
        }
      }
    }
  }

  private static boolean isRoot() {
    return "root".equals(System.getProperty("user.name"));
  }

  private List<String> unprivileged(String... command) {
    List<String> whole = new ArrayList<>();
    if (isRoot()) {
      whole.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
    }
    whole.addAll(List.of(command));
    return whole;
  }

  private static void run(List<String> command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed:\n" + output);
    }
  }

  private void start() throws Exception {
    process =
        new ProcessBuilder(
            unprivileged(
                programs.resolve("postgres").toString(), "-D", folder.resolve("cluster").toString(), "-p", Integer.toString(port),
                "-k", folder.toString(), "-c", "listen_addresses=127.0.0.1"))
            .redirectErrorStream(true).redirectOutput(folder.resolve("log").toFile()).start();
    for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60); ; ) {
      try (Connection connection = DriverManager.getConnection(url(), "tacet", PASSWORD)) {
        return;
      } catch (SQLException e) {
        if (!process.isAlive() || System.nanoTime() > end) {
          throw new IOException("PostgreSQL did not start:\n" + Files.readString(folder.resolve("log")), e);
        }
        Thread.sleep(50);
      }
    }
  }

  /** Kills it as a power failure would, all its processes, and starts it again on the same data. */
  public void crashAndRestart() throws Exception {
    kill();
    start();
  }

  /** Kills it without a chance to say goodbye. */
  public void kill() throws InterruptedException {
    List<ProcessHandle> backends = process.descendants().toList();
    process.destroyForcibly().waitFor();
    backends.forEach(ProcessHandle::destroyForcibly);
    for (ProcessHandle backend : backends) {
      while (backend.isAlive()) {
        Thread.sleep(10);
      }
    }
  }

  /** Starts it again after {@link #kill}. */
  public void restart() throws Exception {
    start();
  }

  public String url() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
  }

  public Path passwordFile() {
    return folder.resolve("password");
  }

  /** Returns the settings of a server that uses it. */
  public StateDatabase settings() {
    return new StateDatabase(Optional.of(url()), Optional.of("tacet"), Optional.of(passwordFile()));
  }

  @Override
  public void close() throws Exception {
    if (process.isAlive()) {
      kill();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
