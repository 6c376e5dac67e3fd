// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.Arrangement;
import dev.tacet.he.Blob;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.PublicKey;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import dev.tacet.he.Signature;
import dev.tacet.he.TailNode;
import dev.tacet.he.UnsupportedException;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whatever is wrong with an answer, the caller gets an exception and never a number. */
class OutputDecryptorTest {
  private static final ModelArtifact ARTIFACT = TestModel.artifact();
  private static final double[] ROW = {0.5, -0.25, 0.75};
  private static Context context;
  private static SecretKey key;
  private static EvaluationKeySet keys;
  private static ExecutableProgram program;
  private static List<byte[]> answer;

  @BeforeAll
  static void evaluateOneRow() {
    context = Context.create(ARTIFACT.parameters());
    key = SecretKey.generate(context);
    List<ByteBuffer> blobs = new ArrayList<>();
    ARTIFACT.signature().keys().forEach(k -> blobs.add(new KeyGenerator(key).evaluationKey(k)));
    keys = EvaluationKeySet.load(context, blobs);
    program = ExecutableProgram.load(context, ARTIFACT.program());
    answer = evaluate(InputEncryptor.of(ARTIFACT.signature(), key).encrypt(ROW).ciphertexts());
  }

  @AfterAll
  static void close() {
    program.close();
    keys.close();
    key.close();
    context.close();
  }

  private static List<byte[]> evaluate(List<byte[]> ciphertexts) {
    List<Ciphertext> inputs = new ArrayList<>();
    ciphertexts.forEach(c -> inputs.add(Ciphertext.fromBytes(context, ByteBuffer.wrap(c))));
    try (ExecutableProgram.Run run = program.run(keys, inputs, null)) {
      List<byte[]> outputs = new ArrayList<>();
      run.outputs().forEach(c -> outputs.add(c.toBytes()));
      return outputs;
    } finally {
      inputs.forEach(Ciphertext::close);
    }
  }

  private static void assertRefused(List<byte[]> altered) {
    AnswerCheckException refused =
        assertThrows(
            AnswerCheckException.class, () -> OutputDecryptor.of(ARTIFACT.signature(), key).decrypt(altered));
    assertTrue(refused.getMessage().contains("no answer is returned"), refused.getMessage());
  }

  private static byte[] fresh(double[] slots, int level, Scale scale) {
    try (Ciphertext ciphertext = new SecretEncryptor(key).encrypt(slots, level, scale)) {
      return ciphertext.toBytes();
    }
  }

  @Test
  void sharedAnswersAreFloodedWithinTheirBoundsAndCounted() {
    Signature own = ARTIFACT.signature();
    Signature sharing = new Signature(own.model(), own.parametersHash(), own.securityBits(), own.inputs(), own.cipherOutputs(),
        own.tail(), own.keys(), Arrangement.latency(new Sharing(2, 10, 1e-5)));
    OutputDecryptor decryptor = OutputDecryptor.of(sharing, key);
    double[] exact = scores(answer);
    Postprocessing.Result first = decryptor.decryptForSharing(answer);
    Postprocessing.Result second = decryptor.decryptForSharing(answer);
    double deviation = Math.sqrt(12.0 * 2 * 2) * 32 * 1e-5;
    double bound = own.cipherOutputs().get(0).errorBound() + Sharing.DEVIATIONS * deviation;
    assertEquals(bound, first.errorBounds().get("scores"), 1e-12);
    assertArrayEquals(exact, first.outputs().get("scores").toNumbers(), bound);
    assertNotEquals(first.outputs().get("scores").toNumbers()[0], second.outputs().get("scores").toNumbers()[0]);
    UnsupportedException used = assertThrows(UnsupportedException.class, () -> decryptor.decryptForSharing(answer));
    assertTrue(used.getMessage().contains("all 2 results"), used.getMessage());
  }

  /** The label's own bound of its margin is one for the noise of the program alone. */
  @Test
  void aLabelThatTheFloodingCouldChangeIsUndecided() {
    Signature own = ARTIFACT.signature();
    TailNode label = own.tail().nodes().get(0).withMarginBound(1e-3);
    Postprocessing tail = new Postprocessing(own.tail().inputs(), List.of(label), own.tail().outputs());
    Signature sharing = new Signature(own.model(), own.parametersHash(), own.securityBits(), own.inputs(), own.cipherOutputs(),
        tail, own.keys(), Arrangement.latency(new Sharing(2, 10, 2e-4)));
    OutputDecryptor decryptor = OutputDecryptor.of(sharing, key);
    Postprocessing.Result shown = decryptor.decrypt(answer);
    double[] scores = shown.outputs().get("scores").toNumbers();
    assertTrue(scores[0] - scores[1] > 1e-3, Arrays.toString(scores));
    assertEquals(Set.of(), shown.undecided());
    Postprocessing.Result shared = decryptor.decryptForSharing(answer);
    assertTrue(shared.errorBounds().get("scores") > 0.25, shared.errorBounds().toString());
    assertEquals(Set.of("label"), shared.undecided());
  }

  @Test
  void anAnswerOfAModelWithoutAReserveIsNotShared() {
    assertThrows(UnsupportedException.class, () -> OutputDecryptor.of(ARTIFACT.signature(), key).decryptForSharing(answer));
  }

  private static double[] scores(List<byte[]> ciphertexts) {
    return OutputDecryptor.of(ARTIFACT.signature(), key).decrypt(ciphertexts).outputs().get("scores").toNumbers();
  }

