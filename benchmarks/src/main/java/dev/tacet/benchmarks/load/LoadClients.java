// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tacet.he.Blob;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ValueType;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.PutChunkRequest;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;

/** Clients with keys of their own, whose keys are on the host and whose requests are made beforehand. */
final class LoadClients {
  private static final int CHUNK = 1 << 20;

  private LoadClients() {}

  /**
   * Makes clients and uploads their keys.
   *
   * @return each one's request
   */
  static List<InferRequest> make(ModelArtifact model, int count, KeyServiceGrpc.KeyServiceBlockingStub host) {
    List<InferRequest> requests = new ArrayList<>();
    Random random = new Random(2);
    try (Context context = Context.create(model.parameters())) {
      for (int i = 0; i < count; i++) {
        try (SecretKey secret = SecretKey.generate(context)) {
          String keySet = upload(model, new KeyGenerator(secret), host);
          requests.add(request(model, keySet, new SecretEncryptor(secret), random));
        }
      }
    }
    return requests;
  }

  private static String upload(ModelArtifact model, KeyGenerator generator, KeyServiceGrpc.KeyServiceBlockingStub host) {
    List<KeyManifest.Entry> entries = new ArrayList<>();
    for (KeyRequirement key : model.program().requiredKeys()) {
      ByteBuffer direct = generator.evaluationKey(key);
      byte[] blob = new byte[direct.remaining()];
      direct.get(blob);
      put(blob, host);
      entries.add(new KeyManifest.Entry(key, Blob.sha256Hex(blob), blob.length));
    }
    byte[] manifest = new KeyManifest(model.parameters().hash(), entries).toBytes();
    return host.registerKeySet(
        RegisterKeySetRequest.newBuilder().setManifest(UnsafeByteOperations.unsafeWrap(manifest)).build()).getKeySetId();
  }

  private static void put(byte[] blob, KeyServiceGrpc.KeyServiceBlockingStub host) {
    ByteString id = ByteString.copyFrom(Blob.sha256(blob));
    for (int at = 0; at < blob.length; at += CHUNK) {
      int length = Math.min(CHUNK, blob.length - at);
      CRC32C crc = new CRC32C();
      crc.update(blob, at, length);
      host.putChunk(PutChunkRequest.newBuilder()
          .setUploadId(id).setTotalBytes(blob.length).setOffset(at).setCrc32C((int) crc.getValue())
          .setData(ByteString.copyFrom(blob, at, length)).build());
    }
  }

  private static InferRequest request(ModelArtifact model, String keySet, SecretEncryptor encryptor, Random random) {
    InferRequest.Builder request = InferRequest.newBuilder()
        .setModel(model.signature().model()).setSignatureSha256(model.signature().sha256()).setKeySetId(keySet);
    for (ValueType type : model.program().inputCiphertexts()) {
      double[] slots = random.doubles(model.parameters().slots(), -1, 1).toArray();
      try (Ciphertext ciphertext = encryptor.encrypt(slots, type.level(), type.scale())) {
        request.addCiphertexts(UnsafeByteOperations.unsafeWrap(ciphertext.toBytes()));
      }
    }
    return request.build();
  }
}
