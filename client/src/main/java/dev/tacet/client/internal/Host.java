// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.tacet.client.Credentials;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.KeyManifest;
import dev.tacet.protocol.AuditEntry;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ModelMessages.ModelDescription;
import dev.tacet.protocol.ModelMessages;
import dev.tacet.protocol.RequestDigest;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.AuditRecord;
import dev.tacet.protocol.v1.AuditServiceGrpc;
import dev.tacet.protocol.v1.GetModelRequest;
import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.LayerTime;
import dev.tacet.protocol.v1.ListModelsRequest;
import dev.tacet.protocol.v1.MissingKeysRequest;
import dev.tacet.protocol.v1.ModelEntry;
import dev.tacet.protocol.v1.ModelServiceGrpc;
import dev.tacet.protocol.v1.ModelState;
import dev.tacet.protocol.v1.PutChunkRequest;
import dev.tacet.protocol.v1.PutChunkResponse;
import dev.tacet.protocol.v1.ReadAuditRequest;
import dev.tacet.protocol.v1.ReadAuditResponse;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/** The calls of {@code tacet.v1}, blocking, each with a deadline. Every failure is a ServiceException of the error table. */
public final class Host implements AutoCloseable {
  private static final int MAX_ANSWER_BYTES = 256 << 20;
  private static final int HASHES_PER_CALL = 1024;

  private final ManagedChannel channel;
  private final Duration shortDeadline;
  private final Duration inferDeadline;

  /**
   * Prepares a channel; nothing is sent yet.
   *
   * @param uri {@code http://host:port} or {@code https://host:port}
   * @param trust PEM file of the certificates to trust instead of the platform's, or null
   * @param credentials sent with every call
   * @param inferDeadline for one inference; other calls have at most 60 seconds
   * @throws IllegalArgumentException if the URI is not of this form, or the credentials would travel readable
   * @throws dev.tacet.client.TlsFileException if a file of certificates or keys is none
   */
  public Host(URI uri, Path trust, Credentials credentials, Duration inferDeadline) {
    boolean tls = "https".equals(uri.getScheme());
    if (!tls && !"http".equals(uri.getScheme()) || uri.getHost() == null) {
      throw new IllegalArgumentException("server address " + uri + " is not http://host:port or https://host:port");
    }
    if (trust != null && !tls) {
      throw new IllegalArgumentException("a certificate to trust was given, but " + uri + " is not https");
    }
    int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
    String host = uri.getHost().startsWith("[") ? uri.getHost().substring(1, uri.getHost().length() - 1) : uri.getHost();
    requireSafe(uri, host, tls, credentials);
    HostReconnect reconnect = new HostReconnect();
    channel =
        Grpc.newChannelBuilderForAddress(host, port, tls ? HostTls.credentials(trust, credentials) : InsecureChannelCredentials.create())
            .intercept(new HostBearer(credentials), reconnect)
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .disableRetry()
            .build();
    reconnect.watch(channel);
    this.inferDeadline = inferDeadline;
    this.shortDeadline = inferDeadline.compareTo(Duration.ofSeconds(60)) < 0 ? inferDeadline : Duration.ofSeconds(60);
  }

  private static void requireSafe(URI uri, String host, boolean tls, Credentials credentials) {
    if (tls) {
      return;
    }
    if (credentials.certificate().isPresent()) {
      throw new IllegalArgumentException("a client certificate was given, but " + uri + " is not https");
    }
    if (credentials.hasBearer() && !isLoopback(host)) {
      throw new IllegalArgumentException(
          "credentials are not sent to " + uri + ": everybody on the way could read them; use https");
    }
  }

