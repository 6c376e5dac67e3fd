// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.BatchLayout;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Constant;
import dev.tacet.he.Context;
import dev.tacet.he.Encryptor;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Op;
import dev.tacet.he.PublicKey;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RingType;
import dev.tacet.he.RowPacking;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Programs of the throughput packing on encrypted batches: the checks pass, the noise is what was predicted, no key rotates. */
class BatchProgramOnEngineTest {
  private static CompileResult compile(String name, List<double[]> rows) throws Exception {
    return Compiler.compile(source(name), batches(rows));
  }

  private static OnnxSource source(String name) throws Exception {
    return OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(name + ".onnx"));
  }

  private static CompileOptions batches(List<double[]> rows) {
    return CompileOptions.defaults().withPacking(CompileOptions.Packing.THROUGHPUT).withCalibration(rows);
  }

  @ParameterizedTest
  @ValueSource(strings = {"skl_logistic", "torch_squares", "torch_gate"})
  void aPartialBatchPassesItsChecksWithTheNoiseThatWasPredicted(String name) throws Exception {
    passesItsChecks(source(name), CalibrationRows.read(CompiledZooTest.FOLDER.resolve(name + ".calibration.csv")));
  }

  /** Relu and Tanh, each in a block that adds its input again, some levels below: as torch_residual, with a fifth of its width. */
  @Test
  void aPartialBatchOfANetworkWithResidualsPassesItsChecks() throws Exception {
    int width = 4;
    java.util.Random random = new java.util.Random(21);
    TestModels model = TestModels.of(width);
    for (String name : List.of("w0", "w1", "w2", "w3")) {
      long outputs = name.equals("w3") ? 1 : width;
      model.constant(name, new long[] {width, outputs}, random.doubles(width * outputs, -0.8, 0.8).toArray());
    }
    passesItsChecks(model.node("MatMul", "x w0", "h")
        .node("Relu", "h", "a").node("MatMul", "a w1", "b").node("Add", "h b", "s")
        .node("Tanh", "s", "t").node("MatMul", "t w2", "u").node("Add", "s u", "v")
        .node("MatMul", "v w3", "y").source("y"), TestModels.rows(60, width));
  }

  private static void passesItsChecks(OnnxSource source, List<double[]> rows) throws Exception {
    CompileResult result = Compiler.compile(source, batches(rows));
    ModelArtifact artifact = result.artifact();
    assertEquals(RowPacking.THROUGHPUT, artifact.signature().packing());
    boolean polynomials = artifact.program().instructions().stream().anyMatch(in -> in.op() == Op.POLYNOMIAL);
    assertEquals(polynomials ? RingType.STANDARD : RingType.CONJUGATE_INVARIANT, artifact.parameters().ringType());
    assertTrue(artifact.signature().keys().stream().allMatch(key -> key.galoisElement() == KeyRequirement.RELINEARIZATION));
    CompileReport latency = Compiler.compile(source, CompileOptions.defaults().withCalibration(rows)).report();
    assertTrue(result.report().agreement() >= latency.agreement() - 0.05, result.report().toText());
    assertTrue(result.report().numberError() <= latency.numberError() + 5e-3, result.report().toText());
    double[][] batch = rows.subList(0, 20).toArray(double[][]::new);
    SlotNoise.isWithinHalfOfTheSlotError(() -> run(artifact, batch));
  }

  /** Encrypts under the public key, runs, checks, and returns the largest noise as a part of the slot error. */
  private static double run(ModelArtifact artifact, double[][] batch) {
    BatchLayout layout = new BatchLayout(artifact.signature(), artifact.parameters());
    double worst = 0;
    try (Context context = Context.create(artifact.parameters());
        SecretKey secret = SecretKey.generate(context);
        PublicKey publicKey = new KeyGenerator(secret).publicKey();
        ExecutableProgram program = ExecutableProgram.load(context, artifact.program())) {
      List<ByteBuffer> blobs = new ArrayList<>();
      artifact.signature().keys().forEach(key -> blobs.add(new KeyGenerator(secret).evaluationKey(key)));
      Encryptor encryptor = new Encryptor(context, publicKey);
      List<double[]> slots = new ArrayList<>();
      List<Ciphertext> inputs = new ArrayList<>();
      for (int i = 0; i < artifact.signature().inputs().size(); i++) {
        SignatureInput input = artifact.signature().inputs().get(i);
        for (int f = 0; f < input.features(); f++) {
          slots.add(layout.element(i, f, batch));
          inputs.add(encryptor.encrypt(slots.get(slots.size() - 1), input.level(), input.scale()));
        }
      }
      List<double[]> expected = ReferenceEvaluator.run(artifact.program(), slots);
      try (EvaluationKeySet keys = EvaluationKeySet.load(context, blobs);
          ExecutableProgram.Run run = program.run(keys, inputs, null)) {
        BatchLayout.Answer answer = layout.answer(batch.length);
        int at = 0;
        for (int o = 0; o < artifact.signature().cipherOutputs().size(); o++) {
          CipherOutput output = artifact.signature().cipherOutputs().get(o);
          assertEquals(o, output.programOutput());
          for (int e = 0; e < output.count(); e++, at++) {
            Decryptor.Decrypted decrypted = new Decryptor(secret).decrypt(run.outputs().get(at));
            answer.add(o, e, decrypted.real(), decrypted.imaginary(), decrypted.coefficientFraction());
            for (int j = 0; j < decrypted.real().length; j++) {
              worst = Math.max(worst, Math.abs(decrypted.real()[j] - expected.get(at)[j]) / output.slotError());
            }
          }
        }
        assertEquals(List.of(), answer.failedRows());
      } finally {
        inputs.forEach(Ciphertext::close);
      }
    }
    return worst;
  }

  @Test
  void aLinearModelNeedsNoKeyAndItsConstantOutputsHideTheirRow() {
    double[] weights = {1, 0, 2, 0, 3, 0};
    CompileResult result = Compiler.compile(
        TestModels.of(3).constant("w", new long[] {3, 2}, weights).constant("b", new long[] {2}, 0.5, 7)
            .node("Gemm", "x w b", "y").source("y"),
        CompileOptions.defaults().withPacking(CompileOptions.Packing.THROUGHPUT).withCalibration(TestModels.rows(50, 3)));
    assertTrue(result.artifact().signature().keys().isEmpty());
    assertEquals(0, result.artifact().parameters().specialPrimes().length);
    assertNotNull(result.artifact().signature().knownRows().orElseThrow());
    SlotNoise.isWithinHalfOfTheSlotError(() -> run(result.artifact(), TestModels.rows(4, 3).toArray(double[][]::new)));
  }

  @ParameterizedTest
  @EnumSource(value = CompileOptions.Ring.class, names = {"STANDARD", "CONJUGATE_INVARIANT"})
  void theRingThatIsNamedIsTaken(CompileOptions.Ring ring) throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve("torch_squares.calibration.csv"));
    ModelArtifact artifact = Compiler.compile(source("torch_squares"),
        batches(rows).withRing(ring)).artifact();
    assertEquals(ring.name(), artifact.parameters().ringType().name());
    SlotNoise.isWithinHalfOfTheSlotError(() -> run(artifact, rows.subList(0, 5).toArray(double[][]::new)));
  }

  @Test
  void theRingThatPolynomialsDoNotRunInIsRefusedByName() throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve("skl_mlpr_tanh.calibration.csv"));
    UncompilableModelException refused = assertThrows(UncompilableModelException.class,
        () -> Compiler.compile(source("skl_mlpr_tanh"),
            batches(rows).withRing(CompileOptions.Ring.CONJUGATE_INVARIANT)));
    assertTrue(refused.getMessage().contains("conjugate-invariant") && refused.getMessage().contains("leave --ring out"),
        refused.getMessage());
  }

  @Test
  void aConvolutionRunsInItsOwnFewProducts() {
    double[] weights = new double[4 * 9];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = Math.sin(1.7 * i) / 3;
    }
    double[] dense = new double[64 * 2];
    for (int i = 0; i < dense.length; i++) {
      dense[i] = Math.cos(2.3 * i) / 8;
    }
    CompileResult result = Compiler.compile(
        TestModels.of(1, 8, 8).constant("w", new long[] {4, 1, 3, 3}, weights)
            .node("Conv", "x w", "c", TestModels.integers("strides", 2, 2), TestModels.integers("pads", 1, 1, 1, 1))
            .node("Mul", "c c", "s").node("Flatten", "s", "f").constant("d", new long[] {64, 2}, dense).node("MatMul", "f d", "y")
            .source("y"),
        batches(TestModels.rows(60, 64)));
    Constant.Affine first = result.artifact().program().constants().stream().filter(Constant.Affine.class::isInstance)
        .map(Constant.Affine.class::cast).findFirst().orElseThrow();
    long weightsLeft = Arrays.stream(first.weights()).filter(w -> w != 0).count();
    assertTrue(weightsLeft <= 4L * 16 * 9, weightsLeft + " weights");
    SlotNoise.isWithinHalfOfTheSlotError(() -> run(result.artifact(), TestModels.rows(7, 64).toArray(double[][]::new)));
  }

  @Test
  void compilingTwiceGivesTheSameBytes() throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve("torch_squares.calibration.csv"));
    assertArrayEquals(compile("torch_squares", rows).artifact().toBytes(), compile("torch_squares", rows).artifact().toBytes());
  }
}
