// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every reader against truncated, altered and lying bytes: a typed error, nothing else. */
class HostileBytesTest {
  private interface Reader {
    byte[] readAndWrite(byte[] bytes);
  }

  static Stream<Arguments> blobs() {
    return Stream.concat(
        Stream.of(RingType.values()).flatMap(HostileBytesTest::blobs),
        Stream.of(
            blob("signature of hidden answers", RingType.STANDARD, HiddenSlotsTest.hidden().toBytes(), b -> Signature.fromBytes(b).toBytes()),
            blob("manifest", RingType.STANDARD, Samples.manifest().toBytes(), b -> KeyManifest.fromBytes(b).toBytes())));
  }

  private static Stream<Arguments> blobs(RingType ring) {
    ModelArtifact artifact = Samples.artifact(ring);
    return Stream.of(
        blob("parameters", ring, artifact.parameters().toBytes(), b -> Parameters.fromBytes(b).toBytes()),
        blob("program", ring, artifact.program().toBytes(), b -> Program.fromBytes(artifact.parameters(), b).toBytes()),
        blob("signature", ring, artifact.signature().toBytes(), b -> Signature.fromBytes(b).toBytes()),
        blob("artifact", ring, artifact.toBytes(), b -> ModelArtifact.fromBytes(b).toBytes()));
  }

  /** The rings share their readers, so fewer mutations in the second one. */
  private static Arguments blob(String name, RingType ring, byte[] bytes, Function<ByteBuffer, byte[]> codec) {
    Reader reader = b -> codec.apply(ByteBuffer.wrap(b));
    return Arguments.of(Named.of(name + ", " + ring, bytes), Named.of("reader", reader), ring == RingType.STANDARD ? 10_000 : 2_000);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("blobs")
  void bytesRoundTrip(byte[] bytes, Reader reader) {
    assertArrayEquals(bytes, reader.readAndWrite(bytes));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("blobs")
  void everyTruncationIsMalformed(byte[] bytes, Reader reader) {
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThrows(MalformedException.class, () -> reader.readAndWrite(cut));
      if (length >= Blob.OVERHEAD_BYTES) {
        assertThrows(MalformedException.class, () -> reader.readAndWrite(seal(cut)), "sealed at " + length);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("blobs")
  void everyFlippedBitIsMalformed(byte[] bytes, Reader reader) {
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertThrows(MalformedException.class, () -> reader.readAndWrite(flipped), "bit " + bit);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("blobs")
  void trailingBytesAreMalformed(byte[] bytes, Reader reader) {
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 1);
    assertThrows(MalformedException.class, () -> reader.readAndWrite(longer));
    assertThrows(MalformedException.class, () -> reader.readAndWrite(seal(longer)));
  }

  /** With the checksum made right again, the body's own checks are all there is: a valid object or a typed error. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("blobs")
  void sealedMutationsAreReadOrMalformed(byte[] bytes, Reader reader, int mutations) {
    long seed = 20240463;
    Random random = new Random(seed);
    int read = 0;
    for (int i = 0; i < mutations; i++) {
      byte[] mutated = mutate(bytes, random);
      try {
        assertArrayEquals(mutated, reader.readAndWrite(mutated), "seed " + seed + " mutation " + i + ": not canonical");
        read++;
      } catch (MalformedException | UnsupportedException expected) {
        assertTrue(expected.getMessage() != null && !expected.getMessage().isEmpty());
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ", mutation " + i, e);
      }
    }
    assertTrue(read < mutations, "no mutation was refused");
  }

  private static byte[] mutate(byte[] bytes, Random random) {
    byte[] mutated = bytes.clone();
    if (random.nextInt(8) == 0) {
      mutated = Arrays.copyOf(mutated, Math.max(Blob.OVERHEAD_BYTES, mutated.length + random.nextInt(-8, 9)));
    }
    int body = mutated.length - Blob.OVERHEAD_BYTES;
    for (int k = random.nextInt(1, 4); k > 0 && body > 0; k--) {
      int at = Blob.HEADER_BYTES + random.nextInt(body);
      switch (random.nextInt(3)) {
        case 0 -> mutated[at] = (byte) random.nextInt();
        case 1 -> mutated[at] = (byte) 0xff;
        default -> mutated[at] ^= (byte) (1 << random.nextInt(8));
      }
    }
    return seal(mutated);
  }

  /** Corrects the declared length and the checksum. */
  private static byte[] seal(byte[] blob) {
    ByteBuffer buffer = ByteBuffer.wrap(blob.clone()).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(40, blob.length - Blob.OVERHEAD_BYTES);
    CRC32C crc = new CRC32C();
    crc.update(buffer.array(), 0, blob.length - 4);
    buffer.putInt(blob.length - 4, (int) crc.getValue());
    return buffer.array();
  }

  @Test
  void aBlobOfAnotherKindIsRefusedByName() {
    MalformedException refused =
        assertThrows(MalformedException.class, () -> Signature.fromBytes(ByteBuffer.wrap(Samples.manifest().toBytes())));
    assertTrue(refused.getMessage().contains("KEY_MANIFEST") && refused.getMessage().contains("SIGNATURE"));
  }

  @Test
  void theEnvelopeIsTheDocumentedOne() {
    byte[] blob = Blob.write(BlobKind.CIPHERTEXT, new byte[32], new byte[] {1, 2, 3});
    ByteBuffer in = ByteBuffer.wrap(blob).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals("TACE", new String(blob, 0, 4, java.nio.charset.StandardCharsets.US_ASCII));
    assertEquals(1, in.getShort(4));
    assertEquals(5, in.getShort(6));
    assertEquals(3, in.getLong(40));
    assertEquals(55, blob.length);
    CRC32C crc = new CRC32C();
    crc.update(blob, 0, 51);
    assertEquals((int) crc.getValue(), in.getInt(51));
  }
}
