// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.KeyRingException;
import dev.tacet.client.ProgressListener;
import dev.tacet.he.Blob;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.Encryptor;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.MalformedException;
import dev.tacet.he.Parameters;
import dev.tacet.he.PublicKey;
import dev.tacet.he.Scale;
import dev.tacet.he.internal.NativeObject;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretKey;
import dev.tacet.he.secret.SecretKeyAccess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * A key ring's folder: {@code ring.key} (see {@link Vault}), {@code pins.properties}, and for each parameter set a folder named by
 * its hash with {@code secret.key} (sealed), {@code public.key} and the evaluation keys. One process at a time makes keys in it.
 */
public final class KeyRingFiles implements AutoCloseable {
  private static final String SECRET_KEY = "secret.key";
  private static final String PUBLIC_KEY = "public.key";
  private static final String ROTATED = ".rotated-";

  private final Path folder;
  private final Vault vault;
  private final boolean temporary;
  /** Deletes a temporary folder when the process ends before this is closed, by Ctrl-C for instance; null for a ring that stays. */
  private final Thread atExit;
  private final Map<String, SecretKey> secretKeys = new HashMap<>();
  /** SHA-256 of the sealed file that each key of a ring on disk came from. */
  private final Map<String, String> sealedHashes = new HashMap<>();
  private final Map<String, Context> contexts = new HashMap<>();
  private boolean closed;

  private KeyRingFiles(Path folder, Vault vault, boolean temporary) {
    this.folder = folder;
    this.vault = vault;
    this.temporary = temporary;
    atExit = temporary ? new Thread(() -> deleteQuietly(folder), "tacet-key-ring") : null;
    if (temporary) {
      Runtime.getRuntime().addShutdownHook(atExit);
    }
  }

