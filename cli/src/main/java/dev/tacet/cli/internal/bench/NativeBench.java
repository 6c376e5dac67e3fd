// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tacet.cli.internal.CliException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code tacet_bench}, the engine's own benchmark without Java: an executable that the native build makes, and that prints one JSON
 * object (benchmarks/peers/README.md has its form).
 */
public final class NativeBench {
  private NativeBench() {}

  /** The executable: {@code TACET_BENCH_PATH}, else that of the build in this source tree. */
  public static Path executable() {
    String named = System.getenv("TACET_BENCH_PATH");
    Path path =
        named != null
            ? Path.of(named)
            : Path.of(System.getProperty("tacet.home", "."), "native", "target", "cmake", "bench", "tacet_bench");
    if (!Files.isExecutable(path)) {
      throw CliException.failed(
          path + " is not an executable", "Run './tacet bench ops' in the source tree, or name one in TACET_BENCH_PATH.");
    }
    return path.toAbsolutePath();
  }

  /** Runs it and returns what it prints; its messages go to standard error. */
  public static ObjectNode run(List<String> arguments) {
    List<String> command = new ArrayList<>(List.of(executable().toString()));
    command.addAll(arguments);
    try {
      Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        throw new CliException(
            code == CliException.BAD_USAGE ? CliException.BAD_USAGE : CliException.FAILED,
            "tacet_bench ended with exit code " + code, "Its message is above this line.");
      }
      return (ObjectNode) new JsonMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new CliException(CliException.FAILED, "tacet_bench printed no JSON: " + e.getMessage(), "Build it again.", e);
    } catch (IOException e) {
      throw new CliException(CliException.FAILED, "tacet_bench cannot be run: " + e.getMessage(), "Build it again.", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw CliException.failed("interrupted", "Run it again.");
    }
  }
}
