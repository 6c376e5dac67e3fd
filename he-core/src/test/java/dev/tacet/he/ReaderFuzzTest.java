// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;

/**
 * Jazzer targets for every reader: whatever the bytes, a canonical object or a typed error. Without JAZZER_FUZZ=1 each runs once
 * on the inputs kept beside it; with it, until {@code maxDuration}.
 */
class ReaderFuzzTest {
  private static final Parameters PARAMETERS = Samples.parameters();

  private interface Codec {
    byte[] readAndWrite(ByteBuffer bytes);
  }

  @FuzzTest(maxDuration = "20s")
  void parameters(byte[] body) {
    check(BlobKind.PARAMETERS, body, bytes -> Parameters.fromBytes(bytes).toBytes());
  }

  @FuzzTest(maxDuration = "20s")
  void programs(byte[] body) {
    check(BlobKind.PROGRAM, body, bytes -> Program.fromBytes(PARAMETERS, bytes).toBytes());
  }

  @FuzzTest(maxDuration = "20s")
  void signatures(byte[] body) {
    check(BlobKind.SIGNATURE, body, bytes -> Signature.fromBytes(bytes).toBytes());
  }

  @FuzzTest(maxDuration = "20s")
  void manifests(byte[] body) {
    check(BlobKind.KEY_MANIFEST, body, bytes -> KeyManifest.fromBytes(bytes).toBytes());
  }

  @FuzzTest(maxDuration = "20s")
  void artifacts(byte[] body) {
    check(BlobKind.ARTIFACT, body, bytes -> ModelArtifact.fromBytes(bytes).toBytes());
  }

  @FuzzTest(maxDuration = "20s")
  void envelopes(byte[] bytes) {
    try {
      Blob.read(ByteBuffer.wrap(bytes));
    } catch (MalformedException expected) {
      return;
    }
  }

  /** Wraps the body in a sound envelope, so that the fuzzer works on what lies behind the checksum. */
  private static void check(BlobKind kind, byte[] body, Codec codec) {
    byte[] hash = kind == BlobKind.PARAMETERS ? Blob.sha256(body) : PARAMETERS.hash();
    byte[] blob = Blob.write(kind, hash, body);
    try {
      assertArrayEquals(blob, codec.readAndWrite(ByteBuffer.wrap(blob)), "not canonical");
    } catch (MalformedException | UnsupportedException expected) {
      return;
    }
  }
}
