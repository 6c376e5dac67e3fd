// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelDescriptionTest {
  private static final String MINIMAL = "name: m\ntask: regression\n";

  @ParameterizedTest(name = "the description of {0} is read, with ranges for its {1} features")
  @CsvSource({"breast-cancer,30", "diabetes,10", "mnist-ffnn,784"})
  void theModelsOfThisRepositoryAreDescribed(String model, int features) throws IOException {
    Path folder = Path.of("..", "models", model);
    ModelDescription description = ModelDescription.read(folder);
    assertEquals(model, description.name());
    assertTrue(Files.exists(folder.resolve(description.model())));
    assertTrue(Files.exists(folder.resolve(description.calibration().orElseThrow())));
    ModelDescription.InputRange range = description.inputs().get(0);
    double[] low = range.lows(features);
    double[] high = range.highs(features);
    for (int i = 0; i < features; i++) {
      assertTrue(low[i] < high[i], "feature " + i);
    }
  }

  @Test
  @DisplayName("what the file does not say has defaults, and 1e-3 is a number although YAML calls it text")
  void defaults() {
    ModelDescription description = ModelDescription.parse(MINIMAL);
    assertEquals(ModelDescription.DEFAULT_ACCURACY, description.accuracy());
    assertEquals(Path.of("model.onnx"), description.model());
    assertEquals(List.of(), description.inputs());
    assertEquals(2e-3, ModelDescription.parse(MINIMAL + "accuracy: 2e-3\n").accuracy());
  }

  @Test
  @DisplayName("one range holds for every feature, a list only for its own number")
  void ranges() {
    ModelDescription description =
        ModelDescription.parse(
            MINIMAL
                + "inputs:\n  - {name: a, range: {low: 0, high: 255}}\n"
                + "  - {name: b, features: [{name: x, low: -1, high: 2}, {low: 0.5, high: 0.5}]}\n");
    assertArrayEquals(new double[] {255, 255, 255}, description.inputs().get(0).highs(3));
    assertArrayEquals(new double[] {-1, 0.5}, description.inputs().get(1).lows(2));
    MalformedException wrong =
        assertThrows(MalformedException.class, () -> description.inputs().get(1).lows(3));
    assertTrue(wrong.getMessage().contains("tacet.yaml: inputs lists 2 features of input 'b', the model takes 3"), wrong.getMessage());
  }

  @ParameterizedTest(name = "a wrong file is refused with its key: {0}")
  @ValueSource(
      strings = {
        "[1, 2]",
        "name: [",
        "task: regression",
        "name: m",
        "name: m\ntask: poetry",
        "name: m\ntask: regression\nacuracy: 0.1",
        "name: m\ntask: regression\naccuracy: 2",
        "name: m\ntask: regression\naccuracy: .nan",
        "name: m\ntask: regression\nmodel: ../other.onnx",
        "name: m\ntask: regression\ncalibration: /etc/rows.csv",
        "name: m\ntask: regression\ninputs: [{name: a}]",
        "name: m\ntask: regression\ninputs: [{name: a, features: []}]",
        "name: m\ntask: regression\ninputs: [{name: a, range: {low: 2, high: 1}}]",
        "name: m\ntask: regression\ninputs: [{name: a, range: {low: x, high: 1}}]",
        "name: m\ntask: regression\nactivations: [{low: 0, high: 1}]",
        "",
        "name: m\ntask: regression\nname: n",
        "name: m\ntask: regression\n---\nname: n",
        "name: [m]\ntask: regression",
        "name: m\ntask: {kind: regression}",
        "name: m\ntask: regression\naccuracy: [0.1]",
        "name: m\ntask: regression\naccuracy: true",
        "name: m\ntask: regression\nclasses: benign",
        "name: m\ntask: regression\nclasses: [[a, b]]",
        "name: m\ntask: regression\ninputs: 5",
        "name: m\ntask: regression\ninputs: {name: a, range: {low: 0, high: 1}}",
        "name: m\ntask: regression\ninputs: [a]",
        "name: m\ntask: regression\ninputs: [{name: a, range: [0, 1]}]",
        "name: m\ntask: regression\ninputs: [{name: a, features: {low: 0, high: 1}}]",
        "name: m\ntask: regression\ninputs: [{name: a, range: {low: 0, high: 1, mean: 2}}]",
        "name: m\ntask: regression\ninputs: [{name: a, features: [{low: 0, heigh: 1}]}]",
        "name: m\ntask: regression\ninputs: [{name: a, range: {low: 0, high: 1}}, {name: a, range: {low: 0, high: 1}}]",
        "name: m\ntask: regression\ninputs: [{name: a, range: {low: 0, high: 1e31}}]",
        "name: m\ntask: regression\ninputs: [{name: a, range: {low: -1.0e+308, high: 1}}]",
        "name: m\ntask: regression\ninputs: [{name: a, features: [{name: b, low: 0, high: 1}, {name: b, low: 0, high: 1}]}]",
        "name: m\ntask: classification\nclasses: [a, b, a]",
        "name: m\ntask: regression\nmodel: \"a\\0b\"",
      })
  void wrongFiles(String text) {
    MalformedException wrong = assertThrows(MalformedException.class, () -> ModelDescription.parse(text));
    assertTrue(wrong.getMessage().startsWith("tacet.yaml"), wrong.getMessage());
  }

  @ParameterizedTest(name = "options of the compiler that it cannot read are refused: {0}")
  @ValueSource(
      strings = {
        "compile: [1, 2]",
        "compile: fast",
        "compile: {speed: 3}",
        "compile: {guards: maybe}",
        "compile: {guards: 0}",
        "compile: {private_answers: 5}",
        "compile: {model_privacy: true, private_bits: 200}",
        "compile: {model_privacy: 1}",
        "compile: {max_degree: 7.5}",
        "compile: {max_degree: many}",
        "compile: {max_degree: 2}",
        "compile: {max_degree: 4294967299}",
        "compile: {max_log_ring_degree: 17}",
        "compile: {margin: -1}",
        "compile: {margin: [0.1]}",
        "compile: {key_budget: 0}",
        "compile: {key_budget: 0.4}",
        "compile: {security: 129}",
        "compile: {security: [128]}",
        "compile: {ring: real}",
        "compile: {packing: sideways}",
        "compile: {share_bits: 20}",
        "compile: {share_results: -1}",
      })
  void wrongCompilerOptions(String text, @TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("tacet.yaml"), MINIMAL + text + "\n");
    MalformedException wrong = assertThrows(MalformedException.class, () -> CompileOptions.fromYaml(file));
    assertTrue(wrong.getMessage().startsWith("tacet.yaml: compile"), wrong.getMessage());
  }

  @Test
  @DisplayName("a key without a value counts as absent, and 4e-1 is a number in every place")
  void absentValues(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("tacet.yaml"), MINIMAL + "inputs:\nclasses:\ncompile:\n");
    CompileOptions expected = CompileOptions.defaults().withModel("m").withAccuracy(ModelDescription.DEFAULT_ACCURACY)
        .withTask(ModelDescription.Task.REGRESSION);
    assertEquals(expected, CompileOptions.fromYaml(file));
    Files.writeString(file, MINIMAL + "compile: {margin: 3e-1}\n");
    assertEquals(0.3, CompileOptions.fromYaml(file).margin());
  }

  @Test
  @DisplayName("a file that is not text is refused")
  void notText(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("tacet.yaml"), new byte[] {(byte) 0xC3, 0x28, 0});
    assertThrows(MalformedException.class, () -> CompileOptions.fromYaml(file));
    assertThrows(MalformedException.class, () -> ModelDescription.read(folder));
  }
}
