// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Files of format version 1 stay readable, and the same objects still give the same bytes. */
class GoldenModelFilesTest {
  private static byte[] golden(String name) throws IOException {
    try (InputStream in = GoldenModelFilesTest.class.getResourceAsStream("/golden/v1/" + name + ".tacetblob")) {
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
