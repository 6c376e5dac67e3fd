// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.KeyBackup;
import dev.tacet.client.internal.KeyRingFiles;
import dev.tacet.he.Context;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Parameters;
import dev.tacet.he.PublicKey;
import dev.tacet.he.secret.SecretKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * The keys of one owner: for each parameter set one secret key and what was made from it. On disk secret keys are sealed under
 * a passphrase (files of mode 0600, written atomically); without a folder they exist in locked memory only. Safe to use from many
 * threads and, on disk, many processes.
 */
public final class KeyRing implements AutoCloseable {
  private final KeyRingFiles files;

  private KeyRing(KeyRingFiles files) {
    this.files = files;
  }

  /**
   * Opens the key ring in a folder, or starts one there.
   *
   * @param passphrase not empty; the caller may wipe it afterwards
   * @throws WrongPassphraseException if the passphrase does not open the ring
   * @throws KeyRingException if the folder cannot be used or a file is damaged
   */
  public static KeyRing open(Path folder, char[] passphrase) {
    return new KeyRing(KeyRingFiles.open(folder, passphrase));
  }

  /** Makes a key ring that ends with this object: its secret keys are on no disk. */
  public static KeyRing inMemory() {
    return new KeyRing(KeyRingFiles.temporary());
  }

  /** Returns the context of these parameters, shared by everything from this ring and closed with it. */
  public Context context(Parameters parameters) {
    return files.context(parameters);
  }

  /** Returns the secret key of these parameters, made when there is none yet; closed with this ring. */
  public SecretKey secretKey(Parameters parameters) {
    return files.secretKey(parameters);
  }

  /** Returns the public key of these parameters, the same each time; the caller closes it. */
  public PublicKey publicKey(Parameters parameters) {
    return files.publicKey(parameters);
  }

  /**
   * Returns a set of just these evaluation keys, making those that are not there yet.
   *
   * @param requirements as in the signature
   */
  public KeyManifest evaluationKeys(
      Parameters parameters, Collection<KeyRequirement> requirements, ProgressListener progress) {
    return files.evaluationKeys(parameters, requirements, progress);
  }

  /**
   * Reads the EVALUATION_KEY blob of an entry of {@link #evaluationKeys}, in direct memory.
   *
   * @throws KeyRingException if the file cannot be read
   */
  public ByteBuffer evaluationKey(Parameters parameters, KeyManifest.Entry entry) {
    try (FileChannel channel = files.openKey(parameters, entry.sha256())) {
      ByteBuffer blob = ByteBuffer.allocateDirect(Math.toIntExact(entry.bytes()));
      while (blob.hasRemaining() && channel.read(blob) >= 0) {
        continue;
      }
      return blob.flip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the ids of the sets of evaluation keys that this ring made for these parameters. */
  public List<String> keySetIds(Parameters parameters) {
    return files.keySetIds(parameters);
  }

  /**
   * Writes everything that this ring needs to go on elsewhere to one file: secret keys, as sealed as they are here, public keys and
   * pinned signatures. Evaluation keys are left out: they are made anew.
   *
   * @throws KeyRingException if this ring is in memory only, or the file cannot be written
   */
  public void backUp(Path file) {
    files.backUp(file);
  }

  /**
   * Makes a key ring of a backup.
   *
   * @param folder must not exist, or be empty
   * @throws WrongPassphraseException if the passphrase does not open it; nothing is written then
   * @throws KeyRingException if the backup is damaged, or the folder cannot be used; nothing is left behind then
   */
  public static void restore(Path file, Path folder, char[] passphrase) {
    KeyBackup.restore(file, folder, passphrase);
  }

  /**
   * Forgets the secret key of these parameters and every key made from it; the next use makes new ones. Answers to rows encrypted
   * before can no longer be decrypted.
   */
  public void rotate(Parameters parameters) {
    files.rotate(parameters);
  }

  @Override
  public void close() {
    files.close();
  }

  KeyRingFiles files() {
    return files;
  }
}
