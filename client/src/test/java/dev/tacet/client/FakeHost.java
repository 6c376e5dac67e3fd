// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import com.google.protobuf.ByteString;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ModelMessages;
import dev.tacet.protocol.ModelProvenance;
import dev.tacet.protocol.RequestDigest;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.GetModelRequest;
import dev.tacet.protocol.v1.GetModelResponse;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.MissingKeysRequest;
import dev.tacet.protocol.v1.MissingKeysResponse;
import dev.tacet.protocol.v1.ModelServiceGrpc;
import dev.tacet.protocol.v1.PutChunkRequest;
import dev.tacet.protocol.v1.PutChunkResponse;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import dev.tacet.protocol.v1.RegisterKeySetResponse;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/** A host in this process that runs programs natively and can be told to fail, so that the client's answers to faults show. */
final class FakeHost implements AutoCloseable {
  final Map<String, ByteArrayOutputStream> uploads = new ConcurrentHashMap<>();
  final Map<String, KeyManifest> sets = new ConcurrentHashMap<>();
  final List<String> calls = Collections.synchronizedList(new ArrayList<>());
  /** The next inferences fail with these, one each. */
  final ConcurrentLinkedDeque<ServiceException> failures = new ConcurrentLinkedDeque<>();
  /** The next chunks fail with these, one each. */
  final ConcurrentLinkedDeque<ServiceException> chunkFailures = new ConcurrentLinkedDeque<>();
  volatile ModelArtifact artifact;
  volatile Optional<ModelProvenance> provenance = Optional.empty();
  volatile UnaryOperator<GetModelResponse> alterModel = UnaryOperator.identity();
  volatile UnaryOperator<InferResponse> alterResponse = UnaryOperator.identity();
  volatile UnaryOperator<List<byte[]>> alterAnswer = UnaryOperator.identity();
  private final Server server;
  private final Context context;
  private volatile ExecutableProgram program;

  FakeHost(ModelArtifact artifact) throws IOException {
    this(artifact, InsecureServerCredentials.create());
  }

  FakeHost(ModelArtifact artifact, ServerCredentials credentials) throws IOException {
    this(artifact, credentials, 0);
  }

  FakeHost(ModelArtifact artifact, ServerCredentials credentials, int port) throws IOException {
    context = Context.create(artifact.parameters());
    serve(artifact);
    server =
        Grpc.newServerBuilderForPort(port, credentials)
            .maxInboundMessageSize(64 << 20)
            .addService(new Models())
            .addService(new Keys())
            .addService(new Inference())
            .build()
            .start();
  }

  void serve(ModelArtifact model) {
    artifact = model;
    program = ExecutableProgram.load(context, model.program());
  }

  URI uri() {
    return URI.create("http://localhost:" + server.getPort());
  }

