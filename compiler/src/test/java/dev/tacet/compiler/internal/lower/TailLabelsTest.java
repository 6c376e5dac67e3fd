// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import static dev.tacet.compiler.TestModels.integer;
import static dev.tacet.compiler.TestModels.integers;
import static dev.tacet.compiler.TestModels.text;
import static dev.tacet.compiler.TestModels.texts;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.he.OutputValue;
import dev.tacet.he.Postprocessing;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What stands behind a choice: its label, renamed or converted, is that of ONNX, or the node is refused. */
class TailLabelsTest {
  /** The scores are 2, -1, 5 of x = 1, 1, 1: the class is 2. */
  private static TestModels scores() {
    return TestModels.of(3).constant("w", new long[] {3, 3}, 1, 0, 3, 1, 0, 1, 0, -1, 1).node("MatMul", "x w", "h");
  }

  private static OutputValue answer(TestModels model, String output, double... x) {
    Network network = Lowering.lower(OnnxReader.read(model.source(output)), 0);
    double[] values = network.output().evaluate(network.evaluate(x));
    return network.tail().run(Map.of(network.outputName(), values)).get(output);
  }

  private static String refusal(TestModels model, String output) {
    return assertThrows(UncompilableModelException.class, () -> Lowering.lower(OnnxReader.read(model.source(output)), 0)).getMessage();
  }

  @Test
  void theBestOfAGroupAfterASoftmaxOfSmallerGroupsIsThatOfTheProbabilities() {
    TestModels model = TestModels.of(6).constant("w", new long[] {6, 6}, eye(6)).node("MatMul", "x w", "h").indexes("two", 0, 2, 3)
        .node("Reshape", "h two", "g").node("Softmax", "g", "p", integer("axis", -1)).node("Flatten", "p", "f")
        .node("ArgMax", "f", "y", integer("axis", 1), integer("keepdims", 0));
    // The first group has the largest probability, the second one the largest scores.
    assertArrayEquals(new double[] {0}, answer(model, "y", 3, 0, 0, 9, 9, 9).toNumbers());
  }

  @Test
  void theBestOfSmallerGroupsAfterASoftmaxIsThatOfTheScores() {
    TestModels model = TestModels.of(6).constant("w", new long[] {6, 6}, eye(6)).node("MatMul", "x w", "h")
        .node("Softmax", "h", "p", integer("axis", -1)).indexes("two", 0, 2, 3).node("Reshape", "p two", "g")
        .node("ArgMax", "g", "y", integer("axis", 2), integer("keepdims", 0));
    assertArrayEquals(new double[] {0, 2}, answer(model, "y", 3, 0, 0, 900, 910, 911).toNumbers());
  }

  @Test
  void anEncoderTranslatesLabelsAndIndexesAndHasItsOwnDefaults() {
    assertEquals(new OutputValue.Strings(List.of("cat")), answer(scores().node("ArgMax", "h", "i", integer("axis", 1))
        .node("ai.onnx.ml.LabelEncoder", "i", "y", integers("keys_int64s", 0, 2), texts("values_strings", "dog", "cat")), "y", 1, 1, 1));
    assertEquals(new OutputValue.Strings(List.of("other")), answer(scores().node("ArgMax", "h", "i", integer("axis", 1))
        .node("ai.onnx.ml.LabelEncoder", "i", "y", integers("keys_int64s", 0), texts("values_strings", "dog"), text("default_string", "other")),
        "y", 1, 1, 1));
    assertEquals(new OutputValue.Strings(List.of("first")), answer(scores().node("ArgMin", "h", "i", integer("axis", 1)).node("ai.onnx.ml.LabelEncoder",
        "i", "y", integers("keys_int64s", 1, 1), texts("values_strings", "first", "second")), "y", 1, 1, 1), "a key twice means the first");
    assertArrayEquals(new double[] {7}, answer(scores().node("ArgMax", "h", "i", integer("axis", 1))
        .node("ai.onnx.ml.LabelEncoder", "i", "y", integers("keys_int64s", 0), integers("values_int64s", 3), integer("default_int64", 7)),
        "y", 1, 1, 1).toNumbers());
  }

