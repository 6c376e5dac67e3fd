// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.internal.onnx.proto.GraphProto;
import dev.tacet.compiler.internal.onnx.proto.ModelProto;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import dev.tacet.he.FeatureTable;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The signature carries the features' names, and sample rows whose columns are named get into the model's order. */
class FeatureNamesTest {
  private static final List<String> NAMES = List.of("age", "height", "dose");
  private static final List<double[]> ROWS = TestModels.rows(40, 3).stream().map(row -> new double[] {row[0], 10 * row[1], 100 * row[2]}).toList();

  private static byte[] onnx() {
    return TestModels.of(3).constant("w", new long[] {3, 1}, 1, 0.5, 0.25).node("MatMul", "x w", "y").output("y");
  }

  private static Signature compiled(byte[] onnx, CompileOptions options) {
    return Compiler.compile(OnnxSource.ofBytes("test", onnx), options).artifact().signature();
  }

  private static CompileOptions options(List<double[]> rows, List<String> names) {
    return CompileOptions.defaults().withCalibration(rows).withFeatureNames(names);
  }

  private static List<double[]> turned() {
    return ROWS.stream().map(row -> new double[] {row[2], row[0], row[1]}).toList();
  }

  /** The same model with one input a feature, joined by Concat. */
  private static byte[] separate() throws Exception {
    ModelProto model = ModelProto.parseFrom(
        TestModels.of(1).constant("w", new long[] {3, 1}, 1, 0.5, 0.25).node("Concat", "age height dose", "x", TestModels.integer("axis", 1))
            .node("MatMul", "x w", "y").output("y"));
    GraphProto.Builder graph = model.getGraph().toBuilder().clearInput();
    NAMES.forEach(name -> graph.addInput(model.getGraph().getInput(0).toBuilder().setName(name)));
    return model.toBuilder().setGraph(graph).build().toByteArray();
  }

  @Test
  void namesOfTheSampleRowsGetIntoTheSignature() {
    assertEquals(new FeatureTable(NAMES, List.of()), compiled(onnx(), options(ROWS, NAMES)).featureTable());
    for (List<String> useless : List.of(List.<String>of(), List.of("0", "1", "2"), List.of("a", "a", "b"), List.of("a", "b"))) {
      assertEquals(FeatureTable.NONE, compiled(onnx(), options(ROWS, useless)).featureTable(), useless.toString());
    }
  }

  @Test
  void sampleRowsAreOrderedLikeTheInputsThatTheirColumnsAreCalledBy() throws Exception {
    Signature straight = compiled(separate(), options(ROWS, NAMES));
    Signature turned = compiled(separate(), options(turned(), List.of("dose", "age", "height")));
    assertArrayEquals(straight.toBytes(), turned.toBytes());
    assertEquals(NAMES, straight.inputs().stream().map(SignatureInput::name).toList());
    assertEquals(FeatureTable.NONE, straight.featureTable());  // the inputs say the same
    assertArrayEquals(new int[] {2, 1, 0}, straight.columns(List.of("dose", "height", "age"), true));
    assertArrayEquals(straight.inputs().get(2).high(), compiled(separate(), options(ROWS, List.of("a", "b", "c"))).inputs().get(2).high());
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> compiled(separate(), options(ROWS, List.of("height", "age", "other"))));
    assertTrue(refused.getMessage().contains("sample rows: the columns are height, age, other"), refused.getMessage());
  }

  @Test
  void sampleRowsAreOrderedLikeDeclaredFeatures() {
    double[] low = {-2, -20, -200};
    double[] high = {2, 20, 200};
    CompileOptions declared = CompileOptions.defaults().withRanges(List.of(new ModelDescription.InputRange("x", NAMES, low, high)));
    Signature straight = compiled(onnx(), declared.withCalibration(ROWS).withFeatureNames(NAMES));
    Signature turned = compiled(onnx(), declared.withCalibration(turned()).withFeatureNames(List.of("dose", "age", "height")));
    assertEquals(NAMES, straight.featureTable().names());
    assertArrayEquals(straight.toBytes(), turned.toBytes());
  }

  @Test
  void featuresThatAreDeclaredForSomeInputsStandBesideTheNamesOfTheOthers() throws Exception {
    ModelProto model = ModelProto.parseFrom(
        TestModels.of(2).constant("w", new long[] {3, 1}, 1, 0.5, 0.25).node("Concat", "age body", "x", TestModels.integer("axis", 1))
            .node("MatMul", "x w", "y").output("y"));
    GraphProto.Builder graph = model.getGraph().toBuilder().clearInput();
    graph.addInput(ModelProto.parseFrom(TestModels.of(1).node("Identity", "x", "y").output("y")).getGraph().getInput(0).toBuilder().setName("age"));
    graph.addInput(model.getGraph().getInput(0).toBuilder().setName("body"));
    CompileOptions options = CompileOptions.defaults().withRanges(List.of(
        new ModelDescription.InputRange("age", List.of(), new double[] {-2}, new double[] {2}),
        new ModelDescription.InputRange("body", List.of("height", "dose"), new double[] {-20, -200}, new double[] {20, 200})));
    Signature signature = compiled(model.toBuilder().setGraph(graph).build().toByteArray(), options);
    assertEquals(NAMES, signature.featureTable().names());
    assertArrayEquals(new int[] {0, 2, 1}, signature.columns(List.of("age", "dose", "height"), false));
  }

  @Test
  void inputsOfIntegersTakeWholeNumbers() throws Exception {
    ModelProto model = ModelProto.parseFrom(
        TestModels.of(3).constant("w", new long[] {3, 1}, 1, 0.5, 0.25).node("Cast", "x", "f", TestModels.integer("to", 1))
            .node("MatMul", "f w", "y").output("y"));
    GraphProto.Builder graph = model.getGraph().toBuilder();
    graph.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(TensorProto.DataType.INT64_VALUE);
    Signature signature = compiled(model.toBuilder().setGraph(graph).build().toByteArray(),
        options(ROWS.stream().map(row -> Arrays.stream(row).map(Math::rint).toArray()).toList(), List.of()));
    assertEquals(List.of(0), signature.featureTable().wholeInputs());
  }
}