  @Test
  void aGoodAnswerIsTheModels() {
    assertArrayEquals(TestModel.clear(ROW), scores(answer), 1e-4);
  }

  @Test
  void aRowUnderThePublicKeyIsAnsweredTheSame() {
    try (PublicKey publicKey = new KeyGenerator(key).publicKey()) {
      List<byte[]> row = InputEncryptor.of(ARTIFACT.signature(), publicKey).encrypt(ROW).ciphertexts();
      assertArrayEquals(TestModel.clear(ROW), scores(evaluate(row)), 1e-3);
    }
  }

  @Test
  void aWrongKeyIsNeverANumber() {
    try (SecretKey other = SecretKey.generate(context)) {
      assertThrows(
          AnswerCheckException.class, () -> OutputDecryptor.of(ARTIFACT.signature(), other).decrypt(answer));
    }
  }

  @Test
  void aWrongLevelOrScaleIsNeverANumber() {
    Scale scale = ARTIFACT.signature().cipherOutputs().get(0).scale();
    double[] slots = new double[ARTIFACT.parameters().slots()];
    assertRefused(List.of(fresh(slots, 1, scale)));
    assertRefused(List.of(fresh(slots, 0, Scale.powerOfTwo(30))));
  }

  @Test
  void aValueInAStructuralZeroOrDifferingCopiesAreNeverANumber() {
    Scale scale = ARTIFACT.signature().cipherOutputs().get(0).scale();
    double[] zeros = new double[ARTIFACT.parameters().slots()];
    double[] stray = zeros.clone();
    stray[3] = 0.01;
    assertRefused(List.of(fresh(stray, 0, scale)));
    double[] copies = zeros.clone();
    copies[4] = 0.01;
    assertRefused(List.of(fresh(copies, 0, scale)));
    double[] large = zeros.clone();
    for (int i = 0; i < large.length; i += 4) {
      large[i] = 2.1;
    }
    assertRefused(List.of(fresh(large, 0, scale)));
    assertArrayEquals(new double[2], scores(List.of(fresh(zeros, 0, scale))), 1e-4);
  }

  @Test
  void anOverflowIsNeverANumber() {
    Scale scale = ARTIFACT.signature().cipherOutputs().get(0).scale();
    double[] slots = new double[ARTIFACT.parameters().slots()];
    Arrays.fill(slots, 1100.0);
    assertRefused(List.of(fresh(slots, 0, scale)));
  }

  @Test
  void anAnswerThatNobodyEncryptedIsNeverANumber() {
    byte[] zeros = answer.get(0).clone();
    int limbBytes = ARTIFACT.parameters().ringDegree() * (64 - Long.numberOfLeadingZeros(ARTIFACT.parameters().modulus(0))) / 8;
    Arrays.fill(zeros, zeros.length - 4 - limbBytes, zeros.length - 4, (byte) 0);
    reseal(zeros);
    assertRefused(List.of(zeros));
    Arrays.fill(zeros, zeros.length - 4 - 2 * limbBytes, zeros.length - 4, (byte) 0);
    reseal(zeros);
    assertRefused(List.of(zeros));
  }

  @Test
  void anotherNumberOfCiphertextsIsNeverANumber() {
    assertRefused(List.of());
    assertRefused(List.of(answer.get(0), answer.get(0)));
  }

  @Test
  void aCiphertextOfOtherParametersIsNeverANumber() {
    var other = ModulusChain.select(12, RingType.STANDARD, 40, 30, 1, 35, 1).security(SecurityLevel.CLASSICAL_128).build();
    try (Context foreign = Context.create(other);
        SecretKey foreignKey = SecretKey.generate(foreign);
        Ciphertext ciphertext = new SecretEncryptor(foreignKey).encrypt(new double[other.slots()], 0, Scale.powerOfTwo(30))) {
      assertRefused(List.of(ciphertext.toBytes()));
    }
  }

  @Test
  void alteredAndTruncatedAnswersAreNeverANumber() {
    long seed = 4711;
    Random random = new Random(seed);
    byte[] good = answer.get(0);
    for (int i = 0; i < 200; i++) {
      byte[] sealed = good.clone();
      int at = random.nextInt(good.length);
      sealed[at] ^= (byte) (1 << random.nextInt(8));
      List<byte[]> flipped = List.of(sealed.clone());
      assertThrows(
          AnswerCheckException.class, () -> OutputDecryptor.of(ARTIFACT.signature(), key).decrypt(flipped),
          "seed " + seed + " byte " + at);
      reseal(sealed);
      List<byte[]> lying = List.of(sealed);
      assertThrows(
          AnswerCheckException.class, () -> OutputDecryptor.of(ARTIFACT.signature(), key).decrypt(lying),
          "seed " + seed + " resealed, byte " + at);
    }
    for (int i = 0; i < 10_000; i++) {
      byte[] cut = Arrays.copyOf(good, random.nextInt(Math.min(good.length, 4096)));
      assertThrows(
          AnswerCheckException.class, () -> OutputDecryptor.of(ARTIFACT.signature(), key).decrypt(List.of(cut)),
          "seed " + seed + " length " + cut.length);
    }
  }

  private static void reseal(byte[] blob) {
    CRC32C crc = new CRC32C();
    crc.update(blob, 0, blob.length - 4);
    ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN)
        .putLong(40, blob.length - Blob.OVERHEAD_BYTES).putInt(blob.length - 4, (int) crc.getValue());
  }
}
