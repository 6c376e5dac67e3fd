// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.KeyRingException;
import dev.tacet.client.WrongPassphraseException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encryption at rest of a key ring: a random 256-bit data key, wrapped under a key derived from the passphrase
 * (PBKDF2-HMAC-SHA512, 600,000 rounds, three times OWASP's 2023 advice), seals the secret keys with AES-256-GCM.
 *
 * <p>The ring file: {@code 'T' 'R' 'N' 'G' | u8 version 1 | u32 rounds | 16-byte salt | 12-byte nonce | 48-byte wrapped key},
 * big endian; the bytes before the wrapped key are authenticated with it. A sealed secret: {@code 12-byte nonce | ciphertext and
 * tag}, with the name of the secret authenticated.
 */
final class Vault implements AutoCloseable {
  static final int DEFAULT_ROUNDS = 600_000;
  static final int MIN_ROUNDS = 100_000;
  private static final int MAX_ROUNDS = 10_000_000;
  private static final int MAGIC = 'T' << 24 | 'R' << 16 | 'N' << 8 | 'G';
  private static final int HEADER = 4 + 1 + 4 + 16 + 12;
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] dataKey;

  private Vault(byte[] dataKey) {
    this.dataKey = dataKey;
  }

  /** Returns a vault with a fresh data key that no file holds. */
  static Vault unsaved() {
    return new Vault(random(32));
  }

  /** Returns the bytes of a ring file for this vault under a passphrase. */
  byte[] lock(char[] passphrase, int rounds) {
    byte[] salt = random(16);
    byte[] nonce = random(NONCE);
    ByteBuffer out = ByteBuffer.allocate(HEADER + 48);
    out.putInt(MAGIC).put((byte) 1).putInt(rounds).put(salt).put(nonce);
    byte[] header = Arrays.copyOf(out.array(), HEADER);
    byte[] key = derive(passphrase, salt, rounds);
    try {
      out.put(crypt(Cipher.ENCRYPT_MODE, key, nonce, header, dataKey));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no AES-256-GCM", e);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
    return out.array();
  }

  /**
   * Opens a ring file.
   *
   * @throws KeyRingException if it is not one
   * @throws WrongPassphraseException if the passphrase does not open it
   */
  static Vault unlock(Path file, byte[] bytes, char[] passphrase) {
    if (bytes.length != HEADER + 48) {
      throw damaged(file, "has " + bytes.length + " bytes, must have " + (HEADER + 48));
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int magic = in.getInt();
    int version = in.get();
    int rounds = in.getInt();
    if (magic != MAGIC || version != 1) {
      throw damaged(file, String.format("starts with %08x version %d, not with TRNG version 1", magic, version));
    }
    if (rounds < MIN_ROUNDS || rounds > MAX_ROUNDS) {
      throw damaged(file, "asks for " + rounds + " rounds, accepted are " + MIN_ROUNDS + ".." + MAX_ROUNDS);
    }
    byte[] salt = new byte[16];
    byte[] nonce = new byte[NONCE];
    in.get(salt).get(nonce);
    byte[] key = derive(passphrase, salt, rounds);
    try {
      byte[] wrapped = Arrays.copyOfRange(bytes, HEADER, bytes.length);
      return new Vault(crypt(Cipher.DECRYPT_MODE, key, nonce, Arrays.copyOf(bytes, HEADER), wrapped));
    } catch (AEADBadTagException e) {
      throw new WrongPassphraseException("the passphrase does not open key ring " + file + ", or the file is damaged", e);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no AES-256-GCM", e);
    } finally {
      Arrays.fill(key, (byte) 0);
    }
  }

  /** Seals a secret under a name. */
  byte[] seal(String name, byte[] secret) {
    byte[] nonce = random(NONCE);
    try {
      byte[] sealed = crypt(Cipher.ENCRYPT_MODE, dataKey, nonce, aad(name), secret);
      return ByteBuffer.allocate(NONCE + sealed.length).put(nonce).put(sealed).array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no AES-256-GCM", e);
    }
  }

  /**
   * Opens a sealed secret; the caller wipes it.
   *
   * @throws KeyRingException if it was altered, sealed under another name, or by another ring
   */
  byte[] open(Path file, String name, byte[] sealed) {
    if (sealed.length < NONCE + TAG_BITS / 8) {
      throw damaged(file, "has " + sealed.length + " bytes, needs at least " + (NONCE + TAG_BITS / 8));
    }
    try {
      byte[] nonce = Arrays.copyOf(sealed, NONCE);
      return crypt(Cipher.DECRYPT_MODE, dataKey, nonce, aad(name), Arrays.copyOfRange(sealed, NONCE, sealed.length));
    } catch (AEADBadTagException e) {
      throw damaged(file, "was altered, or belongs to another key ring or other parameters");
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no AES-256-GCM", e);
    }
  }

  @Override
  public void close() {
    Arrays.fill(dataKey, (byte) 0);
  }

  private static KeyRingException damaged(Path file, String what) {
    return new KeyRingException(
        "key file " + file + " " + what, "Restore the file from a backup, or start a new key ring in another folder.", null);
  }

  private static byte[] aad(String name) {
    return ("tacet secret 1 " + name).getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  private static byte[] derive(char[] passphrase, byte[] salt, int rounds) {
    PBEKeySpec spec = new PBEKeySpec(passphrase, salt, rounds, 256);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512").generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no PBKDF2WithHmacSHA512", e);
    } finally {
      spec.clearPassword();
    }
  }

  private static byte[] crypt(int mode, byte[] key, byte[] nonce, byte[] aad, byte[] data) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(aad);
    return cipher.doFinal(data);
  }

  private static byte[] random(int count) {
    byte[] bytes = new byte[count];
    RANDOM.nextBytes(bytes);
    return bytes;
  }
}
