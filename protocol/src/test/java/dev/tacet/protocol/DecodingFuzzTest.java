// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.tacet.he.Blob;
import dev.tacet.he.HeException;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Parameters;
import dev.tacet.he.Signature;
import dev.tacet.protocol.v1.GetModelResponse;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Whatever arrives, decoding it gives an object or a HeException. Without JAZZER_FUZZ each target runs on its seeds; with
 * JAZZER_FUZZ=1 it searches for as long as its time says.
 */
class DecodingFuzzTest {
  @FuzzTest(maxDuration = "5s")
  void descriptionsOfModels(byte[] bytes) {
    try {
      ModelMessages.fromMessage(GetModelResponse.parseFrom(bytes));
    } catch (HeException | InvalidProtocolBufferException e) {
      return;
    }
  }

  @FuzzTest(maxDuration = "5s")
  void statusesOfPeers(byte[] bytes) {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER), bytes);
    ErrorTable.fromGrpc(Status.fromCodeValue(bytes.length % 17).asRuntimeException(trailers));
  }

  @FuzzTest(maxDuration = "5s")
  void ownersSignaturesOfModels(byte[] bytes) {
    try {
      ModelProvenance read = ModelProvenance.parse(new String(bytes, StandardCharsets.UTF_8));
      if (read.problem(new byte[44], read.model(), read.artifactSha256(), read.signatureSha256()).isEmpty()) {
        throw new AssertionError("signed by a key that is none");
      }
    } catch (HeException e) {
      return;
    }
  }

  /** The first byte picks the object; the envelope around the rest is repaired, so that the search starts behind it. */
  @FuzzTest(maxDuration = "5s")
  void bodiesOfBlobs(byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    byte[] body = java.util.Arrays.copyOfRange(bytes, 1, bytes.length);
    try {
      switch (bytes[0] & 3) {
        case 0 -> Parameters.fromBytes(
            ByteBuffer.wrap(Blob.write(dev.tacet.he.BlobKind.PARAMETERS, Blob.sha256(body), body)));
        case 1 -> Signature.fromBytes(wrap(dev.tacet.he.BlobKind.SIGNATURE, body));
        case 2 -> KeyManifest.fromBytes(wrap(dev.tacet.he.BlobKind.KEY_MANIFEST, body));
        default -> ModelArtifact.fromBytes(wrap(dev.tacet.he.BlobKind.ARTIFACT, body));
      }
    } catch (HeException e) {
      return;
    }
  }

  private static ByteBuffer wrap(dev.tacet.he.BlobKind kind, byte[] body) {
    return ByteBuffer.wrap(Blob.write(kind, new byte[32], body));
  }
}
