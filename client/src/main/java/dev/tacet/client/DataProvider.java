// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.Host;
import dev.tacet.client.internal.ParameterPolicy;
import dev.tacet.he.Context;
import dev.tacet.he.PublicKey;
import dev.tacet.he.Signature;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ModelMessages.ModelDescription;
import dev.tacet.protocol.ServiceException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * A data provider: holds the owner's public key and nothing secret, encrypts rows, has the host evaluate them, and forwards
 * answers that the owner alone can read. Safe to use from many threads.
 */
public final class DataProvider implements AutoCloseable {
  private final ProviderCard card;
  private final Host host;
  private final ModelDescription description;
  private final PolicyGuard guard;
  private final Context context;
  private final PublicKey key;
  private final InputEncryptor encryptor;

  private DataProvider(Builder settings, Host host) {
    card = settings.card;
    this.host = host;
    guard = new PolicyGuard(
        settings.policy, host, new PrivacyPolicy.Destination(settings.uri.getHost(), Host.transport(settings.uri, settings.credentials)),
        null);
    description = host.model(card.model(), "", card.signatureSha256());
    if (!description.signatureSha256().equals(card.signatureSha256())) {
      throw new SignatureChangedException(card.model(), card.signatureSha256(), description.signatureSha256(), null);
    }
    new ParameterPolicy(settings.securityFloor, Integer.MAX_VALUE, Long.MAX_VALUE)
        .check(description.parameters(), description.signature());
    if (settings.modelKey != null) {
      settings.modelKey.requireSigned(description);
    }
    guard.requireAllowed(description.signature());
    context = Context.create(description.parameters());
    try {
      key = PublicKey.fromBytes(context, ByteBuffer.wrap(card.publicKey()));
      encryptor = InputEncryptor.of(description.signature(), key).clamping(settings.clamping);
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
  }

  /** Connects with the defaults of {@link #builder}. */
  public static DataProvider connect(URI uri, ProviderCard card) {
    return builder(uri, card).connect();
  }

  /** Starts a builder for a host at {@code http://host:port} or {@code https://host:port}, under the key of a card's owner. */
  public static Builder builder(URI uri, ProviderCard card) {
    return new Builder(uri, card);
  }

  /** The settings of a {@link DataProvider}. Every one has a default but the address and the card. */
  public static final class Builder extends HostSettings<Builder> {
    private final ProviderCard card;

    private Builder(URI uri, ProviderCard card) {
      super(uri);
      this.card = Objects.requireNonNull(card, "card");
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Keeps to a privacy policy: what it does not allow is refused before anything is sent. Default: no policy.
     *
     * @throws IllegalArgumentException if it names a purpose: consent is recorded in a key ring, which a provider has not
     */
    @Override
    public Builder policy(PrivacyPolicy value) {
      if (!value.purpose().isEmpty()) {
        throw new IllegalArgumentException("the policy is for the purpose " + value.purpose()
            + ", whose consent is recorded in a key ring; a data provider has none and takes a policy without a purpose");
      }
      return super.policy(value);
    }

    /**
     * Connects to the host and checks that it serves just the model that the owner's card names.
     *
     * @throws SignatureChangedException if the host's signature is not the card's
     * @throws InsecureModelException if the parameters are below the security floor
     * @throws UntrustedModelException if a key of the model's owner is trusted and did not sign it
     * @throws PolicyException if the policy does not allow to send the model's features to this host
     * @throws dev.tacet.he.MalformedException if the card's key is not one for these parameters
     */
    public DataProvider connect() {
      Host host = new Host(uri, trust, credentials, deadline);
      try {
        return new DataProvider(this, host);
      } catch (RuntimeException e) {
        host.close();
        throw e instanceof ServiceException call ? CallErrors.translate(call) : e;
      }
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
    EncryptedAnswer answer = send(rows);
    pad(1);
    return answer;
  }

  /**
   * Submits any number of rows in as many requests as they need, then those that the policy's padding asks for.
   *
   * @param answers takes the answers in the rows' order, each of {@link #rowsPerRequest()} rows but the last
   */
  public void submitAll(double[][] rows, Consumer<EncryptedAnswer> answers) {
    int each = rowsPerRequest();
    for (int start = 0; start < rows.length; start += each) {
      answers.accept(send(Arrays.copyOfRange(rows, start, Math.min(rows.length, start + each))));
    }
    pad((rows.length + each - 1) / each);
  }

  private void pad(int requests) {
    for (int i = guard.padded(requests) - requests; i > 0; i--) {
      send(new double[][] {encryptor.paddingRow()});
    }
  }

  private EncryptedAnswer send(double[][] rows) {
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
