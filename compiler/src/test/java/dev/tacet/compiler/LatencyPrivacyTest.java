// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.simulate.HiddenNoise;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Constant;
import dev.tacet.he.Context;
import dev.tacet.he.Diagonals;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.Instruction;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Op;
import dev.tacet.he.Program;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Sharing;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Answers of the latency packing that hide the model. */
class LatencyPrivacyTest {
  private static final int FEATURES = 6;
  private static final int VALUES = 2;
  private static final ModelPrivacy ASKED = new ModelPrivacy(256, 20, 0);
  private static CompileResult open;
  private static CompileResult hidden;

  private static double[] weights(int count, long seed) {
    return new Random(seed).doubles(count, -1, 1).toArray();
  }

  /** A layer of an activation between two linear ones. */
  private static OnnxSource network(String activation) {
    return TestModels.of(FEATURES).constant("w", new long[] {FEATURES, 4}, weights(FEATURES * 4, 1))
        .constant("v", new long[] {4, VALUES}, weights(4 * VALUES, 2)).node("MatMul", "x w", "a")
        .node(activation, activation.equals("Mul") ? "a a" : "a", "s").node("MatMul", "s v", "y").source("y");
  }

  private static CompileOptions options() {
    return CompileOptions.defaults().withPacking(CompileOptions.Packing.AUTO).withCalibration(TestModels.rows(60, FEATURES))
        .withTask(ModelDescription.Task.REGRESSION).withAccuracy(0.02).withMargin(0.2);
  }

  @BeforeAll
  static void compile() {
    open = Compiler.compile(network("Tanh"), options());
    hidden = Compiler.compile(network("Tanh"), options().withModelPrivacy(ASKED));
  }

  @Test
  void theRequestHasOneMoreCiphertextAndTheAnswerNoGuard() {
    ModelArtifact artifact = hidden.artifact();
    Signature signature = artifact.signature();
    assertEquals(RowPacking.LATENCY, signature.packing());
    assertEquals(2, artifact.program().inputTypes().size());
    assertEquals(signature.zeroType(), artifact.program().inputTypes().get(1));
    assertEquals(1, signature.zeroType().level());
    assertTrue(open.artifact().signature().cipherOutputs().stream().anyMatch(output -> output.kind().guards()));
    assertEquals(1, signature.cipherOutputs().size());
    assertTrue(hidden.report().notes().stream().anyMatch(note -> note.contains("256 answers at 20 statistical bits")
        && note.contains("guards, which show inputs of activations, are left out")), hidden.report().toText());
  }

  @Test
  void theFloodingIsTheFactorTimesTheNoiseThatTheProgramHas() {
    ModelArtifact artifact = hidden.artifact();
    ModelPrivacy privacy = artifact.signature().modelPrivacy().orElseThrow();
    assertEquals(ASKED.answers(), privacy.answers());
    assertEquals(ASKED.statisticalBits(), privacy.statisticalBits());
    CipherOutput output = artifact.signature().cipherOutputs().get(0);
    List<Instruction> instructions = artifact.program().instructions();
    Instruction flood = instructions.stream().filter(in -> in.op() == Op.FLOOD).findFirst().orElseThrow();
    assertEquals(Op.ROTATE_MEAN, instructions.get(flood.argument(0)).op());
    // Rounding after a rescale is part of every program's noise: for each slot n / sqrt(18) units of the scale, less in means of copies.
    double copies = (double) artifact.parameters().slots() / output.period();
    double rounding = artifact.parameters().ringDegree() / Math.sqrt(18) / Math.sqrt(copies) * Math.pow(2, -artifact.parameters().logScale());
    double noise = HiddenNoise.of(new Emission(artifact.program(), artifact.signature().inputs(), artifact.signature().cipherOutputs(),
        List.of(), List.of(), 0, privacy, 0, 1), TestModels.rows(60, FEATURES));
    assertTrue(noise > rounding / 4, "noise " + noise + ", rounding alone is " + rounding);
    double least = 4 * noise * new Sharing(ASKED.answers(), ASKED.statisticalBits(), 0).factor(1)
        * Math.pow(2, flood.type().scale().log2(artifact.parameters()));
    double deviation = ModelPrivacy.deviation(privacy.floodBits());
    assertTrue(deviation >= least && deviation <= 16 * least, deviation + " for at least " + least);
  }

