// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A profile of one ring degree, and what it says of a model beside the model's own time. */
class ProfileBenchTest {
  private static final Path SOURCE = Path.of("..", "models", "diabetes");

  private static ModelArtifact compiled(CompileOptions.Packing packing) throws IOException {
    return Compiler.compile(
        OnnxSource.ofFile(SOURCE.resolve("model.onnx")), CompileOptions.fromYaml(SOURCE.resolve("tacet.yaml")).withPacking(packing).withAccuracy(0.01)).artifact();
  }

  @Test
  void modelsAreTimedBesideThePrograms() throws IOException {
    Map<String, ModelArtifact> models = Map.of("spread", compiled(CompileOptions.Packing.LATENCY));
    ProfileBench.Result result = ProfileBench.measure("mine", 0.2, 1, models, List.of(12));
    assertEquals(Set.of(12), result.profile().rates().keySet());
    ProfileBench.Check check = result.checks().get(0);
    assertEquals("spread", check.model());
    assertTrue(check.runs() >= 5 && check.least() > 0 && check.least() <= check.median() && check.predicted() > 0, check.toString());
  }

  @Test
  void aModelInCoefficientsIsRefused() throws IOException {
    Map<String, ModelArtifact> models = Map.of("linear", compiled(CompileOptions.Packing.AUTO));
    IllegalArgumentException refusal = assertThrows(
        IllegalArgumentException.class, () -> ProfileBench.measure("mine", 0.2, 1, models, List.of(12)));
    assertTrue(refusal.getMessage().startsWith("linear is one product of coefficients"), refusal.getMessage());
  }
}
