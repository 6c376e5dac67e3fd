// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tacet.he.Blob;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Program;
import dev.tacet.he.Scale;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.PutChunkRequest;
import dev.tacet.protocol.v1.PutChunkResponse;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/** The owner of a key: what a client does, in the fewest lines. */
final class TestOwner implements AutoCloseable {
  final Context context;
  final ModelArtifact model;
  private final SecretKey secretKey;
  final List<byte[]> keyBlobs = new ArrayList<>();
  final KeyManifest manifest;

  TestOwner(ModelArtifact model) {
    this(model, Context.create(model.parameters()));
  }

  private TestOwner(ModelArtifact model, Context context) {
    this(model, context, SecretKey.generate(context));
  }

  /** An owner of this key, who closes key and context. */
  TestOwner(ModelArtifact model, Context context, SecretKey secretKey) {
    this.model = model;
    this.context = context;
    this.secretKey = secretKey;
    KeyGenerator generator = new KeyGenerator(secretKey);
    List<KeyManifest.Entry> entries = new ArrayList<>();
    for (KeyRequirement key : model.program().requiredKeys()) {
      ByteBuffer direct = generator.evaluationKey(key);
      byte[] blob = new byte[direct.remaining()];
      direct.get(blob);
      keyBlobs.add(blob);
      entries.add(new KeyManifest.Entry(key, Blob.sha256Hex(blob), blob.length));
    }
    manifest = new KeyManifest(model.parameters().hash(), entries);
  }

  /** Uploads every key and registers the set. */
  String upload(KeyServiceGrpc.KeyServiceBlockingStub stub) {
    for (byte[] blob : keyBlobs) {
      for (int at = 0; at < blob.length; at += 1 << 20) {
        put(stub, blob, at, Math.min(blob.length, at + (1 << 20)));
      }
    }
    return stub.registerKeySet(
            RegisterKeySetRequest.newBuilder().setManifest(UnsafeByteOperations.unsafeWrap(manifest.toBytes())).build())
        .getKeySetId();
  }

  static PutChunkResponse put(KeyServiceGrpc.KeyServiceBlockingStub stub, byte[] blob, int from, int to) {
    return stub.putChunk(chunk(blob, from, to).build());
  }

  static PutChunkRequest.Builder chunk(byte[] blob, int from, int to) {
    return chunk(blob, Blob.sha256(blob), from, to);
  }

  /** The same for a blob whose SHA-256 is known. */
  static PutChunkRequest.Builder chunk(byte[] blob, byte[] sha256, int from, int to) {
    CRC32C crc = new CRC32C();
    crc.update(blob, from, to - from);
    return PutChunkRequest.newBuilder()
        .setUploadId(ByteString.copyFrom(sha256))
        .setTotalBytes(blob.length)
        .setOffset(from)
        .setCrc32C((int) crc.getValue())
        .setData(ByteString.copyFrom(blob, from, to - from));
  }

  /** Encrypts a row as the model's program takes it. */
  byte[] encrypt(double... features) {
    ValueType type = model.program().inputTypes().get(0);
    return encrypt(type.level(), type.scale(), features);
  }

  byte[] encrypt(int level, Scale scale, double... features) {
    double[] slots = model.signature().inputs().get(0).pack(features, model.parameters().slots());
    try (Ciphertext ciphertext = new SecretEncryptor(secretKey).encrypt(slots, level, scale)) {
      return ciphertext.toBytes();
    }
  }

  InferRequest.Builder request(byte[]... ciphertexts) {
    InferRequest.Builder request =
        InferRequest.newBuilder()
            .setModel(model.signature().model())
            .setSignatureSha256(model.signature().sha256());
    if (!keyBlobs.isEmpty()) {
      request.setKeySetId(manifest.keySetId());
    }
    Arrays.stream(ciphertexts).forEach(c -> request.addCiphertexts(ByteString.copyFrom(c)));
    return request;
  }

  /** Decrypts an answer with every check of the signature. */
  double[] decrypt(InferResponse response) {
    Program program = model.program();
    if (response.getCiphertextsCount() != program.outputTypes().size()) {
      throw new AssertionError(response.getCiphertextsCount() + " outputs");
    }
    try (Ciphertext ciphertext =
        Ciphertext.fromBytes(context, response.getCiphertexts(0).asReadOnlyByteBuffer())) {
      Decryptor.Decrypted d = new Decryptor(secretKey).decrypt(ciphertext);
      return model.signature().unpack(model.signature().cipherOutputs().get(0), d.real(), d.imaginary(), d.coefficientFraction());
    }
  }

  @Override
  public void close() {
    secretKey.close();
    context.close();
  }
}
