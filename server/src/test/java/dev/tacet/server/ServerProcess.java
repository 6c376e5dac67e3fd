// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A server in a process of its own: arguments models and data, or a configuration; prints its address; ends when its input does. */
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
    command.add(ServerProcess.class.getName());
    command.addAll(List.of(arguments));
    return command;
  }

  public static void main(String[] args) throws Exception {
    try (TacetServer server =
        args.length == 1
            ? TacetServer.configured(Path.of(args[0]), Map.of(), Map.of())
            : TacetServer.builder().models(Path.of(args[0])).data(Path.of(args[1])).port(0).build()) {
      System.out.println("listening on " + server.start());
      while (System.in.read() >= 0) {
        continue;
      }
    }
  }
}
