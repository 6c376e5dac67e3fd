// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Files of every format version stay readable, and the same objects still give the same bytes. */
class GoldenModelFilesTest {
  private static byte[] golden(String name) throws IOException {
    return golden("v1", name);
  }

  private static byte[] golden(String version, String name) throws IOException {
    try (InputStream in = GoldenModelFilesTest.class.getResourceAsStream("/golden/" + version + "/" + name + ".tacetblob")) {
      return in.readAllBytes();
    }
  }

  @Test
  void parametersOfVersionOneAreReadAndWrittenTheSame() throws IOException {
    byte[] bytes = golden("parameters");
    assertEquals(Samples.parameters(), Parameters.fromBytes(ByteBuffer.wrap(bytes)));
    assertArrayEquals(bytes, Samples.parameters().toBytes());
  }

  @Test
  void programsOfVersionOneAreReadAndWrittenTheSame() throws IOException {
    byte[] bytes = golden("programs");
    Program program = Samples.program(Samples.parameters());
    assertEquals(program, Program.fromBytes(Samples.parameters(), ByteBuffer.wrap(bytes)));
    assertArrayEquals(bytes, program.toBytes());
  }

  @Test
  void signaturesOfVersionOneAreReadAndWrittenTheSame() throws IOException {
    byte[] bytes = golden("signatures");
    Signature signature = Samples.artifact().signature();
    assertEquals(signature, Signature.fromBytes(ByteBuffer.wrap(bytes)));
    assertArrayEquals(bytes, signature.toBytes());
  }

  @Test
  void signaturesWithAReserveForSharingAreReadAndWrittenTheSame() throws IOException {
    byte[] bytes = golden("v2", "signatures");
    assertEquals(sharing(), Signature.fromBytes(ByteBuffer.wrap(bytes)));
    assertArrayEquals(bytes, sharing().toBytes());
    assertEquals(new Sharing(1000, 30, 0x1p-30), sharing().sharing().orElseThrow());
  }

  /** The signature of the samples, with a reserve: body version 2. */
  static Signature sharing() {
    Signature s = Samples.artifact().signature();
    return new Signature(s.model(), s.parametersHash(), s.securityBits(), s.inputs(), s.cipherOutputs(), s.tail(), s.keys(),
        Arrangement.latency(new Sharing(1000, 30, 0x1p-30)));
  }

  @Test
  void manifestsOfVersionOneAreReadAndWrittenTheSame() throws IOException {
    byte[] bytes = golden("manifests");
    assertEquals(Samples.manifest(), KeyManifest.fromBytes(ByteBuffer.wrap(bytes)));
    assertArrayEquals(bytes, Samples.manifest().toBytes());
  }

  @Test
  void artifactsOfVersionOneAreReadAndWrittenTheSame() throws IOException {
    byte[] bytes = golden("artifacts");
    assertEquals(Samples.artifact(), ModelArtifact.fromBytes(ByteBuffer.wrap(bytes)));
    assertArrayEquals(bytes, Samples.artifact().toBytes());
  }
}
