// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.he.Cancellation;
import dev.tacet.he.Context;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs before a model is ready. */
class WarmUpTest {
  private static final Path SOURCE = Path.of("..", "models", "diabetes");

  private static ModelArtifact model(boolean hidden) throws IOException {
    CompileOptions options = CompileOptions.fromYaml(SOURCE.resolve("tacet.yaml"));
    return Compiler.compile(OnnxSource.ofFile(SOURCE.resolve("model.onnx")),
        hidden ? options.withModelPrivacy(CompileOptions.MODEL_PRIVACY) : options).artifact();
  }

  private static ServedModel served(ModelArtifact artifact, Context context) {
    return new ServedModel(
        "diabetes", "1", artifact, Optional.empty(), context, ExecutableProgram.load(context, artifact.program()), () -> { });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aModelRunsOnceWhetherItsAnswersHideItOrNot(boolean hidden) throws IOException {
    ModelArtifact artifact = model(hidden);
    assertEquals(hidden, artifact.signature().modelPrivacy().isPresent());
    try (Context context = Context.create(artifact.parameters())) {
      ServedModel model = served(artifact, context);
      long before = model.costNanos();
      assertTrue(WarmUp.run(model, Long.MAX_VALUE, Duration.ofMinutes(5)));
      assertNotEquals(before, model.costNanos());
      model.retire();
    }
  }

  @Test
  void aRunThatTakesLongIsGivenUp() throws IOException {
    ModelArtifact artifact = model(false);
    try (Context context = Context.create(artifact.parameters())) {
      ServedModel model = served(artifact, context);
      long before = model.costNanos();
      Cancellation late = new Cancellation();
      late.cancel();
      assertFalse(WarmUp.run(model, Long.MAX_VALUE, late));
      assertEquals(before, model.costNanos());
      model.retire();
    }
  }
}