  /** Opens the ring in a folder, or starts one there. */
  public static KeyRingFiles open(Path folder, char[] passphrase) {
    if (passphrase.length == 0) {
      throw new KeyRingException("the passphrase of key ring " + folder + " is empty", "Give a passphrase.", null);
    }
    Path file = folder.resolve("ring.key");
    try {
      PrivateFiles.makeFolder(folder);
      try (Locked lock = new Locked(folder)) {
        deleteRotated(folder);
        PrivateFiles.deleteUnfinished(folder);
        if (Files.exists(file)) {
          return new KeyRingFiles(folder, Vault.unlock(file, Files.readAllBytes(file), passphrase), false);
        }
        Vault vault = Vault.unsaved();
        PrivateFiles.write(file, ByteBuffer.wrap(vault.lock(passphrase, Vault.DEFAULT_ROUNDS)));
        return new KeyRingFiles(folder, vault, false);
      }
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Makes a ring whose secret keys exist in locked memory only; its evaluation keys lie in a folder that close deletes. */
  public static KeyRingFiles temporary() {
    try {
      return new KeyRingFiles(PrivateFiles.makeTemporaryFolder("tacet-keys-"), null, true);
    } catch (IOException e) {
      throw failed(Path.of(System.getProperty("java.io.tmpdir")), e);
    }
  }

  /** Returns the file of pinned signatures. */
  public Path pinsFile() {
    return folder.resolve("pins.properties");
  }

  /** Returns the file of consents to the ring's purpose. */
  Path consentFile() {
    return folder.resolve("consent.tsv");
  }

  /** Returns the shared context of these parameters. */
  public synchronized Context context(Parameters parameters) {
    requireOpen();
    return contexts.computeIfAbsent(parameters.hashHex(), hash -> Context.create(parameters));
  }

  /** Returns the secret key of these parameters, made when there is none yet; it is closed with this. */
  public synchronized SecretKey secretKey(Parameters parameters) {
    requireOpen();
    SecretKey key = secretKeys.get(parameters.hashHex());
    if (key != null) {
      return key;
    }
    Context context = context(parameters);
    try (Locked lock = new Locked(folder)) {
      key = temporary ? SecretKey.generate(context) : loadOrMake(context);
    } catch (IOException e) {
      throw failed(folder, e);
    }
    secretKeys.put(parameters.hashHex(), key);
    return key;
  }

  private SecretKey loadOrMake(Context context) throws IOException {
    Path home = home(context.parameters());
    Path file = home.resolve(SECRET_KEY);
    String name = context.parameters().hashHex();
    byte[] blob;
    if (Files.exists(file)) {
      byte[] sealed = Files.readAllBytes(file);
      blob = vault.open(file, name, sealed);
      sealedHashes.put(name, Blob.sha256Hex(sealed));
      try {
        return SecretKey.restore(context, blob, SecretKeyAccess.get());
      } finally {
        Arrays.fill(blob, (byte) 0);
      }
    }
    // What an earlier secret key left behind must not be taken for this one's.
    Files.deleteIfExists(home.resolve(PUBLIC_KEY));
    PrivateFiles.deleteFolder(home.resolve("sets"));
    PrivateFiles.deleteFolder(home.resolve("keys"));
    SecretKey key = SecretKey.generate(context);
    blob = key.export(SecretKeyAccess.get());
    try {
      byte[] sealed = vault.seal(name, blob);
      PrivateFiles.write(file, ByteBuffer.wrap(sealed));
      sealedHashes.put(name, Blob.sha256Hex(sealed));
    } catch (IOException | RuntimeException e) {
      key.close();
      throw e;
    } finally {
      Arrays.fill(blob, (byte) 0);
    }
    return key;
  }

  /** Returns the public key, the same each time; the caller closes it. */
  public synchronized PublicKey publicKey(Parameters parameters) {
    SecretKey key = secretKey(parameters);
    try (Locked lock = new Locked(folder)) {
      requireCurrent(parameters);
      Path file = home(parameters).resolve(PUBLIC_KEY);
      if (Files.exists(file)) {
        return readPublicKey(key, file);
      }
      PublicKey made = new KeyGenerator(key).publicKey();
      PrivateFiles.write(file, ByteBuffer.wrap(made.toBytes()));
      return made;
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Reads a public key and proves that the secret key opens what it seals: rows under a foreign one would be lost. */
  private static PublicKey readPublicKey(SecretKey key, Path file) throws IOException {
    PublicKey read;
    try {
      read = PublicKey.fromBytes(key.context(), ByteBuffer.wrap(Files.readAllBytes(file)));
    } catch (MalformedException e) {
      throw foreign(file, "is damaged: " + e.getMessage(), e);
    }
    try (Ciphertext zero = new Encryptor(key.context(), read).encrypt(new double[1], 0, Scale.ONE)) {
      if (!(new Decryptor(key).decrypt(zero).coefficientFraction() <= 1)) {
        throw foreign(file, "does not belong to the secret key beside it", null);
      }
      return read;
    } catch (RuntimeException e) {
      read.close();
      throw e;
    }
  }

  private static KeyRingException foreign(Path file, String what, Exception cause) {
    return new KeyRingException(
        "public key " + file + " " + what,
        "Restore the file from a backup, or delete it: a new public key is made, which data providers need again.", cause);
  }

  /** Refuses to go on with a secret key that another client of this folder replaced: its keys would not belong together. */
  private void requireCurrent(Parameters parameters) throws IOException {
    if (temporary) {
      return;
    }
    Path file = home(parameters).resolve(SECRET_KEY);
    if (!Files.exists(file)
        || !Blob.sha256Hex(Files.readAllBytes(file)).equals(sealedHashes.get(parameters.hashHex()))) {
      throw new KeyRingException(
          "the secret key in " + file + " was replaced since this key ring was opened",
          "Open the key ring again; answers to rows under the old key can no longer be decrypted.", null);
    }
  }

  /** Returns a set of just these evaluation keys, making those that are not there yet. */
  public synchronized KeyManifest evaluationKeys(
      Parameters parameters, Collection<KeyRequirement> requirements, ProgressListener progress) {
    SecretKey key = secretKey(parameters);
    KeyGenerator generator = new KeyGenerator(key);
    try (Locked lock = new Locked(folder)) {
      requireCurrent(parameters);
      return new KeyFolder(home(parameters), parameters).ensure(
          new TreeSet<>(requirements),
          generator::evaluationKey,
          done -> progress.progress(ProgressListener.Stage.GENERATE_KEYS, done, requirements.size()));
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Returns the ids of the sets of evaluation keys that were made for these parameters. */
  public synchronized List<String> keySetIds(Parameters parameters) {
    requireOpen();
    try (Locked lock = new Locked(folder)) {
      return new KeyFolder(home(parameters), parameters).setIds();
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Opens the file of one evaluation key for reading. */
  public FileChannel openKey(Parameters parameters, String sha256) {
    requireOpen();
    try {
      return new KeyFolder(home(parameters), parameters).open(sha256);
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Deletes an evaluation key's file, whose bytes are not those of its name; the next use makes another key. */
  public synchronized void discardKey(Parameters parameters, String sha256) {
    try (Locked lock = new Locked(folder)) {
      new KeyFolder(home(parameters), parameters).discard(sha256);
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Work on files of the ring. */
  interface FileWork {
    void run() throws IOException;
  }

  /** Does something to the ring's files that no other thread or process may do at the same time. */
  void locked(FileWork work) {
    try (Locked lock = new Locked(folder)) {
      work.run();
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Writes what another folder needs to go on with this ring's secret keys. */
  public synchronized void backUp(Path file) {
    requireOpen();
    if (temporary) {
      throw new KeyRingException("this key ring is in memory only", "Back up a key ring in a folder.", null);
    }
    locked(() -> KeyBackup.write(folder, file));
  }

  /** Opens every sealed secret once, so that what was altered is found now. */
  void requireSecrets() throws IOException {
    List<Path> homes;
    try (Stream<Path> all = Files.list(folder)) {
      homes = all.filter(home -> Files.exists(home.resolve(SECRET_KEY))).toList();
    }
    for (Path home : homes) {
      Path file = home.resolve(SECRET_KEY);
      Arrays.fill(vault.open(file, home.getFileName().toString(), Files.readAllBytes(file)), (byte) 0);
    }
  }

  /** Forgets the secret key of these parameters and every key made from it; the next use makes new ones. */
  public synchronized void rotate(Parameters parameters) {
    requireOpen();
    SecretKey key = secretKeys.remove(parameters.hashHex());
    if (key != null) {
      key.close();
    }
    sealedHashes.remove(parameters.hashHex());
    try (Locked lock = new Locked(folder)) {
      // In one step: a half-deleted folder would leave a public key whose secret key is gone.
      Path gone = folder.resolve(ROTATED + parameters.hashHex());
      PrivateFiles.deleteFolder(gone);
      Files.move(home(parameters), gone, StandardCopyOption.ATOMIC_MOVE);
      deleteRotated(folder);
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /** Forgets every secret key and what was made from it. */
  public synchronized void rotateAll() {
    requireOpen();
    closeAll(secretKeys.values().iterator(), null);
    secretKeys.clear();
    sealedHashes.clear();
    locked(() -> {
      List<Path> homes;
      try (Stream<Path> all = Files.list(folder)) {
        homes = all.filter(home -> home.getFileName().toString().matches("[0-9a-f]{64}")).toList();
      }
      for (Path home : homes) {
        Path gone = folder.resolve(ROTATED + home.getFileName());
        PrivateFiles.deleteFolder(gone);
        Files.move(home, gone, StandardCopyOption.ATOMIC_MOVE);
      }
      deleteRotated(folder);
    });
  }

  private static void deleteRotated(Path folder) throws IOException {
    List<Path> rotated;
    try (Stream<Path> all = Files.list(folder)) {
      rotated = all.filter(f -> f.getFileName().toString().startsWith(ROTATED)).toList();
    }
    for (Path gone : rotated) {
      PrivateFiles.deleteFolder(gone);
    }
  }

  /**
   * Closes the keys.
   *
   * @throws IllegalStateException if a call is using one; everything else is closed then, and closing again closes that too
   */
  @Override
  public synchronized void close() {
    boolean first = !closed;
    closed = true;
    RuntimeException failure = closeAll(secretKeys.values().iterator(), null);
    if (secretKeys.isEmpty()) {
      failure = closeAll(contexts.values().iterator(), failure);
    }
    if (first && vault != null) {
      vault.close();
    }
    if (first && temporary) {
      try {
        PrivateFiles.deleteFolder(folder);
        Runtime.getRuntime().removeShutdownHook(atExit);
      } catch (IOException e) {
        failure = failure == null ? failed(folder, e) : failure;
      } catch (IllegalStateException e) {
        // The process is ending, and the hook has run or will.
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Closes and removes what can be closed; returns the first failure. */
  private static RuntimeException closeAll(Iterator<? extends NativeObject> objects, RuntimeException failure) {
    RuntimeException first = failure;
    while (objects.hasNext()) {
      try {
        objects.next().close();
        objects.remove();
      } catch (RuntimeException e) {
        first = first == null ? e : first;
      }
    }
    return first;
  }

  private Path home(Parameters parameters) throws IOException {
    Path home = folder.resolve(parameters.hashHex());
    PrivateFiles.makeFolder(home);
    return home;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("key ring " + folder + " is closed");
    }
  }

  /** Deletes what may still be written to by threads that end with the process: what comes after the last attempt is no secret. */
  static void deleteQuietly(Path folder) {
    for (int attempt = 0; attempt < 10 && Files.exists(folder); attempt++) {
      try {
        PrivateFiles.deleteFolder(folder);
      } catch (IOException | UncheckedIOException e) {
        LockSupport.parkNanos(20_000_000);
      }
    }
  }

  /** What went wrong in words: the class of a failure of one file says it, that of others says nothing. */
  private static String reason(IOException e) {
    boolean ofOneFile = e instanceof FileSystemException system && system.getReason() == null || e.getMessage() == null;
    return ofOneFile ? e.toString() : e.getMessage();
  }

  private static KeyRingException failed(Path folder, IOException e) {
    return new KeyRingException(
        "key ring " + folder + ": " + reason(e), "Check that the folder can be read and written and that the disk is not full.", e);
  }

  /** Holds the folder against other threads and processes. */
  private static final class Locked implements AutoCloseable {
    private static final Map<Path, Object> OWNERS = new HashMap<>();

    private final Path file;
    private final FileChannel channel;
    private final FileLock lock;

    Locked(Path folder) throws IOException {
      file = folder.toRealPath().resolve("lock");
      synchronized (OWNERS) {
        boolean interrupted = false;
        while (OWNERS.containsKey(file)) {
          try {
            OWNERS.wait();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        OWNERS.put(file, this);
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
      FileChannel opened = null;
      try {
        opened = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        lock = opened.lock();
        channel = opened;
      } catch (IOException | RuntimeException e) {
        if (opened != null) {
          opened.close();
        }
        release();
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      try {
        lock.release();
        channel.close();
      } finally {
        release();
      }
    }

    private void release() {
      synchronized (OWNERS) {
        OWNERS.remove(file);
        OWNERS.notifyAll();
      }
    }
  }
}
