// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import dev.tacet.he.Blob;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.DeleteKeySetRequest;
import dev.tacet.protocol.v1.GetModelRequest;
import dev.tacet.protocol.v1.GrantKeySetRequest;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.MissingKeysRequest;
import dev.tacet.protocol.v1.ReadAuditRequest;
import dev.tacet.protocol.v1.ReadKeptRequest;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import dev.tacet.protocol.v1.RevokeKeySetRequest;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ten thousand random mutations of each request message (the system property {@code tacet.mutations} sets another number), sent
 * as they are to a running server: every call ends with an answer or a row of the error table, never with a defect, and the
 * server's memory does not grow. Of the messages about keys and what is kept about a client it is a fifth in all. Half of the
 * mutations repair the checksums inside, so that they reach what lies behind them.
 */
class MutationTest {
  private static final int MUTATIONS = Integer.getInteger("tacet.mutations", 10_000);

  /** Into how many parts the calls are divided whose memory is compared; odd, for a median. */
  private static final int WINDOWS = 5;

  @TempDir static Path folder;
  private static TestHost host;
  private static TestOwner owner;
  private static Channel channel;
  private static byte[] input;

  @BeforeAll
  static void start() throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "half", "1", TestModels.half());
    TestModels.write(models, "square", "1", TestModels.square());
    host = new TestHost(models, folder.resolve("data"), b -> b.storeQuotaBytes(64 << 20));
    owner = new TestOwner(TestModels.half());
    channel = host.keys().getChannel();
    input = owner.encrypt(0.5, -0.5, 1);
  }

  @AfterAll
  static void stop() {
    owner.close();
    host.close();
  }

  /** Sends bytes where a message should be. */
  private static byte[] send(String method, byte[] message) {
    MethodDescriptor.Marshaller<byte[]> raw =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
          }

          @Override
          public byte[] parse(InputStream stream) {
            try {
              return stream.readAllBytes();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    MethodDescriptor<byte[], byte[]> descriptor =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(method)
            .setRequestMarshaller(raw)
            .setResponseMarshaller(raw)
            .build();
    return ClientCalls.blockingUnaryCall(channel, descriptor, CallOptions.DEFAULT, message);
  }

  private interface Source {
    /** Returns a valid message or one whose blobs were already mutated under repaired checksums. */
    MessageLite next(Random random);
  }

  private static byte[] mutate(byte[] bytes, Random random) {
    byte[] copy = bytes.clone();
    int times = 1 + random.nextInt(4);
    for (int i = 0; i < times && copy.length > 0; i++) {
      int at = random.nextInt(random.nextBoolean() ? copy.length : Math.min(copy.length, 200));
      switch (random.nextInt(6)) {
        case 0 -> copy[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> copy[at] = (byte) random.nextInt(256);
        case 2 -> copy[at] = (byte) (random.nextBoolean() ? 0xff : 0);
        case 3 -> copy = java.util.Arrays.copyOf(copy, at);
        case 4 -> copy = insert(copy, at, random);
        default -> System.arraycopy(copy, 0, copy, at, Math.min(copy.length - at, 1 + random.nextInt(32)));
      }
    }
    return copy;
  }

  private static byte[] insert(byte[] bytes, int at, Random random) {
    byte[] more = new byte[1 + random.nextInt(16)];
    random.nextBytes(more);
    return java.nio.ByteBuffer.allocate(bytes.length + more.length)
        .put(bytes, 0, at).put(more).put(bytes, at, bytes.length - at).array();
  }

  /** Mutates the body of a blob and writes a right envelope around it. */
  private static byte[] mutateBody(byte[] bytes, Random random) {
    Blob blob = Blob.read(java.nio.ByteBuffer.wrap(bytes));
    byte[] body = new byte[blob.body().remaining()];
    blob.body().get(body);
    return Blob.write(blob.kind(), blob.parameterHash(), mutate(body, random));
  }

  private static Map<ErrorCause, Integer> storm(String method, Source source, long seed) {
    return storm(Map.of(method, source), MUTATIONS, seed);
  }

  /** Calls the methods in turn, in an order drawn by chance. */
  private static Map<ErrorCause, Integer> storm(Map<String, Source> sources, int mutations, long seed) {
    Map<ErrorCause, Integer> seen = new EnumMap<>(ErrorCause.class);
    Random random = new Random(seed);
    List<String> methods = sources.keySet().stream().sorted().toList();
    long[] resident = new long[WINDOWS + 1];
    int window = mutations / (2 * WINDOWS); // together the windows are the second half: what comes before warms up
    for (int i = 0; i < mutations; i++) {
      String method = methods.get(random.nextInt(methods.size()));
      byte[] message = sources.get(method).next(random).toByteArray();
      try {
        send(method, random.nextInt(4) == 0 ? message : mutate(message, random));
      } catch (StatusRuntimeException e) {
        ErrorCause cause = dev.tacet.protocol.ErrorTable.fromGrpc(e).errorCause();
        assertNotEquals(ErrorCause.INTERNAL, cause, method + ", mutation " + i + ": " + e);
        assertNotEquals(ErrorCause.UNREACHABLE, cause, method + ", mutation " + i + ": " + e);
        seen.merge(cause, 1, Integer::sum);
      }
      int measured = i + 1 - (mutations - WINDOWS * window);
      if (measured >= 0 && measured % window == 0) {
        resident[measured / window] = residentBytes();
      }
    }
    assertNoLeak(methods + ", windows of " + window + " calls", resident);
    assertServes();
    return seen;
  }

  /**
   * A leak grows with the calls, in each window alike; what grows in a step or two (a pool's next chunk, an arena of another
   * thread, the compiler's buffers) is none. So the median window counts, for all of them, and steps have a bound of their own.
   */
  private static void assertNoLeak(String what, long[] resident) {
    long[] grown = new long[WINDOWS];
    for (int w = 0; w < WINDOWS; w++) {
      grown[w] = resident[w + 1] - resident[w];
    }
    long[] sorted = grown.clone();
    java.util.Arrays.sort(sorted);
    assertTrue(
        sorted[WINDOWS / 2] * WINDOWS < 16L << 20 && resident[WINDOWS] - resident[0] < 256L << 20,
        what + ": resident memory grew by " + java.util.Arrays.toString(grown) + " bytes");
  }

  /** Returns resident bytes; the test's heap has one size and is touched from the start, so the rest shows. */
  private static long residentBytes() {
    System.gc();
    try {
      return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void assertServes() {
    InferResponse response = host.inference().infer(owner.request(input).build());
    assertArrayEquals(new double[] {0.25, -0.25, 0.5}, owner.decrypt(response), 1e-4);
  }

  @Test
  void inferSurvivesMutations() {
    InferRequest valid = owner.request(input).build();
    Map<ErrorCause, Integer> seen =
        storm(
            "tacet.v1.InferenceService/Infer",
            random -> {
              if (random.nextBoolean()) {
                return valid;
              }
              return owner.request(mutateBody(input, random)).build();
            },
            1);
    assertTrue(seen.containsKey(ErrorCause.MALFORMED) && seen.containsKey(ErrorCause.WRONG_CIPHERTEXT), seen::toString);
  }

  @Test
  void putChunkSurvivesMutations() {
    try (TestOwner keys = new TestOwner(TestModels.square())) {
      byte[] key = keys.keyBlobs.get(0);
      byte[] keysHash = Blob.sha256(key);
      Map<ErrorCause, Integer> seen =
          storm(
              "tacet.v1.KeyService/PutChunk",
              random -> {
                byte[] blob = random.nextBoolean() ? key : mutateBody(java.util.Arrays.copyOf(
                    Blob.write(Blob.read(java.nio.ByteBuffer.wrap(key)).kind(), new byte[32], new byte[2000]), 2052), random);
                int from = random.nextInt(4) == 0 ? random.nextInt(blob.length) : 0;
                int to = Math.min(blob.length, from + random.nextInt(5000));
                return TestOwner.chunk(blob, blob == key ? keysHash : Blob.sha256(blob), from, to).build();
              },
              2);
      assertTrue(seen.containsKey(ErrorCause.CHECKSUM_MISMATCH), seen::toString);
    }
  }

  @Test
  void registerKeySetSurvivesMutations() {
    try (TestOwner keys = new TestOwner(TestModels.square())) {
      keys.upload(host.keys());
      byte[] manifest = keys.manifest.toBytes();
      Map<ErrorCause, Integer> seen =
          storm(
              "tacet.v1.KeyService/RegisterKeySet",
              random ->
                  RegisterKeySetRequest.newBuilder()
                      .setManifest(ByteString.copyFrom(random.nextBoolean() ? manifest : mutateBody(manifest, random)))
                      .build(),
              3);
      assertTrue(seen.containsKey(ErrorCause.MALFORMED) && seen.containsKey(ErrorCause.KEY_NOT_FOUND), seen::toString);
    }
  }

  @Test
  void theOtherMessagesSurviveMutations() {
    MissingKeysRequest.Builder missing = MissingKeysRequest.newBuilder();
    for (int i = 0; i < 20; i++) {
      missing.addSha256(ByteString.copyFrom(new byte[32]));
    }
    MissingKeysRequest hashes = missing.build();
    storm("tacet.v1.KeyService/MissingKeys", random -> hashes, 4);
    GetModelRequest model = GetModelRequest.newBuilder().setName("half").setVersion("1").build();
    Map<ErrorCause, Integer> seen = storm("tacet.v1.ModelService/GetModel", random -> model, 5);
    assertTrue(seen.containsKey(ErrorCause.MODEL_NOT_FOUND), seen::toString);
    storm("tacet.v1.ModelService/ListModels", random -> model, 6);
    assertEquals("half", host.models().getModel(model).getName());
  }

  /** Half of them name a key set that is there; deletions go on all the time. */
  @Test
  void whatOwnersSayAboutTheirKeysAndWhatIsKeptSurvivesMutations() {
    try (TestOwner keys = new TestOwner(TestModels.square())) {
      keys.upload(host.keys());
      String id = keys.manifest.keySetId();
      Source registered = random -> RegisterKeySetRequest.newBuilder().setManifest(ByteString.copyFrom(keys.manifest.toBytes())).build();
      Source deleted = random -> DeleteKeySetRequest.newBuilder().setKeySetId(id).build();
      Source granted = random ->
          GrantKeySetRequest.newBuilder().setKeySetId(id).setGrantee("api-key:x" + random.nextInt(3)).setPurpose("tests").build();
      Source revoked = random -> RevokeKeySetRequest.newBuilder().setKeySetId(id).setGrantee("api-key:x" + random.nextInt(3)).build();
      Source read = random -> ReadKeptRequest.newBuilder().setName("keysets/" + id).setOffset(random.nextInt(3)).build();
      Source audit = random -> ReadAuditRequest.newBuilder().setFromSequence(random.nextInt(100)).setLimit(random.nextInt(50)).build();
      Map<ErrorCause, Integer> seen = storm(
          Map.of("tacet.v1.KeyService/RegisterKeySet", registered, "tacet.v1.KeyService/DeleteKeySet", deleted,
              "tacet.v1.KeyService/ListKeySets", deleted, "tacet.v1.GrantService/GrantKeySet", granted,
              "tacet.v1.GrantService/RevokeKeySet", revoked, "tacet.v1.GrantService/ListGrants", revoked,
              "tacet.v1.AuditService/ReadAudit", audit, "tacet.v1.PrivacyService/GetTerms", audit,
              "tacet.v1.PrivacyService/ShowKept", audit, "tacet.v1.PrivacyService/ReadKept", read),
          MUTATIONS / 5, 7);
      assertTrue(seen.containsKey(ErrorCause.MALFORMED) && seen.containsKey(ErrorCause.KEY_NOT_FOUND), seen::toString);
      storm(Map.of("tacet.v1.PrivacyService/DeleteKept", deleted, "tacet.v1.GrantService/GrantKeySet", granted), MUTATIONS / 50, 8);
    }
  }
}