  /** What the engine gives before the flooding, against the same in the clear. */
  @Test
  void theNoiseThatIsDrawnIsTheEngines() {
    ModelArtifact artifact = hidden.artifact();
    Signature signature = artifact.signature();
    Program before = beforeFlooding(artifact.program());
    double drawn = HiddenNoise.of(new Emission(artifact.program(), signature.inputs(), signature.cipherOutputs(), List.of(), List.of(), 0,
        signature.modelPrivacy().orElseThrow(), 0, 1), TestModels.rows(60, FEATURES));
    double squares = 0;
    int count = 0;
    try (Context context = Context.create(artifact.parameters());
        SecretKey secret = SecretKey.generate(context);
        ExecutableProgram executable = ExecutableProgram.load(context, before);
        EvaluationKeySet keys = EvaluationKeySet.load(
            context, before.requiredKeys().stream().map(new KeyGenerator(secret)::evaluationKey).toList())) {
      SignatureInput input = signature.inputs().get(0);
      for (double[] row : TestModels.rows(24, FEATURES)) {
        double[] slots = input.pack(row, artifact.parameters().slots());
        double[] clear = ReferenceEvaluator.run(before, List.of(slots)).get(0);
        try (Ciphertext x = new SecretEncryptor(secret).encrypt(slots, input.level(), input.scale());
            ExecutableProgram.Run run = executable.run(keys, List.of(x), null)) {
          Decryptor.Decrypted d = new Decryptor(secret).decrypt(run.outputs().get(0));
          for (int j = 0; j < d.real().length; j++, count++) {
            squares += Math.pow(d.real()[j] - clear[j & (clear.length - 1)], 2) + Math.pow(d.imaginary()[j], 2);
          }
        }
      }
    }
    double found = Math.sqrt(squares / count);
    assertTrue(found <= 1.25 * drawn && found >= drawn / 8, "found " + found + ", drawn " + drawn);
  }

  /** The program up to its FLOOD, whose argument it gives. */
  private static Program beforeFlooding(Program program) {
    ProgramBuilder b = new ProgramBuilder(program.parameters());
    List<ProgramBuilder.Value> values = new ArrayList<>();
    for (Instruction in : program.instructions()) {
      ProgramBuilder.Value a = in.argumentCount() == 0 ? null : values.get(in.argument(0));
      Object constant = in.constant() < program.constants().size() && in.constant() >= 0 ? program.constants().get(in.constant()) : null;
      if (in.op() == Op.FLOOD) {
        b.output(a);
        break;
      }
      values.add(switch (in.op()) {
        case INPUT -> in.index() == 0 ? b.input(in.type()) : null;
        case DROP_LEVEL -> b.dropLevel(a, in.type().level());
        case RESCALE -> b.rescale(a);
        case ADD -> b.add(a, values.get(in.argument(1)));
        case ADD_PLAIN -> b.addPlain(a, (Constant.Vector) constant);
        case MULTIPLY_PLAIN -> b.multiplyPlain(a, (Constant.Vector) constant, in.plainScale());
        case ROTATE -> b.rotate(a, in.steps());
        case ROTATE_SUM -> b.rotateSum(a, in.steps(), in.count());
        case ROTATE_MEAN -> b.rotateMean(a, in.steps());
        case LINEAR_TRANSFORM -> b.linearTransform(a, (Diagonals) constant, in.plainScale());
        case POLYNOMIAL -> b.polynomial(a, (Constant.Polynomial) constant, in.type().scale());
        default -> throw new AssertionError(in.op() + " is not expected here");
      });
    }
    return b.build();
  }

