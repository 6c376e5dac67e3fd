// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.DamagedKeyException;
import dev.tacet.client.internal.Host;
import dev.tacet.client.internal.KeyUpload;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.CancelledException;
import dev.tacet.he.FeatureOutOfBoundsException;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.Parameters;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.PublicKey;
import dev.tacet.he.Signature;
import dev.tacet.he.UnsupportedException;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ModelMessages.ModelDescription;
import dev.tacet.protocol.ServiceException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model of a host, used by the owner of the key. Its parameters and signature passed this client's checks. Safe to use from
 * many threads.
 */
public final class RemoteModel {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteModel.class);
  private static final long MAX_BACKOFF_MILLIS = 5_000;

  private final TacetClient client;
  private final ModelDescription description;
  private final InputEncryptor encryptor;
  private final OutputDecryptor decryptor;
  private volatile KeySetInfo keySet;

  RemoteModel(TacetClient client, ModelDescription description) {
    this.client = client;
    this.description = description;
    SecretKey key = client.keyRing().secretKey(description.parameters());
    this.encryptor = InputEncryptor.of(description.signature(), key).clamping(client.clamping());
    this.decryptor = OutputDecryptor.of(description.signature(), key);
  }

  /** Returns the model's name. */
  public String name() {
    return description.name();
  }

  /** Returns the version that the host serves. */
  public String version() {
    return description.version();
  }

  /** Returns the signature. */
  public Signature signature() {
    return description.signature();
  }

  /** Returns the SHA-256 of the signature, hexadecimal: what is pinned and sent with every request. */
  public String signatureSha256() {
    return description.signatureSha256();
  }

  /** Returns the parameters. */
  public Parameters parameters() {
    return description.parameters();
  }

  /** Makes the evaluation keys and brings the host those that it lacks, unless that was done. Every prediction does so itself. */
  public KeySetInfo prepare() {
    client.requireOpen();
    return ready();
  }

  private KeySetInfo ready() {
    client.guard().requireConsent();
    KeySetInfo ready = keySet;
    return ready != null ? ready : prepare(null);
  }

  /** Predicts one row; see {@link #predict(double[])}. */
  public Prediction predict(float[] row) {
    Objects.requireNonNull(row, "row");
    double[] wide = new double[row.length];
    for (int i = 0; i < row.length; i++) {
      wide[i] = row[i];
    }
    return predict(wide);
  }

  /**
   * Encrypts one row, has it evaluated, checks and decrypts the answer.
   *
   * @param row the features of all inputs, one input after the other, each row-major
   * @throws IllegalArgumentException if the row has another number of features
   * @throws FeatureOutOfBoundsException if a feature is not a number, or outside its bounds and clamping is off
   * @throws AnswerCheckException if the answer fails a check; then there is no number, and the host must not hear of it
   * @throws SignatureChangedException if the host changed the model meanwhile
   * @throws CallFailedException if the host refused the call or could not be reached
   * @throws CancelledException if the thread was interrupted; it stays so
   * @throws IllegalStateException if the client is closed
   */
  public Prediction predict(double[] row) {
    Objects.requireNonNull(row, "row");
    client.requireOpen();
    return predictPadded(row);
  }

  private Prediction predictPadded(double[] row) {
    Prediction prediction = predictOpen(row);
    pad(1);
    return prediction;
  }

  /** Sends as many further requests as the policy's padding asks for: of rows in the middle of the bounds, whose answers nobody reads. */
  private void pad(int requests) {
    int further = client.guard().padded(requests) - requests;
    for (int i = 0; i < further; i++) {
      padOne();
    }
  }

  private void padOne() {
    try {
      if (rowsPerRequest() > 1) {
        int outputs = signature().cipherOutputs().stream().mapToInt(signature()::ciphertexts).sum();
        InputEncryptor.Batch batch = encryptor.batch(new double[][] {encryptor.paddingRow()});
        evaluate(keys -> client.host().inferStream(
            name(), description.version(), signatureSha256(), keys, batch.ciphertexts(), outputs));
      } else {
        List<byte[]> ciphertexts = encryptor.encrypt(encryptor.paddingRow()).ciphertexts();
        evaluate(keys -> client.host().infer(name(), description.version(), signatureSha256(), keys, ciphertexts));
      }
    } catch (AnswerCheckException e) {
      LOG.debug("the answer to a padding request is not used, whatever it is");
    }
  }

  /**
   * Predicts one row for others to see: decrypted values show something of the secret key to whoever can influence the
   * computation, unless their noise is flooded first. The model must have been compiled for it ({@code --share-results}); count
   * the results shared under one key ring, whichever object made them.
   *
   * @throws dev.tacet.he.UnsupportedException if the model has no reserve for sharing, or all results that it allows are shared
   */
  public Prediction predictForSharing(double[] row) {
    Objects.requireNonNull(row, "row");
    client.requireOpen();
    client.guard().requireSharing(signature(), "results");
    if (signature().sharing().isEmpty()) {
      throw new UnsupportedException("model " + name() + " has no reserve for sharing; compile it with --share-results");
    }
    return predictOpen(row, decryptor::decryptForSharing);
  }

  private Prediction predictOpen(double[] row) {
    return predictOpen(row, decryptor::decrypt);
  }

  private Prediction predictOpen(double[] row, Function<List<byte[]>, Postprocessing.Result> decryption) {
    if (encryptor.rowsPerRequest() > 1) {
      Batch batch = predictBatchOpen(new double[][] {row});
      if (!batch.failures().isEmpty()) {
        throw batch.failures().get(0);
      }
      return batch.predictions().get(0);
    }
    client.guard().requireConsent();
    long start = System.nanoTime();
    InputEncryptor.EncryptedRow encrypted = encryptor.encrypt(row);
    long encryptedAt = System.nanoTime();
    Host.Answer answer = evaluate(keys -> client.host().infer(
        name(), description.version(), signatureSha256(), keys, encrypted.ciphertexts()));
    long answeredAt = System.nanoTime();
    Postprocessing.Result result = decryption.apply(answer.ciphertexts());
    Timings timings =
        new Timings(
            encryptedAt - start,
            answeredAt - encryptedAt,
            answer.serverNanos(),
            System.nanoTime() - answeredAt,
            answer.layerNanos(),
            encrypted.bytes(),
            answer.ciphertexts().stream().mapToLong(c -> c.length).sum());
    return new Prediction(
        result.outputs(), result.errorBounds(), result.undecided(), encrypted.clampedFeatures(), timings);
  }

  /**
   * Predicts one row in the background; the future fails with the exceptions of {@link #predict(double[])}. Cancelling it ends the
   * call, on the host too.
   */
  public CompletableFuture<Prediction> predictAsync(double[] row) {
    Objects.requireNonNull(row, "row");
    double[] copy = row.clone();
    try {
      client.requireOpen();
      return Host.inBackground(() -> predictPadded(copy), client.executor());
    } catch (IllegalStateException | RejectedExecutionException e) {
      return CompletableFuture.failedFuture(
          e instanceof IllegalStateException ? e : new IllegalStateException("the client is closed", e));
    }
  }

  /**
   * What became of rows that were predicted together.
   *
   * @param predictions by row; null for a row that has no answer. In the throughput packing the rows of one request share its
   *     timings, the same object
   * @param failures by row, the failed check
   */
  public record Batch(List<Prediction> predictions, Map<Integer, AnswerCheckException> failures) {
    /** Copies. */
    public Batch {
      predictions = Collections.unmodifiableList(new ArrayList<>(predictions));
      failures = Collections.unmodifiableMap(new TreeMap<>(failures));
    }
  }

  /** Returns the most rows of one request: 1 but in the throughput packing. */
  public int rowsPerRequest() {
    return encryptor.rowsPerRequest();
  }

  /**
   * Predicts rows, as many in a request as the packing allows; a batch that fails a check as a whole fails for all its rows.
   *
   * @throws FeatureOutOfBoundsException naming the row, before anything is sent; see {@link #predict(double[])} for the others
   */
  public Batch predictEach(double[][] rows) {
    Objects.requireNonNull(rows, "rows");
    for (int i = 0; i < rows.length; i++) {
      requireAcceptable(i, Objects.requireNonNull(rows[i], "row " + i));
    }
    client.requireOpen();
    List<Prediction> predictions = new ArrayList<>(rows.length);
    Map<Integer, AnswerCheckException> failures = new TreeMap<>();
    for (int start = 0; start < rows.length; start += rowsPerRequest()) {
      int end = Math.min(rows.length, start + rowsPerRequest());
      int first = start;
      try {
        if (rowsPerRequest() > 1) {
          Batch batch = predictBatchOpen(Arrays.copyOfRange(rows, start, end));
          predictions.addAll(batch.predictions());
          batch.failures().forEach((row, failure) -> failures.put(first + row, failure));
        } else {
          predictions.add(predictOpen(rows[start]));
        }
      } catch (AnswerCheckException e) {
        for (int row = start; row < end; row++) {
          failures.put(row, e);
          predictions.add(null);
        }
      }
      client.progress().progress(ProgressListener.Stage.PREDICT, end, rows.length);
    }
    pad((rows.length + rowsPerRequest() - 1) / rowsPerRequest());
    return new Batch(predictions, failures);
  }

  /** One request of the throughput packing. */
  private Batch predictBatchOpen(double[][] rows) {
    client.guard().requireConsent();
    long start = System.nanoTime();
    InputEncryptor.Batch encrypted = encryptor.batch(rows);
    int outputs = signature().cipherOutputs().stream().mapToInt(signature()::ciphertexts).sum();
    long[] spent = new long[2];
    Host.Answer answer = evaluate(keys -> {
      Arrays.fill(spent, 0);
      return client.host().inferStream(
          name(), description.version(), signatureSha256(), keys, measured(encrypted.ciphertexts(), spent), outputs);
    });
    long answeredAt = System.nanoTime();
    OutputDecryptor.BatchAnswer decrypted = decryptor.decryptBatch(answer.ciphertexts(), rows.length);
    Timings timings =
        new Timings(
            spent[0],
            answeredAt - start - spent[0],
            answer.serverNanos(),
            System.nanoTime() - answeredAt,
            answer.layerNanos(),
            spent[1],
            answer.ciphertexts().stream().mapToLong(c -> c.length).sum());
    List<Prediction> predictions = new ArrayList<>();
    for (int r = 0; r < rows.length; r++) {
      Postprocessing.Result result = decrypted.results().get(r);
      predictions.add(result == null ? null : new Prediction(
          result.outputs(), result.errorBounds(), result.undecided(), encrypted.clampedFeatures().get(r), timings));
    }
    return new Batch(predictions, decrypted.failures());
  }

  /** The same ciphertexts; adds the time that they take to make and their bytes. */
  private static Iterator<byte[]> measured(Iterator<byte[]> ciphertexts, long[] nanosAndBytes) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return ciphertexts.hasNext();
      }

      @Override
      public byte[] next() {
        long start = System.nanoTime();
        byte[] next = ciphertexts.next();
        nanosAndBytes[0] += System.nanoTime() - start;
        nanosAndBytes[1] += next.length;
        return next;
      }
    };
  }

  /**
   * Predicts rows, one request after the other. All rows are checked against the features' bounds before the first is sent. An
   * answer that fails a check does not stop the batch (the host would learn of it): the exception comes after the last row and
   * names the failed ones.
   */
  public List<Prediction> predictBatch(double[][] rows) {
    Objects.requireNonNull(rows, "rows");
    Batch batch = predictEach(rows);
    if (!batch.failures().isEmpty()) {
      AnswerCheckException first = batch.failures().values().iterator().next();
      throw new AnswerCheckException(
          batch.failures().size() + " of " + rows.length + " answers failed a check, rows " + batch.failures().keySet()
              + "; the first: " + first.getMessage(),
          first);
    }
    return batch.predictions();
  }

  /** Returns the owner's public key, the same each time, for data providers; the caller closes it. */
  public PublicKey publicKey() {
    return client.keyRing().publicKey(parameters());
  }

  /**
   * Returns what a data provider needs to send rows whose answers this owner alone can read; uploads the evaluation keys, since
   * the provider cannot make them.
   */
  public ProviderCard providerCard() {
    client.guard().requireSharing(signature(), "providers");
    KeySetInfo ready = prepare();
    try (PublicKey key = publicKey()) {
      return new ProviderCard(name(), signatureSha256(), ready.keySetId(), key.toBytes());
    }
  }

  /**
   * Decrypts and checks an answer to one row that a data provider forwarded.
   *
   * @throws IllegalArgumentException if it is for another model or signature, or answers several rows
   * @throws AnswerCheckException if it fails a check
   */
  public Prediction decrypt(EncryptedAnswer answer) {
    if (answer.rows() != 1) {
      throw new IllegalArgumentException("the answer is to " + answer.rows() + " rows, not to one");
    }
    Batch batch = decryptEach(answer);
    if (!batch.failures().isEmpty()) {
      throw batch.failures().get(0);
    }
    return batch.predictions().get(0);
  }

  /**
   * Decrypts and checks an answer that a data provider forwarded.
   *
   * @throws IllegalArgumentException if it is for another model or signature, or has more rows than a request
   * @throws AnswerCheckException if it fails a check as a whole
   */
  public Batch decryptEach(EncryptedAnswer answer) {
    if (!answer.signatureSha256().equals(signatureSha256())) {
      throw new IllegalArgumentException(
          "the answer is for signature " + answer.signatureSha256() + " of model " + answer.model() + ", this is "
              + signatureSha256() + " of " + name());
    }
    if (answer.rows() > rowsPerRequest()) {
      throw new IllegalArgumentException("the answer is to " + answer.rows() + " rows, a request has " + rowsPerRequest());
    }
    long start = System.nanoTime();
    OutputDecryptor.BatchAnswer decrypted = rowsPerRequest() > 1
        ? decryptor.decryptBatch(answer.ciphertexts(), answer.rows())
        : new OutputDecryptor.BatchAnswer(List.of(decryptor.decrypt(answer.ciphertexts())), Map.of());
    Timings timings = new Timings(0, 0, 0, System.nanoTime() - start, Map.of(), 0, answer.bytes());
    List<Prediction> predictions = new ArrayList<>();
    for (int r = 0; r < answer.rows(); r++) {
      Postprocessing.Result result = decrypted.results().get(r);
      predictions.add(result == null ? null : new Prediction(
          result.outputs(), result.errorBounds(), result.undecided(), answer.clampedRows().get(r), timings));
    }
    return new Batch(predictions, decrypted.failures());
  }

  private void requireAcceptable(int index, double[] row) {
    try {
      encryptor.requireAcceptable(row);
    } catch (FeatureOutOfBoundsException e) {
      throw e.inRow(index);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("row " + index + ": " + e.getMessage(), e);
    }
  }

  private Host.Answer evaluate(Function<String, Host.Answer> call) {
    int overloads = 0;
    boolean healed = false;
    while (true) {
      KeySetInfo keys = ready();
      try {
        return call.apply(keys.keySetId());
      } catch (ServiceException e) {
        if ((e.errorCause() == ErrorCause.KEY_NOT_FOUND || e.errorCause() == ErrorCause.KEY_EXPIRED) && !healed) {
          healed = true;
          LOG.info("host answers {} to set {} for model {}; bringing its keys again", e.errorCause(), keys.keySetId(), name());
          prepare(keys);
        } else if (e.errorCause() == ErrorCause.OVERLOADED && overloads < client.overloadRetries()) {
          overloads++;
          backOff(e, overloads);
        } else if (e.errorCause() == ErrorCause.SIGNATURE_CHANGED) {
          throw new SignatureChangedException(
              name(), signatureSha256(), e.details().getOrDefault("signature_sha256", "another"), e);
        } else {
          throw CallErrors.translate(e);
        }
      }
    }
  }

  private static void backOff(ServiceException failure, int attempt) {
    long millis = failure.retryAfter().map(Duration::toMillis).orElse(100L << attempt);
    try {
      Thread.sleep(Math.max(1, Math.min(MAX_BACKOFF_MILLIS, millis)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted while waiting for the host to have room", e);
    }
  }

  /** Makes and uploads the keys, unless another thread did so after the stale state was seen. */
  private synchronized KeySetInfo prepare(KeySetInfo stale) {
    if (keySet != stale) {
      return keySet;
    }
    if (signature().keys().isEmpty()) {
      keySet = new KeySetInfo("", 0, 0, 0, 0);
      return keySet;
    }
    long start = System.nanoTime();
    KeyManifest manifest = null;
    long made = 0;
    String id = null;
    for (int attempt = 0; id == null; attempt++) {
      manifest = client.keyRing().evaluationKeys(parameters(), signature().keys(), client.progress());
      made = System.nanoTime();
      try {
        id = new KeyUpload(client.host(), client.keyRing().files(), parameters(), client.progress()).upload(manifest);
      } catch (DamagedKeyException e) {
        if (attempt == signature().keys().size()) {
          throw e;
        }
        LOG.warn("model {}: {}; it is made again", name(), e.getMessage());
      } catch (ServiceException e) {
        throw CallErrors.translate(e);
      }
    }
    long uploaded = System.nanoTime();
    LOG.info("model {}: {} evaluation keys, {} bytes, set {}", name(), manifest.entries().size(), manifest.totalBytes(), id);
    keySet = new KeySetInfo(id, manifest.entries().size(), manifest.totalBytes(), made - start, uploaded - made);
    return keySet;
  }
}