  static Stream<Arguments> refused() {
    TestModels last = scores().node("ArgMax", "h", "i", integer("axis", 1), integer("select_last_index", 1));
    return Stream.of(
        Arguments.of(last.node("ai.onnx.ml.LabelEncoder", "i", "y", integers("keys_int64s", 3, 1), texts("values_strings", "a", "b")),
            "something else than one label"),
        Arguments.of(scores().indexes("k", 2).node("TopK", "h k", "v i")
            .node("ai.onnx.ml.LabelEncoder", "i", "y", integers("keys_int64s", 3, 2), integers("values_int64s", 1, 1)), "something else than one label"),
        Arguments.of(scores().node("ArgMax", "h", "i", integer("axis", 1)).node("Cast", "i", "y", integer("to", 9)), "to BOOL"),
        Arguments.of(scores().indexes("k", 2).node("TopK", "h k", "v i").node("Cast", "i", "y", integer("to", 8)), "something else than one label"),
        Arguments.of(scores().constant("l", new long[] {3}, 0.5, 1.5, 2.75).node("ArgMax", "h", "i", integer("axis", 1), integer("keepdims", 0))
            .node("Gather", "l i", "y", integer("axis", 0)), "0.5 is no whole number"),
        Arguments.of(scores().node("ai.onnx.ml.LinearClassifier", "x", "l z", TestModels.reals("coefficients", 1, 0, 0, 0, 1, 0),
            TestModels.reals("intercepts", 0, 0), integers("classlabels_ints", 3, 16777217)).node("Cast", "l", "y", integer("to", 1)), "to FLOAT"),
        Arguments.of(scores().node("Softmax", "h", "p").node("Cast", "p", "y", integer("to", 2)), "to UINT8"),
        Arguments.of(scores().node("ai.onnx.ml.Imputer", "h", "y", TestModels.real("replaced_value_float", -1)), "one that it replaces (-1.0)"));
  }

  @ParameterizedTest
  @MethodSource("refused")
  void whatTheClientWouldGetWrongIsRefused(TestModels model, String reason) {
    String message = refusal(model, "y");
    assertTrue(message.contains(reason), message);
  }

  @Test
  void anIndexCastToTextIsText() {
    assertEquals(new OutputValue.Strings(List.of("2")),
        answer(scores().node("ArgMax", "h", "i", integer("axis", 1)).node("Cast", "i", "y", integer("to", 8)), "y", 1, 1, 1));
    assertArrayEquals(new double[] {2},
        answer(scores().node("ArgMax", "h", "i", integer("axis", 1)).node("Cast", "i", "y", integer("to", 1)), "y", 1, 1, 1).toNumbers());
  }

  @Test
  void anImputerOfMissingValuesStandsForItsInput() {
    assertArrayEquals(new double[] {2, -1, 5}, answer(scores().node("ai.onnx.ml.Imputer", "h", "y",
        TestModels.real("replaced_value_float", Double.NaN)), "y", 1, 1, 1).toNumbers());
  }

  private static double[] eye(int size) {
    double[] result = new double[size * size];
    for (int i = 0; i < size; i++) {
      result[i * size + i] = 1;
    }
    return result;
  }

  @Test
  void wholeNumbersAreRoundedToWholeNumbers() {
    Network network = Lowering.lower(OnnxReader.read(TestModels.of(2).ofIntegers().node("Add", "x x", "y").source("y")), 0);
    Postprocessing.Result result =
        network.tail().run(Map.of(network.outputName(), new double[] {26.9999999, -4.0000002}), Map.of(network.outputName(), 1e-6));
    assertArrayEquals(new double[] {27, -4}, result.outputs().get("y").toNumbers());
    assertTrue(result.undecided().isEmpty(), result.undecided().toString());
    Postprocessing.Result halves = network.tail().run(Map.of(network.outputName(), new double[] {26.5000001, 1}), Map.of(network.outputName(), 1e-6));
    assertFalse(halves.undecided().isEmpty(), "26.5 may be 26 or 27");
  }
}
