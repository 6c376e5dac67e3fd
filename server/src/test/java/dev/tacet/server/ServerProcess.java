// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A server in a process of its own: arguments models and data, or a configuration; prints its address; ends when its input does, and
 * drains when it is asked to end, as the command line does.
 */
public final class ServerProcess {
  private ServerProcess() {}

  /** Returns the command that runs it, with the quick compiler alone: these processes live for seconds. */
  static List<String> command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "-cp", System.getProperty("java.class.path")));
    String library = System.getProperty("tacet.native.path");
    if (library != null) {
      command.add("-Dtacet.native.path=" + library);
    }
    // The default folder is named after the user, who has another name, and not another's rights, in a namespace of its own.
    command.add("-Dtacet.native.dir=" + Path.of("target", "engine").toAbsolutePath());
    command.add(ServerProcess.class.getName());
    command.addAll(List.of(arguments));
    return command;
  }

  public static void main(String[] args) throws Exception {
    try (TacetServer server =
        args.length == 1
            ? TacetServer.configured(Path.of(args[0]), Map.of(), Map.of())
            : TacetServer.builder().models(Path.of(args[0])).data(Path.of(args[1])).port(0).build()) {
      Runtime.getRuntime().addShutdownHook(new Thread(server::close));
      System.out.println("listening on " + server.start());
      while (System.in.read() >= 0) {
        continue;
      }
    }
  }

  /** Starts one with these arguments, by the command before it if there is one, without waiting. */
  static Process launch(List<String> before, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(command(arguments));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Waits until it listens and returns its address. */
  static String address(Process process) throws IOException {
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith("listening on ")) {
        return line.substring("listening on ".length());
      }
    }
    throw new IOException("the server process ended");
  }
}
