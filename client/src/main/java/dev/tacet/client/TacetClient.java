// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.Host;
import dev.tacet.client.internal.ParameterPolicy;
import dev.tacet.client.internal.Pins;
import dev.tacet.he.Blob;
import dev.tacet.he.MalformedException;
import dev.tacet.he.Signature;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ModelMessages.ModelDescription;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A connection of a key owner to one host.
 *
 * <pre>
 * try (TacetClient client = TacetClient.connect(URI.create("http://localhost:8080"))) {
 *   Prediction prediction = client.model("breast-cancer").predict(features);
 * }
 * </pre>
 *
 * <p>Keys are made from the model's signature after this client checked it, uploaded when the host lacks them, and reused. The
 * signature's hash is pinned, from a file or at first use, and sent with every request; a changed signature throws. Safe to use
 * from many threads.
 */
public final class TacetClient implements AutoCloseable {
  private final URI uri;
  private final Host host;
  private final KeyRing keyRing;
  private final boolean ownsKeyRing;
  private final Pins pins;
  private final List<Signature> trusted;
  private final ModelKey modelKey;
  private final PolicyGuard guard;
  private final ParameterPolicy policy;
  private final boolean clamping;
  private final int overloadRetries;
  private final ProgressListener progress;
  private final ExecutorService executor;
  private volatile boolean closed;

