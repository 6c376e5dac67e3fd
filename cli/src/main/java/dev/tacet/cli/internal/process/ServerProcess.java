// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.process;

import dev.tacet.cli.internal.Cleanup;
import dev.tacet.cli.internal.CliException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * {@code tacet serve} as a child: the same java command line as this process, ready when it says "listening on URI".
 *
 * <p>The child never outlives this process: it is ended, if need be killed, on close and by the shutdown hook (Ctrl-C, SIGTERM), and it
 * ends by itself when its standard input closes, which is what happens if this process is killed outright.
 */
public final class ServerProcess implements AutoCloseable {
  /** What the server prints before its address, once it is ready. */
  public static final String READY = "listening on ";

  private static final int KEPT_LINES = 40;
  private static final int GRACE_SECONDS = 3;

  private final Process process;
  private final Deque<String> lastLines = new ArrayDeque<>();
  private final CompletableFuture<URI> address = new CompletableFuture<>();
  private final Cleanup.Registration registration;

  private ServerProcess(Process process) {
    this.process = process;
    this.registration = Cleanup.atExit(() -> kill(process));
    read(new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)), true);
    read(new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8)), false);
  }

  /**
   * Starts {@code tacet serve} with {@code arguments} and waits until it listens.
   *
   * @throws CliException if it ends or stays silent for longer than {@code patience}; its last lines are in the text
   */
  public static ServerProcess start(List<String> arguments, Duration patience) {
    List<String> all = new ArrayList<>(List.of("serve", "--exit-with-stdin"));
    all.addAll(arguments);
    return startCommand(ownCommandLine(all), patience);
  }

  /** Starts any command that announces itself as {@code tacet serve} does. */
  static ServerProcess startCommand(List<String> command, Duration patience) {
    ServerProcess server;
    try {
      server = new ServerProcess(new ProcessBuilder(command).start());
    } catch (IOException e) {
      throw new CliException(
          CliException.FAILED, "the server process cannot be started: " + e.getMessage(), "Run 'tacet doctor'.", e);
    }
    try {
      server.address.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      return server;
    } catch (TimeoutException e) {
      server.close();
      throw server.failure("the server process did not listen within " + patience.toSeconds() + " s");
    } catch (ExecutionException e) {
      server.close();
      throw server.failure("the server process ended before it listened");
    } catch (InterruptedException e) {
      server.close();
      Thread.currentThread().interrupt();
      throw server.failure("interrupted while the server process started");
    }
  }

  /** This process's own java, options and class path, with {@code arguments} for the command line. */
  public static List<String> ownCommandLine(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(
        ProcessHandle.current()
            .info()
            .command()
            .orElse(System.getProperty("java.home") + "/bin/java"));
    for (String option : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (!option.startsWith("-agentlib") && !option.startsWith("-javaagent")) {
        command.add(option);
      }
    }
    command.add("-cp");
    command.add(System.getProperty("tacet.classpath", System.getProperty("java.class.path")));
    command.add("dev.tacet.cli.Main");
    command.addAll(arguments);
    return command;
  }

  /** Where it listens. */
  public URI uri() {
    return address.join();
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** The last lines that it wrote, oldest first. */
  public List<String> lastLines() {
    synchronized (lastLines) {
      return List.copyOf(lastLines);
    }
  }

  /** Kills the process and waits until it is gone. */
  @Override
  public void close() {
    registration.close();
  }

  private CliException failure(String what) {
    List<String> lines = lastLines();
    String told = "";
    for (String line : lines) {
      if (!line.isBlank()) {
        told = line.strip();
        if (told.startsWith("tacet: ")) {
          told = told.substring("tacet: ".length());
          break;
        }
      }
    }
    return CliException.failed(
        told.isEmpty() ? what : what + ": " + told, "Run 'tacet serve' with the same models to see all that it says.");
  }

  private void read(BufferedReader reader, boolean announces) {
    Thread thread =
        new Thread(
            () -> {
              try (reader) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                  keep(line);
                  if (announces && line.startsWith(READY)) {
                    address.complete(URI.create(line.substring(READY.length()).strip()));
                  }
                }
              } catch (IOException e) {
                keep(e.toString());
              }
              if (announces) {
                awaitQuietly();
                address.completeExceptionally(new IOException("ended"));
              }
            },
            "tacet-server-output");
    thread.setDaemon(true);
    thread.start();
  }

  /** Gives the reader of the error stream a moment to keep the last words of a process that is ending. */
  private void awaitQuietly() {
    try {
      process.waitFor(2, TimeUnit.SECONDS);
      Thread.sleep(50);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void keep(String line) {
    synchronized (lastLines) {
      lastLines.addLast(line);
      if (lastLines.size() > KEPT_LINES) {
        lastLines.removeFirst();
      }
    }
  }

  /** Asks it to end, so that it removes what it made; kills it if it does not within seconds. */
  private static void kill(Process process) {
    process.destroy();
    try {
      if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor(GRACE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
