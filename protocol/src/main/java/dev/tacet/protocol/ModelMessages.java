// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tacet.he.Blob;
import dev.tacet.he.MalformedException;
import dev.tacet.he.Parameters;
import dev.tacet.he.Signature;
import dev.tacet.protocol.v1.GetModelResponse;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Converts what is said of a model between {@code tacet.v1} and {@code dev.tacet.he}. */
public final class ModelMessages {
  /**
   * A model as its host describes it.
   *
   * @param artifactSha256 lower-case hex
   * @param signatureSha256 lower-case hex; computed from the received bytes, never copied from the message
   * @param provenance the owner's signed word for all that, nothing of it checked; empty if there is none
   */
  public record ModelDescription(
      String name,
      String version,
      String artifactSha256,
      Parameters parameters,
      Signature signature,
      String signatureSha256,
      Optional<ModelProvenance> provenance) {}

  private ModelMessages() {}

  /** Returns the message. */
  public static GetModelResponse toMessage(
      String name, String version, String artifactSha256, Parameters parameters, Signature signature,
      Optional<ModelProvenance> provenance) {
    return GetModelResponse.newBuilder()
        .setName(name)
        .setVersion(version)
        .setArtifactSha256(artifactSha256)
        .setParameters(UnsafeByteOperations.unsafeWrap(parameters.toBytes()))
        .setSignature(UnsafeByteOperations.unsafeWrap(signature.toBytes()))
        .setSignatureSha256(signature.sha256())
        .setProvenance(provenance.map(ModelProvenance::toText).orElse(""))
        .build();
  }

  /**
   * Reads the message.
   *
   * @throws MalformedException if parameters or signature are malformed, do not belong together, or have another hash than the
   *     message says
   */
  public static ModelDescription fromMessage(GetModelResponse message) {
    Parameters parameters = Parameters.fromBytes(buffer(message.getParameters()));
    Signature signature = Signature.fromBytes(buffer(message.getSignature()));
    String sha256 = Blob.sha256Hex(message.getSignature().toByteArray());
    if (!sha256.equals(message.getSignatureSha256())) {
      throw new MalformedException(
          "the signature of " + signature.model() + " has another hash than the host says; it is " + sha256);
    }
    try {
      signature.requireMatches(parameters);
    } catch (IllegalArgumentException e) {
      throw new MalformedException("signature and parameters do not belong together: " + e.getMessage(), e);
    }
    return new ModelDescription(
        message.getName(), message.getVersion(), message.getArtifactSha256(), parameters, signature, sha256,
        message.getProvenance().isEmpty() ? Optional.empty() : Optional.of(ModelProvenance.parse(message.getProvenance())));
  }

  private static ByteBuffer buffer(ByteString bytes) {
    return bytes.asReadOnlyByteBuffer();
  }
}
