// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Sharing;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.SignatureInput;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.io.TempDir;

/** What the compiler promises beside the right answers. */
class CompilerTest {
  private static CompileResult compile(String name, CompileOptions options) throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve(name + ".calibration.csv"));
    return Compiler.compile(OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(name + ".onnx")), options.withCalibration(rows));
  }

  @Test
  void theSameModelAndRowsGiveTheSameBytes() throws Exception {
    byte[] first = compile("skl_mlpc_relu", CompileOptions.defaults()).artifact().toBytes();
    byte[] second = compile("skl_mlpc_relu", CompileOptions.defaults()).artifact().toBytes();
    assertArrayEquals(first, second);
  }

  @Test
  void everyNumberOfAnAnswerIsPreciseInItsOwnUnits() {
    double[] units = {1e-3, 100, 1e6};
    double[] weights = new double[13 * units.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = units[i % units.length] * Math.sin(1 + i);
    }
    CompileResult result = Compiler.compile(
        TestModels.of(13).constant("w", new long[] {13, 3}, weights).constant("b", new long[] {3}, 0, -100, 8e5)
            .node("MatMul", "x w", "s").node("Add", "s b", "y").source("y"),
        CompileOptions.defaults().withCalibration(TestModels.rows(60, 13)));
    CipherOutput output = result.artifact().signature().cipherOutputs().get(0);
    for (int i = 0; i < units.length; i++) {
      assertTrue(output.factor()[i] * output.slotError() < 1e-3 * units[i],
          "number " + i + " may be off by " + output.factor()[i] * output.slotError() + " at a unit of " + units[i]);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {1, 1e-9, 1e-12})
  void theUnitOfAnAnswerDoesNotCostItsPrecision(double unit) {
    double[] weights = new double[13 * 4];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.sin(1 + i) / 4;
    }
    CompileResult result = Compiler.compile(
        TestModels.of(13).constant("w", new long[] {13, 4}, weights).constant("v", new long[] {4, 1}, unit, -unit, unit / 2, unit)
            .node("MatMul", "x w", "s").node("Tanh", "s", "t").node("MatMul", "t v", "y").source("y"),
        CompileOptions.defaults().withCalibration(TestModels.rows(60, 13)).withTask(ModelDescription.Task.REGRESSION).withMaxDegree(31));
    assertTrue(result.report().prediction().error(1000) < 0.01 * unit, () -> "error " + result.report().prediction().error(1000));
    assertTrue(result.report().accuracyMet());
  }

  /** Precision that is given for smaller keys is not taken from the numbers that a class is chosen by. */
  @Test
  void noiseOfLogitsStaysSmallThoughKeysAreLarge() throws Exception {
    Path model = Path.of("../models/mnist-residual");
    CompileResult result = Compiler.compile(OnnxSource.ofFile(model.resolve("model.onnx")), CompileOptions.defaults()
        .withCalibration(CalibrationRows.read(model.resolve("calibration.csv")).subList(0, 100)).withMaxDegree(7).withAccuracy(0.02));
    double noise = result.report().prediction().noise().largest(CompileReport.NUMBERS);
    assertTrue(noise <= 0.012, "noise " + noise);  // asked for is 0.01, of a program that is not yet written out
    assertEquals(14, result.artifact().parameters().logRingDegree(), "in the ring that the levels need");
  }

  /** With a coarse fit some of the sums come out negative, whose root is no number: finer fits are found all the same. */
  @Test
  void aRootOnTheClientDoesNotEndTheSearchForDegrees() {
    double[] weights = new double[5 * 4];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 2 * Math.sin(1 + i);
    }
    CompileResult result = Compiler.compile(
        TestModels.of(5).constant("w", new long[] {5, 4}, weights)
            .constant("v", new long[] {4, 2}, 0.1, 0.3, 0.2, 0.1, 0.3, 0.2, 0.1, 0.1)
            .node("MatMul", "x w", "s").node("Softplus", "s", "t").node("MatMul", "t v", "u").node("Sqrt", "u", "y").source("y"),
        CompileOptions.defaults().withCalibration(TestModels.rows(100, 5)).withTask(ModelDescription.Task.REGRESSION).withMaxDegree(31));
    assertTrue(result.report().prediction().error(1000) < 0.02, () -> "error " + result.report().prediction().error(1000));
  }

  @Test
  void theArtifactReadsBackEqual() throws Exception {
    ModelArtifact artifact = compile("torch_residual", CompileOptions.defaults()).artifact();
    assertEquals(artifact, ModelArtifact.fromBytes(ByteBuffer.wrap(artifact.toBytes())));
  }

  @Test
  void aFeatureMayLeaveItsRangeByTheRangesWidthAndAConstantOneByItsFloor() throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve("skl_mlpc_logistic.calibration.csv"));
    SignatureInput input = compile("skl_mlpc_logistic", CompileOptions.defaults()).artifact().signature().inputs().get(0);
    for (int j = 0; j < input.features(); j++) {
      int column = j;
      double low = rows.stream().mapToDouble(row -> row[column]).min().orElseThrow();
      double high = rows.stream().mapToDouble(row -> row[column]).max().orElseThrow();
      double room = high > low ? high - low : Math.max(1, Math.abs(low));
      assertEquals(low - room, input.low()[j], 1e-9 * room);
      assertEquals(high + room, input.high()[j], 1e-9 * room);
    }
  }

  @Test
  void aRowThatDrivesAnActivationOutOfItsIntervalIsCaughtByTheGuard() throws Exception {
    ModelArtifact artifact = compile("torch_squares", CompileOptions.defaults()).artifact();
    SignatureInput input = artifact.signature().inputs().get(0);
    assertThrows(AnswerCheckException.class, () -> ZooTrial.predict(artifact, input.high()));
  }

  @Test
  void withoutGuardsTheReportSaysSo() throws Exception {
    CompileResult result = compile("skl_mlpr_tanh", CompileOptions.defaults().withGuards(false));
    assertEquals(1, result.artifact().signature().cipherOutputs().size());
    assertTrue(result.report().notes().stream().anyMatch(note -> note.contains("not guarded")));
  }

  @Test
  void aValueOutputHasAStructuralZero() throws Exception {
    CipherOutput value = compile("skl_sgd", CompileOptions.defaults().withPacking(CompileOptions.Packing.LATENCY)).artifact().signature().cipherOutputs().get(0);
    assertTrue(value.count() < value.period());
    assertEquals(0, value.level());
  }

  @Test
  void rangesFromYamlStandForSampleRows(@TempDir Path folder) throws Exception {
    Files.write(folder.resolve("model.onnx"), TestModels.of(3).constant("w", new long[] {3, 2}, 1, 2, 3, 4, 5, 6)
        .node("MatMul", "x w", "a").node("Relu", "a", "b").constant("v", new long[] {2, 1}, 1, -1)
        .node("MatMul", "b v", "y").output("y"));
    Files.writeString(folder.resolve("tacet.yaml"), """
        name: tiny
        task: regression
        model: model.onnx
        accuracy: 0.01
        compile: {security: 192, margin: 0.5}
        inputs:
          - name: x
            range: {low: -2, high: 2}
        """);
    CompileResult result = Compiler.compileFolder(folder);
    assertEquals("tiny", result.artifact().signature().model());
    assertEquals(192, result.artifact().signature().securityBits());
    assertEquals(6, result.artifact().signature().inputs().get(0).high()[0]);
  }

  @Test
  void oneSampleRowIsEnoughAndItsBoundIsThatOfTheAcceptedFeatures() throws Exception {
    OnnxSource source = TestModels.of(2).constant("w", new long[] {2, 1}, 1, -1).node("MatMul", "x w", "a").node("Tanh", "a", "b")
        .constant("v", new long[] {1, 1}, 2).node("MatMul", "b v", "y").source("y");
    for (int rows = 1; rows <= 2; rows++) {
      CompileReport report = Compiler.compile(
          source, CompileOptions.defaults().withCalibration(java.util.Collections.nCopies(rows, new double[] {0.25, 0.5}))).report();
      assertTrue(report.errorBound() < 0.1, "error bound " + report.errorBound());
    }
  }

  @Test
  void aNumberBesideAMuchLargerOneHasAnErrorBoundOfItsOwn() throws Exception {
    OnnxSource source = TestModels.of(2).constant("w", new long[] {2, 2}, 1, -1, 0.5, 1).node("MatMul", "x w", "a").node("Tanh", "a", "b")
        .constant("v", new long[] {2, 2}, 1, 1e5, -1, 2e5).node("MatMul", "b v", "y").source("y");
    java.util.SplittableRandom random = new java.util.SplittableRandom(11);
    List<double[]> rows = new ArrayList<>();
    for (int r = 0; r < 200; r++) {
      rows.add(random.doubles(2, -1, 1).toArray());
    }
    ModelArtifact artifact = Compiler.compile(source, CompileOptions.defaults().withCalibration(rows)).artifact();
    double[] bounds = artifact.signature().cipherOutputs().get(0).errorBounds();
    assertTrue(bounds[0] < 0.1 && bounds[1] > 1000 * bounds[0], Arrays.toString(bounds));
    double[][] decrypted = EncryptedRows.run(artifact, rows.subList(0, 8).toArray(double[][]::new));
    for (int r = 0; r < decrypted.length; r++) {
      double[] x = rows.get(r);
      double[] b = {Math.tanh(x[0] + 0.5 * x[1]), Math.tanh(x[1] - x[0])};
      assertEquals(b[0] - b[1], decrypted[r][0], bounds[0]);
      assertEquals(1e5 * b[0] + 2e5 * b[1], decrypted[r][1], bounds[1]);
    }
  }

  @Test
  void aReserveForSharingIsInTheSignatureAndCostsPrecisionOrIsRefusedWithTheBits() throws Exception {
    Sharing asked = new Sharing(100, 20, 0);
    CompileResult plain = compile("skl_ridge", CompileOptions.defaults());
    CompileResult sharing = compile("skl_ridge", CompileOptions.defaults().withSharing(asked));
    assertTrue(plain.artifact().signature().sharing().isEmpty());
    Sharing reserve = sharing.artifact().signature().sharing().orElseThrow();
    assertEquals(100, reserve.results());
    assertEquals(20, reserve.statisticalBits());
    CipherOutput value = sharing.artifact().signature().cipherOutputs().get(0);
    assertTrue(reserve.noise() > 0 && reserve.noise() < value.slotError(), "noise " + reserve.noise());
    assertTrue(sharing.report().logScale() > plain.report().logScale());
    assertTrue(sharing.report().notes().stream().anyMatch(note -> note.contains("100 results may be shared at 20 statistical bits")));
    UncompilableModelException refused = assertThrows(UncompilableModelException.class,
        () -> compile("skl_ridge", CompileOptions.defaults().withSharing(new Sharing(1 << 20, 60, 0))));
    assertTrue(refused.getMessage().contains("flooding for 1048576 shared results at 60 statistical bits takes 41.8 bits"),
        refused.getMessage());
  }

  @Test
  void aProductIsProvedAsLongAsTheActivationsBeforeItAreWatched() throws Exception {
    CompileReport guarded = compile("torch_gate", CompileOptions.defaults()).report();
    assertEquals(List.of("proved"), products(guarded));
    assertTrue(guarded.notes().stream().anyMatch(note -> note.contains("products of encrypted values need no guard")));
    CompileReport open = compile("torch_gate", CompileOptions.defaults().withGuards(false)).report();
    assertEquals(List.of("not guarded"), products(open));
    assertFalse(open.notes().stream().anyMatch(note -> note.contains("products of encrypted values need no guard")));
  }

  private static List<String> products(CompileReport report) {
    return report.layers().stream().filter(layer -> layer.kind().equals("product")).map(CompileReport.Layer::guard).toList();
  }

  @Test
  void theExampleInTheDocumentationIsReadWithAllItsKeys(@TempDir Path folder) throws Exception {
    String text = Files.readString(Path.of("../docs/models.md"));
    String yaml = text.substring(text.indexOf("```yaml") + 7, text.lastIndexOf("```"));
    CompileOptions options = CompileOptions.fromYaml(Files.writeString(folder.resolve("tacet.yaml"), yaml));
    CompileOptions expected = CompileOptions.defaults().withModel("tiny").withTask(ModelDescription.Task.REGRESSION)
        .withRing(CompileOptions.Ring.STANDARD).withSharing(new Sharing(100, 20, 0)).withKeyBudget(20_000_000);
    assertEquals(expected, options.withRanges(List.of()));
    assertEquals(1, options.ranges().size());
  }

  @Test
  void theReportIsTextAndSnakeCaseJson() throws Exception {
    CompileReport report = compile("skl_logistic", CompileOptions.defaults()).report();
    assertTrue(report.toJson().contains("\"ring_degree\" : " + report.ringDegree()));
    assertTrue(report.toText().contains("classical 128 security"));
    assertFalse(report.toJson().matches("(?s).*\"[a-z]+[A-Z].*"));
  }

  @Test
  void noRowOfDataIsInTheArtifact() throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve("skl_mlpc_relu.calibration.csv"));
    byte[] bytes = compile("skl_mlpc_relu", CompileOptions.defaults()).artifact().toBytes();
    List<Integer> hits = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      ByteBuffer needle = ByteBuffer.allocate(16).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      needle.putDouble(rows.get(i)[0]).putDouble(rows.get(i)[1]);
      if (new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1)
          .contains(new String(needle.array(), java.nio.charset.StandardCharsets.ISO_8859_1))) {
        hits.add(i);
      }
    }
    assertEquals(List.of(), hits);
  }
}