  /** Returns what calls to a host travel over: mutual-tls, tls, loopback or plain. */
  public static String transport(URI uri, Credentials credentials) {
    if ("https".equals(uri.getScheme())) {
      return credentials.certificate().isPresent() ? "mutual-tls" : "tls";
    }
    return isLoopback(uri.getHost()) ? "loopback" : "plain";
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Returns the calls about what the host keeps for its client. */
  public HostAccount account() {
    return new HostAccount(channel, shortDeadline);
  }

  /**
   * One version of one model of the host.
   *
   * @param ready whether it is served
   * @param problem why not; empty when ready
   */
  public record Entry(String name, String version, boolean ready, String signatureSha256, String problem) {}

  /** Lists the models. */
  public List<Entry> listModels() {
    return call(() -> {
      List<Entry> entries = new ArrayList<>();
      for (ModelEntry e : ModelServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(shortDeadline.toNanos(), TimeUnit.NANOSECONDS)
          .listModels(ListModelsRequest.getDefaultInstance())
          .getModelsList()) {
        boolean ready = e.getState() == ModelState.MODEL_STATE_READY;
        entries.add(
            new Entry(
                ErrorTable.oneLine(e.getName()), ErrorTable.oneLine(e.getVersion()), ready,
                ErrorTable.oneLine(e.getSignatureSha256()), ErrorTable.oneLine(e.getProblem())));
      }
      return entries;
    });
  }

  /**
   * Fetches a model's parameters and signature and proves that they are well formed and belong together.
   *
   * @param version empty for the newest
   * @param pinnedSha256 the signature that is pinned; empty for none
   */
  public ModelDescription model(String name, String version, String pinnedSha256) {
    return ModelMessages.fromMessage(call(() ->
        ModelServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(shortDeadline.toNanos(), TimeUnit.NANOSECONDS)
            .getModel(GetModelRequest.newBuilder().setName(name).setVersion(version).setSignatureSha256(pinnedSha256).build())));
  }

  /** Returns the hashes among those of the manifest that the host does not hold. */
  public Set<String> missingKeys(KeyManifest manifest) {
    Set<String> missing = new HashSet<>();
    List<KeyManifest.Entry> entries = manifest.entries();
    for (int start = 0; start < entries.size(); start += HASHES_PER_CALL) {
      MissingKeysRequest.Builder request = MissingKeysRequest.newBuilder();
      for (KeyManifest.Entry entry : entries.subList(start, Math.min(entries.size(), start + HASHES_PER_CALL))) {
        request.addSha256(hash(entry.sha256()));
      }
      for (ByteString hash : call(() ->
          KeyServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(shortDeadline.toNanos(), TimeUnit.NANOSECONDS)
              .missingKeys(request.build())).getMissingList()) {
        missing.add(HexFormat.of().formatHex(hash.toByteArray()));
      }
    }
    return missing;
  }

  /**
   * What the host has of an upload.
   *
   * @param receivedBytes contiguous from 0
   * @param complete whether the blob is whole, verified and on disk
   */
  public record Received(long receivedBytes, boolean complete) {}

  /** Sends one chunk of a key; the data may be empty to ask how far the upload is. */
  public Received putChunk(String sha256, long totalBytes, long offset, ByteBuffer data) {
    CRC32C crc = new CRC32C();
    crc.update(data.duplicate());
    PutChunkResponse response = call(() ->
        KeyServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(shortDeadline.toNanos(), TimeUnit.NANOSECONDS)
            .putChunk(
                PutChunkRequest.newBuilder()
                    .setUploadId(hash(sha256))
                    .setTotalBytes(totalBytes)
                    .setOffset(offset)
                    .setCrc32C((int) crc.getValue())
                    .setData(UnsafeByteOperations.unsafeWrap(data.duplicate()))
                    .build()));
    return new Received(response.getReceivedBytes(), response.getComplete());
  }

  /** Registers a key set whose blobs are all there and returns its id. */
  public String registerKeySet(KeyManifest manifest) {
    return call(() ->
        KeyServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(shortDeadline.toNanos(), TimeUnit.NANOSECONDS)
            .registerKeySet(
                RegisterKeySetRequest.newBuilder()
                    .setManifest(UnsafeByteOperations.unsafeWrap(manifest.toBytes()))
                    .build())
            .getKeySetId());
  }

  /**
   * A part of this client's audit trail.
   *
   * @param trail names it; part of every hash
   * @param base number of the last entry that is deleted; 0 if none is
   * @param baseSha256 its hash
   */
  public record AuditPage(String trail, List<AuditEntry> entries, long base, String baseSha256) {}

  /** Reads entries of this client's audit trail, nothing of them checked. */
  public AuditPage readAudit(long fromSequence, int limit) {
    ReadAuditResponse response = call(() ->
        AuditServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(shortDeadline.toNanos(), TimeUnit.NANOSECONDS)
            .readAudit(ReadAuditRequest.newBuilder().setFromSequence(fromSequence).setLimit(limit).build()));
    List<AuditEntry> entries = new ArrayList<>();
    for (AuditRecord r : response.getRecordsList()) {
      entries.add(
          new AuditEntry(
              r.getSequence(), r.getAtMillis(), r.getAction(), r.getObject(), r.getDetail(), r.getPreviousSha256(), r.getSha256()));
    }
    return new AuditPage(response.getTrail(), entries, response.getBaseSequence(), response.getBaseSha256());
  }

  /** Does work that calls a host in another thread; cancelling the future ends the call under way. */
  public static <T> CompletableFuture<T> inBackground(Supplier<T> work, Executor executor) {
    Context.CancellableContext context = Context.ROOT.withCancellation();
    CompletableFuture<T> future =
        CompletableFuture.supplyAsync(
            () -> {
              Context before = context.attach();
              try {
                return work.get();
              } finally {
                context.detach(before);
              }
            },
            executor);
    future.whenComplete((result, failure) -> context.cancel(failure));
    return future;
  }

  /**
   * An answer.
   *
   * @param ciphertexts CIPHERTEXT blobs by program output
   * @param layerNanos time by layer, in order
   */
  public record Answer(List<byte[]> ciphertexts, long serverNanos, Map<String, Long> layerNanos) {}

  /**
   * Runs a model on encrypted inputs.
   *
   * @param version the version that the host described, not empty
   * @throws AnswerCheckException if the answer is to another request
   */
  public Answer infer(String model, String version, String signatureSha256, String keySetId, List<byte[]> ciphertexts) {
    InferRequest.Builder request =
        InferRequest.newBuilder()
            .setModel(model)
            .setVersion(version)
            .setSignatureSha256(signatureSha256)
            .setKeySetId(keySetId)
            .setLayerTimes(true);
    ciphertexts.forEach(c -> request.addCiphertexts(UnsafeByteOperations.unsafeWrap(c)));
    InferResponse response = call(() ->
        InferenceServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(inferDeadline.toNanos(), TimeUnit.NANOSECONDS)
            .infer(request.build()));
    byte[] asked = RequestDigest.of(signatureSha256, version, keySetId, ciphertexts.stream().map(ByteBuffer::wrap).toList());
    return answer(model, asked, response, response.getCiphertextsList().stream().map(ByteString::toByteArray).toList());
  }

  private static Answer answer(String model, byte[] asked, InferResponse response, List<byte[]> ciphertexts) {
    if (!Arrays.equals(asked, response.getRequestSha256().toByteArray())) {
      throw new AnswerCheckException(
          "model " + model + ": the host's answer is not to this request; no answer is returned. Report the server, or the proxy"
              + " in front of it");
    }
    Map<String, Long> layers = new LinkedHashMap<>();
    for (LayerTime layer : response.getLayersList()) {
      layers.merge(layer.getName(), layer.getNanos(), Long::sum);
    }
    return new Answer(ciphertexts, response.getServerNanos(), layers);
  }

  /**
   * As {@link #infer}, for programs whose inputs are many ciphertexts: each is taken when the one before it is on its way.
   *
   * @param ciphertexts made one by one; not asked for more once the call has failed
   * @param mostOutputs ciphertexts beyond this many end the call
   */
  public Answer inferStream(String model, String version, String signatureSha256, String keySetId, Iterator<byte[]> ciphertexts,
      int mostOutputs) {
    RequestDigest asked = new RequestDigest(signatureSha256, version, keySetId);
    HostStream stream = new HostStream(mostOutputs);
    return call(() -> {
      InferenceServiceGrpc.newStub(channel)
          .withDeadlineAfter(inferDeadline.toNanos(), TimeUnit.NANOSECONDS)
          .inferStream(stream);
      InferRequest head = InferRequest.newBuilder()
          .setModel(model).setVersion(version).setSignatureSha256(signatureSha256).setKeySetId(keySetId).setLayerTimes(true)
          .build();
      stream.send(InferStreamRequest.newBuilder().setCall(head).build());
      while (stream.open() && ciphertexts.hasNext()) {
        byte[] next = ciphertexts.next();
        asked.add(ByteBuffer.wrap(next));
        stream.send(InferStreamRequest.newBuilder().addCiphertexts(UnsafeByteOperations.unsafeWrap(next)).build());
      }
      InferResponse end = stream.finish();
      return answer(model, asked.finish(), end, stream.outputs());
    });
  }

  @Override
  public void close() {
    channel.shutdown();
    try {
      if (!channel.awaitTermination(5, TimeUnit.SECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException e) {
      channel.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private static ByteString hash(String sha256) {
    return UnsafeByteOperations.unsafeWrap(HexFormat.of().parseHex(sha256));
  }

  /** Makes a call; every failure becomes a ServiceException. */
  static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (ServiceException e) {
      throw e;
    } catch (RuntimeException e) {
      throw HostFault.of(e)
          .map(fault -> new ServiceException(fault.cause(), fault.text(), Map.of(), null, e))
          .orElseGet(() -> ErrorTable.fromGrpc(e));
    }
  }
}