  private TacetClient(Builder builder) {
    uri = builder.uri;
    policy = new ParameterPolicy(builder.securityFloor, builder.maxKeys, builder.maxKeyBytes);
    host = new Host(uri, builder.trust, builder.credentials, builder.deadline);
    KeyRing ring = null;
    try {
      ring = builder.openKeyRing();
      pins = new Pins(ring.files());
      for (Signature signature : builder.trusted) {
        pins.put(pinName(signature.model(), ""), signature.sha256());
      }
    } catch (RuntimeException e) {
      host.close();
      if (ring != null && builder.keyRing == null) {
        ring.close();
      }
      throw e;
    }
    keyRing = ring;
    ownsKeyRing = builder.keyRing == null;
    trusted = List.copyOf(builder.trusted);
    modelKey = builder.modelKey;
    guard = new PolicyGuard(builder.policy, host, new PrivacyPolicy.Destination(uri.getHost(), Host.transport(uri, builder.credentials)),
        ring);
    clamping = builder.clamping;
    overloadRetries = builder.overloadRetries;
    progress = builder.progress;
    AtomicInteger number = new AtomicInteger();
    executor = Executors.newFixedThreadPool(builder.threads, task -> {
      Thread thread = new Thread(task, "tacet-client-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    });
  }

  /** Connects with keys in memory and every setting at its default. Nothing is sent before the first use. */
  public static TacetClient connect(URI uri) {
    return builder(uri).build();
  }

  /** Connects with keys in memory to an address such as {@code http://localhost:8080}. */
  public static TacetClient connect(String uri) {
    return connect(URI.create(uri));
  }

  /** Starts a builder for a host at {@code http://host:port} or {@code https://host:port}. */
  public static Builder builder(URI uri) {
    return new Builder(uri);
  }

  /**
   * One version of one model of the host.
   *
   * @param name its name
   * @param version its version
   * @param ready whether it is served
   * @param problem why it is not served; empty when ready
   */
  public record ModelInfo(String name, String version, boolean ready, String problem) {}

  /** Lists the models of the host. */
  public List<ModelInfo> models() {
    requireOpen();
    try {
      return host.listModels().stream().map(e -> new ModelInfo(e.name(), e.version(), e.ready(), e.problem())).toList();
    } catch (ServiceException e) {
      throw CallErrors.translate(e);
    }
  }

  /**
   * Fetches the newest version of a model, checks its parameters and signature, and pins the signature at first use.
   *
   * @throws ModelNotFoundException if the host serves no such model
   * @throws SignatureChangedException if its signature is not the pinned one
   * @throws UntrustedModelException if a key of its owner is trusted and it is not signed by it as it is offered
   * @throws PolicyException if this client's policy does not allow to send the model's features to this host
   * @throws InsecureModelException if its parameters or key demands are outside what this client accepts
   * @throws dev.tacet.he.MalformedException if what the host sent is not valid
   */
  public RemoteModel model(String name) {
    return model(name, "");
  }

  /** As {@link #model(String)}, for one version; versions are pinned apart. */
  public RemoteModel model(String name, String version) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(version, "version");
    requireOpen();
    String pin = pinName(name, version);
    Optional<String> pinned = pins.get(pin);
    ModelDescription description = describe(name, version, pinned.orElse(""));
    if (pinned.isPresent() && !pinned.get().equals(description.signatureSha256())) {
      throw new SignatureChangedException(name, pinned.get(), description.signatureSha256(), null);
    }
    if (pinned.isEmpty()) {
      requireTrusted(name, description.signatureSha256());
    }
    policy.check(description.parameters(), description.signature());
    if (modelKey != null) {
      modelKey.requireSigned(description);
    }
    guard.requireAllowed(description.signature());
    RemoteModel model = new RemoteModel(this, description);
    String trusted = pins.putIfAbsent(pin, description.signatureSha256());
    if (!trusted.equals(description.signatureSha256())) {
      throw new SignatureChangedException(name, trusted, description.signatureSha256(), null);
    }
    return model;
  }

  /** Where the owner's file says what to trust, there is no trust at first use, whatever version was asked for. */
  private void requireTrusted(String name, String offered) {
    List<String> fromOwner = trusted.stream().filter(s -> s.model().equals(name)).map(Signature::sha256).toList();
    if (!fromOwner.isEmpty() && !fromOwner.contains(offered)) {
      throw new SignatureChangedException(name, fromOwner.get(0), offered, null);
    }
  }

  /** As {@link #acceptSignature(String, String)}, for one version. */
  public void acceptSignature(String model, String version, String sha256) {
    pins.put(pinName(model, version), sha256);
  }

  /**
   * Trusts a signature for a model from now on, in place of the pinned one.
   *
   * @param sha256 64 hexadecimal digits, as {@link SignatureChangedException#offered()} gives it, confirmed by the model's owner
   */
  public void acceptSignature(String model, String sha256) {
    pins.put(pinName(model, ""), sha256);
  }

  /**
   * Reads what the host did with this client's keys and calls, checks it, and remembers its end in the key ring.
   *
   * @throws AuditTrailException if an entry was changed or left out, or the end that was seen before is gone
   */
  public AuditTrail auditTrail() {
    requireOpen();
    try {
      AuditTrail trail = AuditTrail.read(host, pins.get(auditPin()).map(sha256 -> new AuditTrail.Seen(seenEntries(), sha256)));
      pins.put(auditPin(), trail.head());
      pins.put(auditPin() + "-entries", String.format("%064x", trail.last().sequence()));
      return trail;
    } catch (ServiceException e) {
      throw CallErrors.translate(e);
    }
  }

  private String auditPin() {
    return uri.getAuthority() + "/#audit";
  }

  /** How many entries were seen: kept among the pins, which hold numbers of 64 hexadecimal digits. */
  private long seenEntries() {
    return pins.get(auditPin() + "-entries").map(digits -> Long.parseUnsignedLong(digits.substring(48), 16)).orElse(0L);
  }

  /** Pins the key of the host's receipts at first use, and refuses another one later. */
  void requireReceiptKey(byte[] key) {
    String sha256 = Blob.sha256Hex(key);
    if (!pins.putIfAbsent(uri.getAuthority() + "/#receipts", sha256).equals(sha256)) {
      throw new AuditTrailException("the host's key for receipts is not the one that was seen first");
    }
  }

  /** Returns what the host keeps for this client. */
  public Account account() {
    return new Account(this);
  }

  /**
   * Replaces the secret key of a model's parameters and everything made from it: the old evaluation keys are deleted on the host
   * first, so that a full quota does not stand in the way, then the key ring forgets the old secret key, and the new keys are brought to
   * the host. Other models of the same parameters get the new key too, and their objects made before are of no use any more. Answers to
   * rows that were encrypted before can no longer be decrypted, and data providers need a new card.
   *
   * @return the model with the new keys
   * @throws CallFailedException if the host could not be told; before the key ring forgot anything, nothing is changed then
   */
  public RemoteModel rotateKeys(String name) {
    RemoteModel before = model(name);
    for (String id : keyRing.keySetIds(before.parameters())) {
      try {
        account().deleteKeySet(id);
      } catch (CallFailedException e) {
        if (!e.reason().equals(ErrorCause.KEY_NOT_FOUND.name())) {
          throw e;
        }
      }
    }
    keyRing.rotate(before.parameters());
    RemoteModel after = model(name);
    after.prepare();
    return after;
  }

  /** Returns the keys of this client. */
  public KeyRing keyRing() {
    return keyRing;
  }

  /**
   * Waits for the predictions in the background, up to a minute, then closes the connection and the keys. Whatever uses this
   * client or its models afterwards gets an IllegalStateException.
   */
  @Override
  public void close() {
    closed = true;
    executor.shutdown();
    try {
      executor.awaitTermination(1, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    host.close();
    if (ownsKeyRing) {
      keyRing.close();
    }
  }

  private ModelDescription describe(String name, String version, String pinnedSha256) {
    try {
      ModelDescription description = host.model(name, version, pinnedSha256);
      if (!description.signature().model().equals(name)) {
        throw new MalformedException(
            "asked for model " + name + ", the host sent the signature of " + description.signature().model());
      }
      return description;
    } catch (ServiceException e) {
      throw CallErrors.translate(e);
    }
  }

  private String pinName(String model, String version) {
    return uri.getAuthority() + "/" + model + (version.isEmpty() ? "" : "@" + version);
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the client of " + uri + " is closed");
    }
  }

  /**
   * Records that consent to the policy's purpose is given, in the purpose's key ring.
   *
   * @throws IllegalStateException if there is no policy with a purpose
   */
  public void giveConsent() {
    guard.recordConsent(true);
  }

  /**
   * Records that consent to the policy's purpose is withdrawn: nothing is sent for it from now on. Then everything that the host keeps about
   * this client under these credentials is deleted, and the purpose's secret keys are forgotten.
   *
   * @return the host's receipt
   * @throws IllegalStateException if there is no policy with a purpose
   */
  public DeletionReceipt withdrawConsent() {
    guard.recordConsent(false);
    DeletionReceipt receipt = account().deleteAll();
    keyRing.files().rotateAll();
    return receipt;
  }

  PolicyGuard guard() {
    return guard;
  }

  Host host() {
    return host;
  }

  boolean clamping() {
    return clamping;
  }

  int overloadRetries() {
    return overloadRetries;
  }

  ProgressListener progress() {
    return progress;
  }

  ExecutorService executor() {
    return executor;
  }

  /** The settings of a {@link TacetClient}. Every one has a default but the address. */
  public static final class Builder extends HostSettings<Builder> {
    private Path keyFolder;
    private char[] passphrase;
    private KeyRing keyRing;
    private int maxKeys = 1024;
    private long maxKeyBytes = 4L << 30;
    private int overloadRetries = 3;
    private ProgressListener progress = ProgressListener.NONE;
    private int threads = 2;
    private final List<Signature> trusted = new ArrayList<>();

    private Builder(URI uri) {
      super(uri);
    }

    @Override
    Builder self() {
      return this;
    }

    /**
     * Keeps keys and pins in a folder, sealed under {@link #passphrase}. Default: in memory, gone with the client. The command line takes
     * the same folder as {@code --keys}; where it made the keys, they are in the folder {@code ring} inside.
     */
    public Builder keyStore(Path folder) {
      keyFolder = folder;
      return this;
    }

    /** Sets the passphrase of the key store; copied, and wiped when the client is built. */
    public Builder passphrase(char[] value) {
      passphrase = value.clone();
      return this;
    }

    /** Uses a key ring that the caller opened and closes. */
    public Builder keyRing(KeyRing ring) {
      keyRing = ring;
      return this;
    }

    /** Sets the most evaluation keys that a model may ask for, and their bytes. Default: 1024 keys, 4 GiB. */
    public Builder keyCaps(int keys, long bytes) {
      maxKeys = keys;
      maxKeyBytes = bytes;
      return this;
    }

    /** Pins the signature of a file that the model's owner gave, before the first use. */
    public Builder trustSignature(Path signatureFile) {
      try {
        trusted.add(Signature.fromBytes(ByteBuffer.wrap(Files.readAllBytes(signatureFile))));
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read the signature in " + signatureFile, e);
      }
    }

    /**
     * Keeps to a privacy policy: what it does not allow is refused before anything is sent. If it names a purpose, the keys are those of that
     * purpose alone, in a key ring of their own, and nothing is sent before consent to it is recorded. Default: no policy.
     */
    @Override
    public Builder policy(PrivacyPolicy value) {
      return super.policy(value);
    }

    /** Sets how often a call is repeated that the host had no room for. Default: 3. */
    public Builder overloadRetries(int count) {
      overloadRetries = count;
      return this;
    }

    /** Sets the listener of long work. */
    public Builder progress(ProgressListener listener) {
      progress = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /** Sets how many asynchronous predictions are under way at once. Default: 2. */
    public Builder threads(int count) {
      if (count < 1 || count > 256) {
        throw new IllegalArgumentException(count + " threads, must be 1..256");
      }
      threads = count;
      return this;
    }

    /**
     * Makes the client; nothing is sent before its first use.
     *
     * @throws WrongPassphraseException if the passphrase does not open the key store
     * @throws IllegalArgumentException if the settings contradict each other
     */
    public TacetClient build() {
      try {
        return new TacetClient(this);
      } finally {
        if (passphrase != null) {
          Arrays.fill(passphrase, '\0');
          passphrase = null;
        }
      }
    }

    private KeyRing openKeyRing() {
      String purpose = policy == null ? "" : policy.purpose();
      if (keyRing != null) {
        if (!purpose.isEmpty()) {
          throw new IllegalArgumentException("a policy for the purpose " + purpose + " has a key ring of its own; set a key store folder");
        }
        if (keyFolder != null) {
          throw new IllegalArgumentException("both a key ring and a key store folder are set");
        }
        return keyRing;
      }
      if (keyFolder == null) {
        return KeyRing.inMemory();
      }
      if (passphrase == null) {
        throw new IllegalArgumentException("key store " + keyFolder + " needs a passphrase");
      }
      return KeyRing.open(purpose.isEmpty() ? keyFolder : keyFolder.resolve("purposes").resolve(purpose), passphrase);
    }
  }
}