  long count(String call) {
    synchronized (calls) {
      return calls.stream().filter(call::equals).count();
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private interface Body<T> {
    T run();
  }

  private <T> void answer(String call, StreamObserver<T> observer, Body<T> body) {
    calls.add(call);
    T message;
    try {
      message = body.run();
    } catch (RuntimeException e) {
      observer.onError(ErrorTable.toGrpc(ErrorTable.toServiceException(e, "test")));
      return;
    }
    observer.onNext(message);
    observer.onCompleted();
  }

  private final class Models extends ModelServiceGrpc.ModelServiceImplBase {
    @Override
    public void getModel(GetModelRequest request, StreamObserver<GetModelResponse> observer) {
      answer("GetModel", observer, () -> {
        if (!request.getName().equals(artifact.signature().model())) {
          throw new ServiceException(ErrorCause.MODEL_NOT_FOUND, "no model " + request.getName());
        }
        return alterModel.apply(
            ModelMessages.toMessage(
                request.getName(), "1", artifact.sha256(), artifact.parameters(), artifact.signature(), provenance));
      });
    }
  }

  private final class Keys extends KeyServiceGrpc.KeyServiceImplBase {
    @Override
    public void missingKeys(MissingKeysRequest request, StreamObserver<MissingKeysResponse> observer) {
      answer("MissingKeys", observer, () -> {
        MissingKeysResponse.Builder missing = MissingKeysResponse.newBuilder();
        for (ByteString hash : request.getSha256List()) {
          if (!uploads.containsKey(hex(hash))) {
            missing.addMissing(hash);
          }
        }
        return missing.build();
      });
    }

    @Override
    public void putChunk(PutChunkRequest request, StreamObserver<PutChunkResponse> observer) {
      answer("PutChunk", observer, () -> {
        ServiceException failure = chunkFailures.poll();
        if (failure != null) {
          throw failure;
        }
        CRC32C crc = new CRC32C();
        crc.update(request.getData().asReadOnlyByteBuffer());
        if ((int) crc.getValue() != request.getCrc32C()) {
          throw new ServiceException(ErrorCause.CHECKSUM_MISMATCH, "chunk");
        }
        ByteArrayOutputStream blob = uploads.computeIfAbsent(hex(request.getUploadId()), k -> new ByteArrayOutputStream());
        if (request.getOffset() == blob.size()) {
          blob.writeBytes(request.getData().toByteArray());
        }
        return PutChunkResponse.newBuilder()
            .setReceivedBytes(blob.size())
            .setComplete(blob.size() == request.getTotalBytes())
            .build();
      });
    }

    @Override
    public void registerKeySet(RegisterKeySetRequest request, StreamObserver<RegisterKeySetResponse> observer) {
      answer("RegisterKeySet", observer, () -> {
        KeyManifest manifest = KeyManifest.fromBytes(request.getManifest().asReadOnlyByteBuffer());
        sets.put(manifest.keySetId(), manifest);
        return RegisterKeySetResponse.newBuilder().setKeySetId(manifest.keySetId()).build();
      });
    }
  }

  private final class Inference extends InferenceServiceGrpc.InferenceServiceImplBase {
    @Override
    public void infer(InferRequest request, StreamObserver<InferResponse> observer) {
      answer("Infer", observer, () -> {
        ServiceException failure = failures.poll();
        if (failure != null) {
          throw failure;
        }
        if (!request.getSignatureSha256().equals(artifact.signature().sha256())) {
          throw new ServiceException(ErrorCause.SIGNATURE_CHANGED, "signature changed");
        }
        KeyManifest manifest = sets.get(request.getKeySetId());
        if (manifest == null) {
          throw new ServiceException(ErrorCause.KEY_NOT_FOUND, "no key set " + request.getKeySetId());
        }
        return run(manifest, request);
      });
    }
  }

  private InferResponse run(KeyManifest manifest, InferRequest request) {
    List<ByteBuffer> blobs = new ArrayList<>();
    for (KeyManifest.Entry entry : manifest.entries()) {
      byte[] bytes = uploads.get(entry.sha256()).toByteArray();
      blobs.add(ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
    }
    List<Ciphertext> inputs = new ArrayList<>();
    request.getCiphertextsList().forEach(c -> inputs.add(Ciphertext.fromBytes(context, ByteBuffer.wrap(c.toByteArray()))));
    try (EvaluationKeySet keys = EvaluationKeySet.load(context, blobs);
        ExecutableProgram.Run run = program.run(keys, inputs, null)) {
      List<byte[]> answer = new ArrayList<>();
      run.outputs().forEach(c -> answer.add(c.toBytes()));
      List<ByteBuffer> asked = request.getCiphertextsList().stream().map(ByteString::asReadOnlyByteBuffer).toList();
      InferResponse.Builder response =
          InferResponse.newBuilder()
              .setServerNanos(run.nanos())
              .setRequestSha256(
                  ByteString.copyFrom(
                      RequestDigest.of(request.getSignatureSha256(), request.getVersion(), request.getKeySetId(), asked)));
      alterAnswer.apply(answer).forEach(c -> response.addCiphertexts(ByteString.copyFrom(c)));
      return alterResponse.apply(response.build());
    } finally {
      inputs.forEach(Ciphertext::close);
    }
  }

  private static String hex(ByteString hash) {
    return HexFormat.of().formatHex(hash.toByteArray());
  }
}
