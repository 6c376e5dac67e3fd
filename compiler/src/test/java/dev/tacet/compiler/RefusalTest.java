// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import dev.tacet.he.SecurityLevel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot run is refused with its name, the reason and the rewrite, all at once. */
class RefusalTest {
  private static final double[] SQUARE = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7};

  private static TestModels dense() {
    return TestModels.of(4).constant("w", new long[] {4, 4}, SQUARE);
  }

  @Test
  void everyNodeThatCannotRunIsReportedAtOnce() {
    OnnxSource source = dense().node("LayerNormalization", "x", "a").node("MatMul", "x w", "b")
        .node("TopK", "b", "c").node("Conv", "x w", "d").node("Add", "a c", "e").node("Add", "e d", "f").source("f");
    List<ModelProblem> problems = Compiler.check(source);
    assertEquals(List.of("the_a", "the_c", "the_d"), problems.stream().map(ModelProblem::node).sorted().toList());
    for (ModelProblem problem : problems) {
      assertFalse(problem.reason().isEmpty());
      assertFalse(problem.rewrite().isEmpty());
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"MaxPool|AveragePool or a strided Conv", "GlobalMaxPool|GlobalAveragePool", "ArgMax|end the model with the scores",
      "Softmax|element-wise activation", "ai.onnx.ml.TreeEnsembleClassifier|a linear model or an MLP",
      "ai.onnx.ml.TreeEnsembleRegressor|a linear model or an MLP", "ai.onnx.ml.TreeEnsemble|a linear model or an MLP",
      "If|without branches", "Loop|without loops", "Scan|without loops", "LSTM|a fixed window", "LayerNormalization|batch normalisation",
      "com.acme.Foo|before encryption or after decryption"})
  void anOperatorInsideThatCannotRunNamesTheRewrite(String type, String rewrite) {
    OnnxSource source = dense().constant("v", new long[] {3, 2}, new double[6]).node("MatMul", "x w", "a")
        .node(type, "a", "b", TestModels.integer("axis", 1)).declared("b", 4).node("MatMul", "b w", "c").node("MatMul", "c v", "y").source("y");
    List<ModelProblem> problems = Compiler.check(source);
    ModelProblem named = problems.stream().filter(problem -> problem.node().equals("the_b")).findFirst().orElseThrow();
    assertEquals(type, named.opType());
    assertTrue(named.rewrite().contains(rewrite), named.toString());
    assertEquals("the_y", problems.get(problems.size() - 1).node(), problems.toString());
  }

  @Test
  void shapesThatDoNotFitAreRefusedByName() {
    refused("adds an operand of shape [2, 3] to a product of shape [1, 3]",
        TestModels.of(4).constant("w", new long[] {4, 3}, new double[12]).constant("c", new long[] {2, 3}, ones(6)).node("Gemm", "x w c", "y"));
    refused("kernel_shape is [2], its weights have shape [2, 3, 3]",
        TestModels.of(3, 8).constant("w", new long[] {2, 3, 3}, ones(18)).node("Conv", "x w", "y", TestModels.integers("kernel_shape", 2)));
    refused("together 5 long, the axis 6", TestModels.of(6).indexes("s", 2, 3).node("Split", "x s", "y z", TestModels.integer("axis", 1)));
    refused("names axis 1 twice",
        TestModels.of(6).indexes("s", 0, 1).indexes("e", 3, 4).indexes("a", 1, -1).node("Slice", "x s e a", "y"));
    refused("2 starts and 1 ends", TestModels.of(6).indexes("s", 0, 1).indexes("e", 3).node("Slice", "x s e", "y"));
    refused("names axis 1 twice",
        TestModels.of(6).indexes("p", 1, 2, 1, 1).constant("v", new long[0], 0).indexes("a", 1, 1).node("Pad", "x p v a", "y"));
    refused("its attribute axes is none of ReduceSum at operator set 18, which has keepdims, noop_with_empty_axes",
        TestModels.of(6).node("ReduceSum", "x", "y", TestModels.integers("axes", 1)));
    refused("its attribute alpha is none of Relu at operator set 18, which has none",
        TestModels.of(6).node("Relu", "x", "y", TestModels.real("alpha", 0.5)));
    refused("divides by its alpha", TestModels.of(6).node("Celu", "x", "y", TestModels.real("alpha", 0)));
  }

  @Test
  void anOutputOfAnotherTypeThanDeclaredIsRefusedAndALongName() {
    refused("declared as FLOAT, and is of the type INT64",
        TestModels.of(4).node("Cast", "x", "y", TestModels.integer("to", TensorProto.DataType.INT64_VALUE)));
    MalformedModelException refused = assertThrows(MalformedModelException.class,
        () -> Compiler.check(dense().node("MatMul", "x w", "h".repeat(1001)).node("Tanh", "h".repeat(1001), "y").source("y")));
    assertTrue(refused.getMessage().contains("has 1005 letters, at most 1000"), refused.getMessage());
  }

  @Test
  void aPipeWithoutAnEndIsNoModel() {
    UncompilableModelException refused = assertThrows(UncompilableModelException.class, () -> OnnxSource.ofFile(Path.of("/dev/zero")));
    assertTrue(refused.getMessage().contains("more than 67108864 bytes"), refused.getMessage());
  }

  private static void refused(String reason, TestModels model) {
    List<ModelProblem> problems = Compiler.check(model.source("y"));
    assertTrue(problems.size() == 1 && problems.get(0).reason().contains(reason), problems.toString());
  }

  /** Element-wise nodes that read a value twice double the steps of the function that they are together: 2^34 of them. */
  @Test
  void aFunctionOfTooManyStepsIsRefusedAtOnceAndALongOneIsNot() {
    TestModels twice = dense().node("MatMul", "x w", "h0").node("Tanh", "h0", "t0");
    for (int i = 0; i < 34; i++) {
      twice.node("Sigmoid", "t" + i, "s" + i).node("Mul", "t" + i + " s" + i, "t" + (i + 1));
    }
    List<ModelProblem> problems = Compiler.check(twice.node("MatMul", "t34 w", "y").source("y"));
    assertTrue(problems.get(0).node().startsWith("the_t") && problems.get(0).reason().contains("more than 2000 steps"), problems.toString());
    TestModels once = dense().node("MatMul", "x w", "t0");
    for (int i = 0; i < 1900; i++) {
      once.node("Tanh", "t" + i, "t" + (i + 1));
    }
    assertEquals(List.of(), Compiler.check(once.node("MatMul", "t1900 w", "y").source("y")));
  }

  @Test
  void answersThatNoCiphertextHoldsAreRefusedAndOutputsThatAreListedTwice() {
    ModelProblem wide = Compiler.check(
        TestModels.of(2).constant("one", new long[] {2, 40_000}, ones(80_000)).node("MatMul", "x one", "y").source("y")).get(0);
    assertTrue(wide.reason().contains("40000 values, at most 32768"), wide.reason());
    TestModels listed = dense().node("MatMul", "x w", "y");
    listed.output("y");
    ModelProblem twice = Compiler.check(listed.source("y")).get(0);
    assertEquals("the model lists it twice", twice.reason());
  }

  @Test
  void aModelWithThousandsOfLayersIsRefusedInAMessageThatCanBeRead() {
    TestModels deep = dense().node("MatMul", "x w", "h0");
    for (int i = 0; i < 500; i++) {
      deep.node("Sigmoid", "h" + i, "s" + i).node("MatMul", "s" + i + " w", "h" + (i + 1));
    }
    String reason = Compiler.check(deep.source("h500")).get(0).reason();
    assertTrue(reason.endsWith(", and 460 more") && reason.length() < 2_000, reason);
  }

  private static double[] ones(int count) {
    double[] ones = new double[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** ONNX drops what is behind the point of integers' quotients and means; a sum or a product of integers is what it is of real numbers. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"Div|INT64", "ReduceMean|INT64", "ReduceL2|INT64", "Pow|INT64", "CastLike|whole"})
  void integersThatWouldBeRounded(String type, String said) {
    TestModels model = dense().indexes("two", 2).constant("half", new long[] {}, 0.5).node("MatMul", "x w", "h")
        .node("Cast", "h", "i", TestModels.integer("to", 7));
    if (type.equals("CastLike")) {
      model.node("CastLike", "h two", "y");
    } else if (type.startsWith("Reduce")) {
      model.indexes("axes", 1).node(type, "i axes", "y");
    } else {
      model.node(type, type.equals("Pow") ? "i half" : "i two", "y");
    }
    List<ModelProblem> problems = Compiler.check(model.source("y"));
    assertEquals(List.of("the_y"), problems.stream().map(ModelProblem::node).toList(), problems.toString());
    assertTrue(problems.get(0).toString().contains(said.equals("whole") ? "behind the point" : said), problems.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0 0", "0 2", "0 1 2", "1 1"})
  void anOrderOfAxesThatIsNone(String axes) {
    long[] perm = Arrays.stream(axes.split(" ")).mapToLong(Long::parseLong).toArray();
    List<ModelProblem> problems = Compiler.check(
        dense().node("Transpose", "x", "t", TestModels.integers("perm", perm)).node("MatMul", "t w", "y").source("y"));
    assertEquals("the_t", problems.get(0).node(), problems.toString());
  }

  @Test
  void operandsOfTwoTypesOrTooFewAreNamed() {
    List<ModelProblem> problems = Compiler.check(dense().indexes("two", 1, 2, 3, 4).node("Add", "x two", "a").node("Add", "a", "b")
        .node("Tanh", "b w", "c").node("MatMul", "c w", "y").source("y"));
    assertEquals(List.of("the_a", "the_b", "the_c"), problems.stream().map(ModelProblem::node).toList(), problems.toString());
    assertTrue(problems.get(0).reason().contains("FLOAT and INT64"), problems.toString());
    assertTrue(problems.get(1).reason().contains("1 operands, takes 2") && problems.get(2).reason().contains("2 operands, takes 1"), problems.toString());
  }

  @Test
  void aSupportVectorMachineWithAnRbfKernelNamesTheLinearOne() {
    ModelProblem problem = Compiler.check(TestModels.of(4)
        .node("ai.onnx.ml.SVMRegressor", "x", "y", TestModels.text("kernel_type", "RBF")).source("y")).get(0);
    assertEquals("the_y", problem.node());
    assertTrue(problem.reason().contains("RBF") && problem.rewrite().contains("LinearSVR"), problem.toString());
  }

  @Test
  void scoresThatAreTheSameForEveryRowAreRefusedForThatReason() {
    ModelProblem problem = Compiler.check(TestModels.of(4).constant("w", new long[] {4, 2}, new double[8]).node("MatMul", "x w", "a")
        .node("Softmax", "a", "y").source("y")).get(0);
    assertTrue(problem.reason().contains("does not depend on the model's input") && problem.rewrite().contains("train the model again"),
        problem.toString());
  }

  @Test
  void anActivationWhoseCalibratedRangeIsInfiniteIsNamed() {
    OnnxSource source = dense().constant("k", new long[0], 1e4).node("MatMul", "x w", "a").node("Mul", "a k", "b").node("Exp", "b", "e")
        .node("MatMul", "e w", "y").source("y");
    UncompilableModelException e = assertThrows(UncompilableModelException.class,
        () -> Compiler.compile(source, CompileOptions.defaults().withCalibration(TestModels.rows(30, 4))));
    assertTrue(e.getMessage().contains("the_e") && e.getMessage().contains("not finite"), e.getMessage());
  }

  @Test
  void weightsAfterASoftmaxAreRefused() {
    List<ModelProblem> problems = Compiler.check(dense().node("Softmax", "x", "a").node("MatMul", "a w", "y").source("y"));
    assertEquals(List.of("Softmax", "MatMul"), problems.stream().map(ModelProblem::opType).toList());
  }

  @Test
  void anOperatorOnLabelsIsRefusedAsSuch() {
    OnnxSource source = dense().node("MatMul", "x w", "a").node("ArgMax", "a", "i", TestModels.integer("axis", 1), TestModels.integer("keepdims", 1))
        .node("ArgMax", "x", "j", TestModels.integer("axis", 1), TestModels.integer("keepdims", 1))
        .node("Concat", "i j", "y", TestModels.integer("axis", 1)).source("y");
    ModelProblem problem = Compiler.check(source).get(0);
    assertTrue(problem.reason().contains("label or an index") && problem.rewrite().contains("scores"), problem.toString());
  }

  @Test
  void aNormalizerBeforeTheWeightsIsNamed() {
    OnnxSource source = dense().node("ai.onnx.ml.Normalizer", "x", "a", TestModels.text("norm", "L2"))
        .node("MatMul", "a w", "y").source("y");
    assertEquals("ai.onnx.ml.Normalizer", Compiler.check(source).get(0).opType());
  }

  @Test
  void shapesThatAskForTooMuchMemoryAreProblemsOfTheirNode() {
    OnnxSource source = dense().constant("s", new long[] {2}, 30000, 30000).node("Cast", "s", "i", TestModels.integer("to", 7))
        .node("ConstantOfShape", "i", "c").node("MatMul", "x c", "y").source("y");
    assertTrue(Compiler.check(source).get(0).reason().contains("67108864"), Compiler.check(source).toString());
  }

  @Test
  void aProductOfEncryptedMatricesIsRefused() {
    List<ModelProblem> problems = Compiler.check(
        dense().node("Transpose", "x", "t").node("MatMul", "t x", "y").source("y"));
    assertEquals("the_y", problems.get(0).node());
  }

  @Test
  void aDivisionByAnEncryptedVectorIsRefused() {
    OnnxSource source = dense().node("MatMul", "x w", "a").node("Div", "x a", "b").node("MatMul", "b w", "y").source("y");
    assertTrue(Compiler.check(source).get(0).reason().contains("divides"));
  }

  @Test
  void batchNormalisationInTrainingModeIsRefused() {
    OnnxSource source = TestModels.of(4).constant("c", new long[] {4}, 1, 1, 1, 1)
        .node("BatchNormalization", "x c c c c", "y", TestModels.integer("training_mode", 1)).source("y");
    assertTrue(Compiler.check(source).get(0).rewrite().contains("eval"));
  }

  @Test
  void aLogarithmOfValuesThatMayBeNegativeIsRefusedWithTheRange() {
    OnnxSource source = dense().node("MatMul", "x w", "a").node("Log", "a", "b").node("MatMul", "b w", "y").source("y");
    UncompilableModelException e = assertThrows(UncompilableModelException.class,
        () -> Compiler.compile(source, CompileOptions.defaults().withCalibration(TestModels.rows(30, 4))));
    assertTrue(e.getMessage().contains("not finite"), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"25, use fewer layers or squares as activations (2 levels a layer)", "40, use fewer layers: at most 31 with squares as activations (2 levels a layer)"})
  void aModelThatNoRingHasRoomForNamesTheLevels(int layers, String rewrite) {
    TestModels model = dense();
    String last = "x";
    for (int i = 0; i < layers; i++) {
      model.node("MatMul", last + " w", "h" + i).node("Tanh", "h" + i, "t" + i);
      last = "t" + i;
    }
    OnnxSource source = model.node("MatMul", last + " w", "y").source("y");
    UncompilableModelException e = assertThrows(UncompilableModelException.class,
        () -> Compiler.compile(source, CompileOptions.defaults().withCalibration(TestModels.rows(30, 4))));
    int fewest = layers * 3 + 1;
    assertTrue(e.getMessage().contains("degree 3 it needs " + fewest + " levels"), e.getMessage());
    assertTrue(e.getMessage().contains("the_t0 3") && e.getMessage().contains("the_t24 3"), e.getMessage());
    assertEquals(rewrite, e.problems().get(0).rewrite().replace(",", ""));
    assertEquals(e.problems().get(0).reason(), Compiler.check(source).get(0).reason());
  }

  @Test
  void aDivisionByAConstantZeroIsNamed() {
    OnnxSource source = dense().constant("z", new long[] {1}, 0).node("MatMul", "x w", "a").node("Div", "a z", "y").source("y");
    ModelProblem problem = Compiler.check(source).get(0);
    assertEquals("the_y", problem.node());
    assertTrue(problem.reason().contains("0 at index 0"), problem.reason());
  }

  @Test
  void aNegativeVarianceIsNamedWithItsChannel() {
    OnnxSource source = TestModels.of(4).constant("c", new long[] {4}, 1, 1, 1, 1).constant("v", new long[] {4}, 1, 1, -1, 1)
        .node("BatchNormalization", "x c c c v", "y").source("y");
    ModelProblem problem = Compiler.check(source).get(0);
    assertEquals("the_y", problem.node());
    assertTrue(problem.reason().contains("channel 2"), problem.reason());
  }

  @Test
  void operandsOfTwoTypesAreNamedWithBoth() {
    TensorProto.Builder real = TensorProto.newBuilder().setName("w").setDataType(TensorProto.DataType.DOUBLE_VALUE).addDims(4).addDims(2);
    for (int i = 0; i < 8; i++) {
      real.addDoubleData(i - 3);
    }
    TensorProto bias = TestModels.tensor("b", new long[] {2}, 1, 2);
    ModelProblem product = Compiler.check(TestModels.of(4).constant(real.build()).node("MatMul", "x w", "y").source("y")).get(0);
    assertTrue(product.reason().contains("FLOAT") && product.reason().contains("DOUBLE"), product.reason());
    TestModels cast = TestModels.of(4).constant(real.build()).constant(bias).node("Cast", "x", "d", TestModels.integer("to", 11))
        .node("MatMul", "d w", "h");
    assertEquals("the_y", Compiler.check(cast.node("Add", "h b", "y").source("y")).get(0).node());
    TestModels back = TestModels.of(4).constant(real.build()).constant(bias).node("Cast", "x", "d", TestModels.integer("to", 11))
        .node("MatMul", "d w", "h").node("Cast", "h", "f", TestModels.integer("to", 1)).node("Add", "f b", "y");
    assertEquals(List.of(), Compiler.check(back.source("y")));
  }

  @Test
  void weightsThatAreNotFiniteDoNotHideOtherProblems() {
    OnnxSource source = dense().constant("n", new long[] {4, 4}, withFirst(Double.NaN))
        .constant("i", new long[] {4, 4}, withFirst(Double.POSITIVE_INFINITY)).constant("r", new long[] {3, 4}, new double[12])
        .node("MatMul", "x n", "a").node("TopK", "a", "b").node("MatMul", "b i", "c").node("com.acme.Foo", "c", "d")
        .node("MatMul", "a r", "e").node("Add", "d e", "y").source("y");
    assertEquals(List.of("the_a", "the_b", "the_c", "the_d", "the_e"),
        Compiler.check(source).stream().map(ModelProblem::node).sorted().toList());
  }

  private static double[] withFirst(double first) {
    double[] values = SQUARE.clone();
    values[0] = first;
    return values;
  }

  @Test
  void anUnknownOperatorAfterASoftmaxIsRefusedForItself() {
    OnnxSource source = dense().node("Softmax", "x", "a").node("com.acme.LSTMX", "a", "y").source("y");
    List<ModelProblem> problems = Compiler.check(source);
    assertEquals(List.of("the_a", "the_y"), problems.stream().map(ModelProblem::node).toList());
    assertEquals("the operator is not compiled", problems.get(1).reason());
  }

  @Test
  void anAnswerThatTheModelLeavesUndefinedIsNamedWithTheRange() {
    OnnxSource source = TestModels.of(4).constant("h", new long[0], 0.5).node("Pow", "x h", "y").source("y");
    UncompilableModelException e = assertThrows(UncompilableModelException.class,
        () -> Compiler.compile(source, CompileOptions.defaults().withCalibration(TestModels.rows(30, 4))));
    assertEquals("the_y", e.problems().get(0).node());
    assertTrue(e.getMessage().contains("NaN") && e.getMessage().contains("range over -"), e.getMessage());
  }

  @Test
  void sampleRowsOfTheWrongWidthNameBothWidths() {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> Compiler.compile(
        dense().node("MatMul", "x w", "y").source("y"), CompileOptions.defaults().withCalibration(TestModels.rows(9, 3))));
    assertTrue(e.getMessage().contains("3") && e.getMessage().contains("4"), e.getMessage());
  }

  @Test
  void neitherRowsNorRangesIsAnError() {
    assertThrows(IllegalArgumentException.class,
        () -> Compiler.compile(dense().node("MatMul", "x w", "y").source("y"), CompileOptions.defaults()));
  }

  @Test
  void answersWhoseErrorBoundExceedsTheirRangeMissTheAccuracy() {
    OnnxSource source = dense().constant("v", new long[] {4, 1}, 1e3, -2e3, 3e3, 4e3).constant("o", new long[] {1, 1}, 1)
        .node("MatMul", "x v", "a").node("Sin", "a", "s").node("Cos", "a", "c").node("MatMul", "s o", "p").node("MatMul", "c o", "q")
        .node("Mul", "p p", "pp").node("Mul", "q q", "qq").node("Add", "pp qq", "z").node("MatMul", "z o", "y").source("y");
    CompileReport report = Compiler.compile(source,
        CompileOptions.defaults().withCalibration(TestModels.rows(30, 4)).withMaxDegree(127)).report();
    assertFalse(report.accuracyMet());
    assertTrue(report.notes().stream().anyMatch(note -> note.contains("exceeds their range")), report.notes().toString());
  }

  @Test
  void everySecurityLevelIsKept() {
    OnnxSource source = dense().node("MatMul", "x w", "y").source("y");
    for (SecurityLevel level : new SecurityLevel[] {SecurityLevel.CLASSICAL_128, SecurityLevel.CLASSICAL_192,
        SecurityLevel.CLASSICAL_256, SecurityLevel.QUANTUM_128}) {
      CompileResult result = Compiler.compile(source,
          CompileOptions.defaults().withCalibration(TestModels.rows(30, 4)).withSecurity(level));
      assertEquals(level, result.artifact().parameters().security());
      assertTrue(result.report().logQp() <= level.maxLogQP(result.artifact().parameters().logRingDegree()));
    }
  }
}
