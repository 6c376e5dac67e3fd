// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import javax.security.auth.x500.X500Principal;

/**
 * Certificates and keys for tests, as PEM files. Written here in DER: a process of keytool for each step takes most of a second, and a
 * library for them would change, by being there, how the server reads keys.
 */
final class TestCertificates {
  private static final int BOOLEAN = 0x01;
  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int OCTETS = 0x04;
  private static final int OBJECT_IDENTIFIER = 0x06;
  private static final int UTC_TIME = 0x17;
  private static final int SEQUENCE = 0x30;

  /** 1.2.840.10045.4.3.2. */
  private static final byte[] ECDSA_WITH_SHA256 =
      der(SEQUENCE, der(OBJECT_IDENTIFIER, new byte[] {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 4, 3, 2}));

  private final Path folder;
  private int made;

  TestCertificates(Path folder) {
    this.folder = folder;
  }

  /**
   * A certificate with its key.
   *
   * @param chain PEM, the certificate and its issuer
   * @param key PEM, PKCS#8
   */
  record Pair(Path chain, Path key, X509Certificate certificate, PrivateKey privateKey) {}

  /** Makes a self-signed certificate for 127.0.0.1; it may sign others. */
  Pair selfSigned(String name) throws Exception {
    return issue(null, name, "CN=" + name);
  }

  /** Makes a certificate for a subject that an authority signed. */
  Pair signedBy(Pair authority, String name, String subject) throws Exception {
    return issue(authority, name, subject);
  }

  /** As {@link #signedBy}, for 127.0.0.1 or another address, valid until an instant. */
  Pair signedBy(Pair authority, String name, InetAddress address, Instant until) throws Exception {
    return issue(authority, name, "CN=" + name, address, until);
  }

  private Pair issue(Pair authority, String name, String subject) throws Exception {
    return issue(authority, name, subject, InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), Instant.now().plus(Duration.ofDays(2)));
  }

  private Pair issue(Pair authority, String name, String subject, InetAddress address, Instant until) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    KeyPair pair = generator.generateKeyPair();
    X500Principal holder = new X500Principal(subject);
    X500Principal issuer = authority == null ? holder : authority.certificate().getSubjectX500Principal();
    byte[] body = body(issuer, holder, pair.getPublic().getEncoded(), address, until);
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(authority == null ? pair.getPrivate() : authority.privateKey());
    signature.update(body);
    byte[] whole = der(SEQUENCE, body, ECDSA_WITH_SHA256, der(BIT_STRING, new byte[1], signature.sign()));
    X509Certificate certificate =
        (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(whole));
    String chain = pem("CERTIFICATE", certificate.getEncoded());
    if (authority != null) {
      chain += pem("CERTIFICATE", authority.certificate().getEncoded());
    }
    return new Pair(
        Files.writeString(folder.resolve(name + ".crt"), chain),
        Files.writeString(folder.resolve(name + ".key"), pem("PRIVATE KEY", pair.getPrivate().getEncoded())), certificate,
        pair.getPrivate());
  }

  /** What is signed (RFC 5280, TBSCertificate): version 3, since some days, basic constraints CA and an address. */
  private byte[] body(X500Principal issuer, X500Principal holder, byte[] publicKey, InetAddress host, Instant until) {
    DateTimeFormatter time = DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);
    Instant now = Instant.now();
    byte[] from = time.format(now.minus(Duration.ofDays(5))).getBytes(StandardCharsets.US_ASCII);
    byte[] to = time.format(until).getBytes(StandardCharsets.US_ASCII);
    byte[] authority = der(SEQUENCE, extension(19), der(BOOLEAN, new byte[] {-1}), der(OCTETS, der(SEQUENCE, der(BOOLEAN, new byte[] {-1}))));
    byte[] address = der(SEQUENCE, extension(17), der(OCTETS, der(SEQUENCE, der(0x87, host.getAddress()))));
    return der(
        SEQUENCE, der(0xa0, der(INTEGER, new byte[] {2})), der(INTEGER, BigInteger.valueOf(now.toEpochMilli() * 256 + ++made).toByteArray()),
        ECDSA_WITH_SHA256, issuer.getEncoded(), der(SEQUENCE, der(UTC_TIME, from), der(UTC_TIME, to)), holder.getEncoded(), publicKey,
        der(0xa3, der(SEQUENCE, authority, address)));
  }

  /** The object identifier 2.5.29.number. */
  private static byte[] extension(int number) {
    return der(OBJECT_IDENTIFIER, new byte[] {0x55, 0x1d, (byte) number});
  }

  /** One DER element: tag, length, contents. */
  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream contents = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      contents.writeBytes(part);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    int length = contents.size();
    if (length < 0x80) {
      out.write(length);
    } else if (length < 0x100) {
      out.write(0x81);
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >> 8);
      out.write(length);
    }
    out.writeBytes(contents.toByteArray());
    return out.toByteArray();
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END "
        + kind + "-----\n";
  }
}
