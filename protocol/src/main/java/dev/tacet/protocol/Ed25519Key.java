// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A key that signs with Ed25519 (RFC 8032), and what others check its signatures with. Files are PEM: PKCS#8 and SubjectPublicKeyInfo. */
public final class Ed25519Key {
  /** Length of a signature. */
  public static final int SIGNATURE_BYTES = 64;

  private static final String ALGORITHM = "Ed25519";

  /** Length of a SubjectPublicKeyInfo of this algorithm. */
  private static final int PUBLIC_BYTES = 44;

  private final PrivateKey privateKey;
  private final byte[] publicKey;

  private Ed25519Key(PrivateKey privateKey, byte[] publicKey) {
    this.privateKey = privateKey;
    this.publicKey = publicKey;
  }

  /** Makes a new key. */
  public static Ed25519Key generate() {
    try {
      KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
      return new Ed25519Key(pair.getPrivate(), pair.getPublic().getEncoded());
    } catch (GeneralSecurityException e) {
      throw missing(e);
    }
  }

  /**
   * Reads what {@link #toPem()} wrote.
   *
   * @throws IllegalArgumentException if it holds no such key, or a public key that is not the private one's; no text of it is repeated
   */
  public static Ed25519Key fromPem(String pem) {
    byte[] encoded = block(pem, "PRIVATE KEY");
    byte[] publicKey = publicKeyFromPem(pem);
    try {
      Ed25519Key key = new Ed25519Key(KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(encoded)), publicKey);
      byte[] trial = {1};
      if (!verifies(publicKey, trial, key.sign(trial))) {
        throw new IllegalArgumentException("the public key beside the private one is another's");
      }
      return key;
    } catch (InvalidKeySpecException e) {
      throw new IllegalArgumentException("the private key is no Ed25519 key in PKCS#8", e);
    } catch (GeneralSecurityException e) {
      throw missing(e);
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  /** Returns private and public key as PEM: secret. */
  public String toPem() {
    byte[] encoded = privateKey.getEncoded();
    try {
      return pem("PRIVATE KEY", encoded) + pem("PUBLIC KEY", publicKey);
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  /** Returns the public key as a SubjectPublicKeyInfo. */
  public byte[] publicKey() {
    return publicKey.clone();
  }

  /** Returns a signature. */
  public byte[] sign(byte[] message) {
    try {
      Signature signature = Signature.getInstance(ALGORITHM);
      signature.initSign(privateKey);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw missing(e);
    }
  }

  /** Tells whether a signature is a public key's signature of a message; any bytes may be given. */
  public static boolean verifies(byte[] publicKey, byte[] message, byte[] signature) {
    if (publicKey.length != PUBLIC_BYTES || signature.length != SIGNATURE_BYTES) {
      return false;
    }
    try {
      Signature check = Signature.getInstance(ALGORITHM);
      check.initVerify(KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(publicKey)));
      check.update(message);
      return check.verify(signature);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** Returns a public key as PEM. */
  public static String publicKeyToPem(byte[] publicKey) {
    return pem("PUBLIC KEY", publicKey);
  }

  /**
   * Reads a public key.
   *
   * @throws IllegalArgumentException if there is none of this algorithm
   */
  public static byte[] publicKeyFromPem(String pem) {
    byte[] encoded = block(pem, "PUBLIC KEY");
    try {
      KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(encoded));
    } catch (InvalidKeySpecException e) {
      throw new IllegalArgumentException("the public key is no Ed25519 key", e);
    } catch (GeneralSecurityException e) {
      throw missing(e);
    }
    return encoded;
  }

  private static String pem(String type, byte[] bytes) {
    return "-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes) + "\n-----END " + type + "-----\n";
  }

  private static byte[] block(String pem, String type) {
    Matcher block = Pattern.compile("-----BEGIN " + type + "-----([A-Za-z0-9+/=\\s]{1,4096})-----END " + type + "-----").matcher(pem);
    if (!block.find()) {
      throw new IllegalArgumentException("there is no block BEGIN " + type);
    }
    try {
      return Base64.getMimeDecoder().decode(block.group(1));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the block " + type + " is no base64", e);
    }
  }

  private static IllegalStateException missing(GeneralSecurityException e) {
    return new IllegalStateException("this Java runtime has no Ed25519", e);
  }
}
