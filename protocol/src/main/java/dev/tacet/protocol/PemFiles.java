// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Certificates and private keys in PEM files (RFC 7468), read so that whatever is wrong is said of the file it is wrong with. */
public final class PemFiles {
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN ((?:[A-Z]+ )*PRIVATE KEY)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

  /** Algorithms of keys that certificates for TLS have. */
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "EdDSA");

  private PemFiles() {}

  /**
   * Reads the certificates of a file, at least one, in their order.
   *
   * @throws PemException if the file cannot be read, or holds no certificates or a damaged one
   */
  public static List<X509Certificate> certificates(Path file) throws PemException {
    String advice = "Name the PEM file of the certificates: its blocks begin with -----BEGIN CERTIFICATE-----.";
    List<X509Certificate> certificates = new ArrayList<>();
    try {
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(read(file, advice)))) {
        certificates.add((X509Certificate) one);
      }
    } catch (CertificateException e) {
      throw new PemException(file + " holds no certificate that can be read", advice, e);
    }
    if (certificates.isEmpty()) {
      throw new PemException(file + " holds no certificate", advice, null);
    }
    return certificates;
  }

  /**
   * Reads the first private key of a file: PKCS#8, not encrypted.
   *
   * @throws PemException if the file cannot be read, or holds no such key
   */
  public static PrivateKey privateKey(Path file) throws PemException {
    String advice = "Name the PEM file of the private key, PKCS#8: it begins with -----BEGIN PRIVATE KEY-----.";
    byte[] bytes = read(file, advice);
    Matcher block = PRIVATE_KEY.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
    Arrays.fill(bytes, (byte) 0);
    if (!block.find()) {
      throw new PemException(file + " holds no private key", advice, null);
    }
    if (!block.group(1).equals("PRIVATE KEY")) {
      throw new PemException(
          file + " holds an " + block.group(1) + ", which is not PKCS#8 without a passphrase",
          "'openssl pkcs8 -topk8 -nodes -in " + file + "' writes it as PKCS#8.", null);
    }
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(block.group(2));
    } catch (IllegalArgumentException e) {
      throw new PemException(file + " holds a damaged private key", advice, null);
    }
    try {
      for (String algorithm : ALGORITHMS) {
        try {
          return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (InvalidKeySpecException e) {
          continue; // a key of another algorithm, or none
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java lacks an algorithm of every Java", e);
    } finally {
      Arrays.fill(der, (byte) 0);
    }
    throw new PemException(file + " holds no private key of " + String.join(", ", ALGORITHMS), advice, null);
  }

  /**
   * Signs and verifies: what the key signs must be what the certificate vouches for.
   *
   * @throws PemException if it is not; keys of unknown algorithms are left to whoever uses them
   */
  public static void requireTogether(Path certificateFile, PublicKey certified, Path keyFile, PrivateKey key) throws PemException {
    String algorithm =
        switch (certified.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case "Ed25519", "EdDSA" -> "Ed25519";
          default -> null;
        };
    if (algorithm == null) {
      return;
    }
    Throwable failure = null;
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(key);
      signature.update((byte) 1);
      byte[] signed = signature.sign();
      signature.initVerify(certified);
      signature.update((byte) 1);
      if (signature.verify(signed)) {
        return;
      }
    } catch (GeneralSecurityException e) {
      failure = e;
    }
    throw new PemException(
        "the private key in " + keyFile + " is not that of the certificate in " + certificateFile,
        "Name the two files that were made together; the chain begins with the certificate of the key.", failure);
  }

  private static byte[] read(Path file, String advice) throws PemException {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new PemException("no such file: " + file, advice, e);
    } catch (IOException e) {
      throw new PemException("cannot read " + file + ": " + e.getMessage(), advice, e);
    }
  }
}