  @Test
  void valuesAreWithinTheirBoundThatTheFloodingIsPartOf() {
    double[][] rows = TestModels.rows(5, FEATURES).toArray(double[][]::new);
    double[][] answers = EncryptedRows.run(hidden.artifact(), rows);
    double[][] clear = EncryptedRows.run(open.artifact(), rows);
    double bound = hidden.report().errorBound() + open.report().errorBound();
    boolean differs = false;
    for (int r = 0; r < rows.length; r++) {
      for (int i = 0; i < VALUES; i++) {
        assertEquals(clear[r][i], answers[r][i], bound, "row " + r + " value " + i);
        differs |= Math.abs(clear[0][i] - clear[r][i]) > 2 * bound;
      }
    }
    assertTrue(differs, "all rows have the same answers within the bound " + bound);
    CipherOutput output = hidden.artifact().signature().cipherOutputs().get(0);
    assertEquals(hidden.report().errorBound(), output.errorBound());
    double flooding = output.slotError() / 8 * 6.2 * Math.abs(output.factor()[0]);  // slot errors are 8 deviations of it and some noise
    assertTrue(output.errorBound() >= 0.9 * flooding, output.errorBound() + " of which flooding " + flooding);
    assertTrue(hidden.report().accuracyMet(), hidden.report().toText());
  }

  @Test
  void aLinearModelTakesCoefficientsUnlessSlotsAreAskedFor() {
    OnnxSource linear = TestModels.of(FEATURES).constant("w", new long[] {FEATURES, VALUES}, weights(FEATURES * VALUES, 3))
        .node("MatMul", "x w", "y").source("y");
    CompileOptions asked = options().withModelPrivacy(ASKED);
    assertEquals(RowPacking.COEFFICIENT, Compiler.compile(linear, asked).artifact().signature().packing());
    CompileResult spread = Compiler.compile(linear, asked.withPacking(CompileOptions.Packing.LATENCY));
    assertEquals(RowPacking.LATENCY, spread.artifact().signature().packing());
    double[][] row = TestModels.rows(1, FEATURES).toArray(double[][]::new);
    double[] weights = weights(FEATURES * VALUES, 3);
    double[] answer = EncryptedRows.run(spread.artifact(), row)[0];
    for (int i = 0; i < VALUES; i++) {
      double exact = 0;
      for (int j = 0; j < FEATURES; j++) {
        exact += row[0][j] * weights[j * VALUES + i];
      }
      assertEquals(exact, answer[i], spread.report().errorBound());
    }
  }

  @Test
  void combinationsThatStayOutAreRefusedByName() {
    CompileOptions asked = options().withModelPrivacy(ASKED);
    refused("packing THROUGHPUT", asked.withPacking(CompileOptions.Packing.THROUGHPUT));
    refused("no reserve for sharing", asked.withSharing(new Sharing(10, 20, 0)));
    refused("conjugate-invariant", asked.withRing(CompileOptions.Ring.CONJUGATE_INVARIANT));
    refused("with model privacy", asked.withRowsPerRequest(4));
    refused("it is no linear map", asked.withPacking(CompileOptions.Packing.COEFFICIENT));
    CompileOptions many = options().withModelPrivacy(new ModelPrivacy(1L << 24, 30, 0)).withAccuracy(1e-3);
    String message = refused("there is room for", many);
    long fewer = Long.parseLong(message.replaceAll("(?s).*there is room for (\\d+) such answers.*", "$1"));
    Compiler.compile(network("Mul"), many.withModelPrivacy(new ModelPrivacy(fewer, 30, 0)));
    refused("flooding for 1099511627776 answers that hide the model at 128 statistical bits takes",
        options().withModelPrivacy(new ModelPrivacy(1L << 40, 128, 0)));
  }

  private static String refused(String part, CompileOptions options) {
    String message = assertThrows(UncompilableModelException.class, () -> Compiler.compile(network("Mul"), options)).getMessage();
    assertTrue(message.contains(part), message);
    return message;
  }
}
