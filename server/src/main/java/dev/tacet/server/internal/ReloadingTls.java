// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.common.TlsProvider;
import com.linecorp.armeria.server.ServerTlsConfig;
import dev.tacet.server.internal.config.FileWatch;
import dev.tacet.server.internal.config.Settings;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/**
 * The port's certificate, key and client authorities, read again when their files change. New connections get the new ones; those
 * that stand go on. A pair that does not belong together is never used.
 */
public final class ReloadingTls implements TlsProvider {
  private record Material(TlsKeyPair pair, List<X509Certificate> authorities) {}

  private final Supplier<Material> current;
  private final ClientAuth clientAuth;

  private ReloadingTls(Supplier<Material> current, ClientAuth clientAuth) {
    this.current = current;
    this.clientAuth = clientAuth;
  }

  /**
   * Reads the files.
   *
   * @throws IOException if they cannot be used for TLS, with the reason
   */
  public static ReloadingTls open(Settings.Tls tls, FileWatch watch) throws IOException {
    List<Path> files = new ArrayList<>(List.of(tls.certificate(), tls.key()));
    tls.clientAuthorities().ifPresent(files::add);
    ClientAuth auth =
        tls.clientAuthorities().isEmpty() ? ClientAuth.NONE : tls.clientRequired() ? ClientAuth.REQUIRE : ClientAuth.OPTIONAL;
    return new ReloadingTls(watch.watch("certificate " + tls.certificate(), files, () -> read(tls)), auth);
  }

  private static Material read(Settings.Tls tls) throws IOException {
    for (Path file : new Path[] {tls.certificate(), tls.key()}) {
      if (!Files.isReadable(file)) {
        throw new IOException("cannot read " + (file == tls.certificate() ? "certificate " : "private key ") + file);
      }
    }
    TlsKeyPair pair;
    try {
      pair = TlsKeyPair.of(tls.key().toFile(), tls.certificate().toFile());
      requireTogether(pair.privateKey(), pair.certificateChain().get(0).getPublicKey());
      SslContextBuilder.forServer(pair.privateKey(), pair.certificateChain()).build();
    } catch (IllegalArgumentException | GeneralSecurityException | SSLException e) {
      throw new IOException(
          "certificate " + tls.certificate() + " with private key " + tls.key() + " cannot be used for TLS: " + e.getMessage(), e);
    }
    return new Material(pair, tls.clientAuthorities().isEmpty() ? List.of() : certificates(tls.clientAuthorities().get()));
  }

  /** Signs and verifies: what the key signs must be what the certificate vouches for. */
  private static void requireTogether(PrivateKey key, PublicKey certified) throws GeneralSecurityException {
    String algorithm =
        switch (certified.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          case "Ed25519", "EdDSA" -> "Ed25519";
          default -> null;
        };
    if (algorithm == null) {
      return; // the TLS engine judges what it does not know
    }
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update((byte) 1);
    byte[] signed = signature.sign();
    signature.initVerify(certified);
    signature.update((byte) 1);
    if (!signature.verify(signed)) {
      throw new GeneralSecurityException("the private key is not that of the certificate");
    }
  }

  private static List<X509Certificate> certificates(Path file) throws IOException {
    List<X509Certificate> list = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file)) {
      for (Certificate certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
        list.add((X509Certificate) certificate);
      }
    } catch (CertificateException e) {
      throw new IOException("client authorities in " + file + " cannot be read: " + e.getMessage(), e);
    }
    if (list.isEmpty()) {
      throw new IOException("client authorities in " + file + ": there is no certificate");
    }
    return list;
  }

  @Override
  public TlsKeyPair keyPair(String hostname) {
    return current.get().pair();
  }

  @Override
  public List<X509Certificate> trustedCertificates(String hostname) {
    List<X509Certificate> authorities = current.get().authorities();
    return authorities.isEmpty() ? null : authorities;
  }

  /** Returns how clients are asked for certificates. */
  ServerTlsConfig config() {
    return ServerTlsConfig.builder().clientAuth(clientAuth).build();
  }
}
