// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How long a host of one's own is waited for. */
class LocalHostTest {
  private static final Path SOURCE = Path.of("..", "models", "diabetes");

  @Test
  void aHostWithMoreConstantsIsWaitedForLonger() throws IOException {
    ModelArtifact small = Compiler.compile(
        OnnxSource.ofFile(SOURCE.resolve("model.onnx")), CompileOptions.fromYaml(SOURCE.resolve("tacet.yaml"))).artifact();
    assertTrue(Explanation.constantBytes(small) > 0);
    assertEquals(Duration.ofMinutes(3), LocalHost.patience(List.of(small)));
    ModelArtifact large = new ModelArtifact(small.parameters(), small.signature(), small.program(), small.provenance(),
        "{\"bytes\": {\"memory_constants\": 4294967296}}");
    assertEquals(Duration.ofMinutes(3).plusSeconds(512), LocalHost.patience(List.of(small, large)));
  }
}
