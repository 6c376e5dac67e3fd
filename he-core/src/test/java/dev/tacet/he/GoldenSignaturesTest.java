// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signatures of every version of the body after the first two ({@link GoldenModelFilesTest}) stay readable and give the same bytes. */
class GoldenSignaturesTest {
  /** Where the version of the body lies: after the blob's header. */
  private static final int VERSION_AT = 48;

  /** The signature of a body version: what needs it and no later one. */
  private static Signature signature(int version) {
    Signature plain = Samples.artifact().signature();
    return switch (version) {
      case 3 -> shifted(plain, null);
      case 4 -> shifted(plain, new Sharing(1000, 30, 0x1p-30));
      case 5 -> BatchLayoutTest.signature(BatchLayoutTest.known(0.5), RowPacking.THROUGHPUT);
      case 6 -> RowsSideBySideTest.signature();
      case 7 -> ModelPrivacyTest.signature(new ModelPrivacy(1000, 20, 30));
      case 8 -> HiddenSlotsTest.hidden();
      case 9 -> plain.withFeatureTable(new FeatureTable(List.of("age", "Größe", "weight in kg"), List.of(0)));
      case 10 -> byValue(signature(9));
      default -> throw new IllegalArgumentException("version " + version);
    };
  }

  private static Signature shifted(Signature s, Sharing sharing) {
    SignatureInput from = s.inputs().get(0);
    SignatureInput shifted = new SignatureInput(from.name(), from.shape(), from.features(), from.period(), 1, from.scale(),
        from.level(), from.low(), from.high(), from.center(), from.halfWidth());
    return new Signature(s.model(), s.parametersHash(), s.securityBits(), List.of(shifted), s.cipherOutputs(), s.tail(), s.keys(),
        Arrangement.latency(sharing));
  }

  private static Signature byValue(Signature s) {
    CipherOutput output = s.cipherOutputs().get(0);
    CipherOutput other = output.withErrors(output.slotError(), new double[] {output.errorBound(), 2 * output.errorBound()});
    return new Signature(s.model(), s.parametersHash(), s.securityBits(), s.inputs(), List.of(other), s.tail(), s.keys())
        .withFeatureTable(s.featureTable());
  }

  private static String name(int version) {
    return "signature-" + version + ".tacetblob";
  }

  @ParameterizedTest(name = "version {0}")
  @ValueSource(ints = {3, 4, 5, 6, 7, 8, 9, 10})
  void signaturesAreReadAndWrittenTheSame(int version) throws IOException {
    byte[] bytes;
    try (InputStream in = GoldenSignaturesTest.class.getResourceAsStream("/golden/signatures/" + name(version))) {
      assertNotNull(in, name(version));
      bytes = in.readAllBytes();
    }
    assertEquals(version, ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).getShort(VERSION_AT));
    assertEquals(signature(version), Signature.fromBytes(ByteBuffer.wrap(bytes)));
    assertArrayEquals(bytes, signature(version).toBytes());
  }

  /** Writes the files, once for each version and never again: {@code GoldenSignaturesTest DIRECTORY VERSION...}. */
  public static void main(String[] arguments) throws IOException {
    Path directory = Files.createDirectories(Path.of(arguments[0]));
    for (int i = 1; i < arguments.length; i++) {
      int version = Integer.parseInt(arguments[i]);
      Files.write(directory.resolve(name(version)), signature(version).toBytes());
    }
  }
}
