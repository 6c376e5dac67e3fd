// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.MalformedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What tacet.yaml says of inputs and classes must be true of the model beside it. */
class DeclarationsTest {
  private static final String RANGE = "range: {low: -2, high: 2}";

  @TempDir Path folder;

  private CompileResult compile(byte[] model, String yaml) throws Exception {
    Files.write(folder.resolve("model.onnx"), model);
    Files.writeString(folder.resolve("tacet.yaml"), "name: m\ntask: classification\n" + yaml + "\n");
    return Compiler.compileFolder(folder);
  }

  /** Three scores of four features. */
  private static byte[] scores(String... tail) {
    TestModels model = TestModels.of(4).constant("w", new long[] {4, 3}, 1, 2, -3, 4, -5, 6, 7, 8, 9, -1, -2, 3).node("MatMul", "x w", "s");
    if (tail.length == 1 && tail[0].equals("Sigmoid")) {
      model.node("Sigmoid", "s", "y");
    } else if (tail.length == 1) {
      model.node(tail[0], "s", "y", TestModels.integer("axis", 1));
    }
    return model.output(tail.length == 1 ? "y" : "s", 3);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "inputs: [{name: zzz, RANGE}]|inputs names 'zzz', the model's inputs are [x]",
      "inputs: [{name: x, RANGE}, {name: x, RANGE}]|inputs lists 'x' twice",
      "inputs: [{name: x, RANGE}, {name: y, RANGE}]|inputs names 'y'",
      "inputs: [{name: x, features: [{name: a, low: 0, high: 1}]}]|inputs lists 1 features of input 'x', the model takes 4",
      "{classes: [a, b], inputs: [{name: x, RANGE}]}|classes has 2 names, the model chooses among 3 classes",
      "{classes: [a], inputs: [{name: x, RANGE}]}|classes has 1 name, the model chooses among 3 classes"})
  void whatTheModelHasNotIsRefusedWithTheKeyAndTheNumbers(String keys, String words) {
    String yaml = keys.startsWith("{") ? keys.substring(1, keys.length() - 1).replaceFirst(", inputs", "\ninputs") : keys;
    MalformedException wrong = assertThrows(MalformedException.class, () -> compile(scores(), yaml.replace("RANGE", RANGE)));
    assertTrue(wrong.getMessage().startsWith("tacet.yaml: ") && wrong.getMessage().contains(words), wrong.getMessage());
  }

  @Test
  void anInputThatIsNotListedBesideAnotherIsNamed() throws Exception {
    byte[] model = TestModels.of(2).input("age", 1).node("Concat", "x age", "c", TestModels.integer("axis", 1))
        .constant("w", new long[] {3, 2}, 1, 2, 3, -4, 5, 6).node("MatMul", "c w", "y").output("y", 2);
    MalformedException wrong = assertThrows(MalformedException.class, () -> compile(model, "inputs: [{name: x, " + RANGE + "}]"));
    assertTrue(wrong.getMessage().contains("lists 1 of the model's 2 inputs, and 'age' is not among them"), wrong.getMessage());
    compile(model, "inputs: [{name: age, " + RANGE + "}, {name: x, " + RANGE + "}]");
  }

  @ParameterizedTest
  @CsvSource({"Softmax, 3", "ArgMax, 3", "Sigmoid, 3", ", 3"})
  void namesForEveryClassAreTaken(String tail, int count) throws Exception {
    String names = "classes: [a, b, c]\ninputs: [{name: x, " + RANGE + "}]";
    assertEquals(1, compile(tail == null ? scores() : scores(tail), names).artifact().signature().inputs().size());
    MalformedException wrong = assertThrows(MalformedException.class,
        () -> compile(tail == null ? scores() : scores(tail), names.replace("c]", "c, d]")));
    assertTrue(wrong.getMessage().contains("classes has 4 names") && wrong.getMessage().contains("among " + count), wrong.getMessage());
  }

  @Test
  void oneProbabilityHasTwoClasses() throws Exception {
    byte[] model = TestModels.of(2).constant("w", new long[] {2, 1}, 1, -1).node("MatMul", "x w", "s").node("Sigmoid", "s", "y").output("y");
    compile(model, "classes: [benign, malignant]\ninputs: [{name: x, " + RANGE + "}]");
    MalformedException wrong = assertThrows(MalformedException.class,
        () -> compile(model, "classes: [a, b, c]\ninputs: [{name: x, " + RANGE + "}]"));
    assertTrue(wrong.getMessage().contains("among 2 classes"), wrong.getMessage());
  }
}
