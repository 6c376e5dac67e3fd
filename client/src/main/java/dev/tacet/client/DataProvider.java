// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.Host;
import dev.tacet.client.internal.ParameterPolicy;
import dev.tacet.he.Context;
import dev.tacet.he.PublicKey;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Signature;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ModelMessages.ModelDescription;
import dev.tacet.protocol.ServiceException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A data provider: holds the owner's public key and nothing secret, encrypts rows, has the host evaluate them, and forwards
 * answers that the owner alone can read. Safe to use from many threads.
 */
public final class DataProvider implements AutoCloseable {
  private final ProviderCard card;
  private final Host host;
  private final ModelDescription description;
  private final Context context;
  private final PublicKey key;
  private final InputEncryptor encryptor;

  private DataProvider(
      ProviderCard card, Host host, ModelDescription description, Context context, PublicKey key, boolean clamp) {
    this.card = card;
    this.host = host;
    this.description = description;
    this.context = context;
    this.key = key;
    this.encryptor = InputEncryptor.of(description.signature(), key).clamping(clamp);
  }

  /** Connects with the defaults: the platform's certificates, features outside their bounds refused, 5 minutes a call. */
  public static DataProvider connect(URI uri, ProviderCard card) {
    return connect(uri, card, null, false, Duration.ofMinutes(5));
  }

  /** As {@link #connect(URI, ProviderCard, Path, Credentials, boolean, Duration)}, without credentials. */
  public static DataProvider connect(
      URI uri, ProviderCard card, Path trustCertificates, boolean clampFeatures, Duration deadline) {
    return connect(uri, card, trustCertificates, Credentials.none(), clampFeatures, deadline);
  }

  /**
   * Connects to the host and checks that it serves just the model that the owner's card names.
   *
   * @param trustCertificates PEM file of certificates to trust instead of the platform's, or null
   * @param credentials prove to the host who the provider is
   * @param clampFeatures whether features outside their bounds are moved to the bound and flagged, instead of refused
   * @param deadline time limit of one call
   * @throws SignatureChangedException if the host's signature is not the card's
   * @throws InsecureModelException if the parameters are below 128 bits
   * @throws dev.tacet.he.MalformedException if the card's key is not one for these parameters
   */
  public static DataProvider connect(
      URI uri, ProviderCard card, Path trustCertificates, Credentials credentials, boolean clampFeatures, Duration deadline) {
    Host host = new Host(uri, trustCertificates, credentials, deadline);
    Context context = null;
    try {
      ModelDescription description = host.model(card.model(), "");
      if (!description.signatureSha256().equals(card.signatureSha256())) {
        throw new SignatureChangedException(card.model(), card.signatureSha256(), description.signatureSha256(), null);
      }
      new ParameterPolicy(SecurityLevel.CLASSICAL_128, Integer.MAX_VALUE, Long.MAX_VALUE)
          .check(description.parameters(), description.signature());
      context = Context.create(description.parameters());
      PublicKey key = PublicKey.fromBytes(context, ByteBuffer.wrap(card.publicKey()));
      return new DataProvider(card, host, description, context, key, clampFeatures);
    } catch (RuntimeException e) {
      if (context != null) {
        context.close();
      }
      host.close();
      throw e instanceof ServiceException call ? CallErrors.translate(call) : e;
    }
  }

  /** Returns the signature that rows are encrypted for. */
  public Signature signature() {
    return description.signature();
  }

  /**
   * Encrypts a row under the owner's key, has it evaluated, and returns the answer, which only the owner can read.
   *
   * @throws dev.tacet.he.FeatureOutOfBoundsException if a feature is not a number, or outside its bounds and not clamped
   * @throws CallFailedException if the host refused the call; KEY_NOT_FOUND and KEY_EXPIRED mean that the owner has to bring the keys
   *     again, or to grant their use
   */
  public EncryptedAnswer submit(double[] row) {
    return submit(new double[][] {row});
  }

  /** Returns the most rows of one request: 1 but in the throughput packing. */
  public int rowsPerRequest() {
    return encryptor.rowsPerRequest();
  }

  /** As {@link #submit(double[])}, for 1..{@link #rowsPerRequest()} rows in one request. */
  public EncryptedAnswer submit(double[][] rows) {
    if (rows.length < 1 || rows.length > rowsPerRequest()) {
      throw new IllegalArgumentException("a request of " + rows.length + " rows, must be 1.." + rowsPerRequest());
    }
    try {
      if (rowsPerRequest() > 1) {
        InputEncryptor.Batch batch = encryptor.batch(rows);
        Host.Answer answer = host.inferStream(card.model(), description.version(), card.signatureSha256(), card.keySetId(),
            batch.ciphertexts(), signature().cipherOutputs().stream().mapToInt(signature()::ciphertexts).sum());
        return new EncryptedAnswer(card.model(), card.signatureSha256(), batch.clampedFeatures(), answer.ciphertexts());
      }
      InputEncryptor.EncryptedRow encrypted = encryptor.encrypt(rows[0]);
      Host.Answer answer =
          host.infer(
              card.model(), description.version(), card.signatureSha256(), card.keySetId(), encrypted.ciphertexts());
      return new EncryptedAnswer(
          card.model(), card.signatureSha256(), List.of(encrypted.clampedFeatures()), answer.ciphertexts());
    } catch (ServiceException e) {
      if (e.errorCause() == ErrorCause.KEY_NOT_FOUND || e.errorCause() == ErrorCause.KEY_EXPIRED) {
        throw new CallFailedException(
            "the host does not let this provider use key set " + card.keySetId() + " of the owner: " + e.getMessage(),
            "Ask the owner of the key to bring it to the host again, or to grant its use; a data provider cannot.",
            e.errorCause().name(), null, e);
      }
      throw CallErrors.translate(e);
    }
  }

  @Override
  public void close() {
    key.close();
    context.close();
    host.close();
  }
}
