// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import com.linecorp.armeria.common.TlsKeyPair;
import com.linecorp.armeria.common.TlsProvider;
import com.linecorp.armeria.server.ServerTlsConfig;
import dev.tacet.protocol.PemException;
import dev.tacet.protocol.PemFiles;
import dev.tacet.server.internal.config.FileWatch;
import dev.tacet.server.internal.config.Settings;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
    require("certificate", "--tls-certificate", tls.certificate());
    require("private key", "--tls-key", tls.key());
    TlsKeyPair pair = pair(tls);
    PemFiles.requireTogether(tls.certificate(), pair.certificateChain().get(0).getPublicKey(), tls.key(), pair.privateKey());
    try {
      SslContextBuilder.forServer(pair.privateKey(), pair.certificateChain()).build();
    } catch (IllegalArgumentException | SSLException e) {
      throw new PemException(
          "certificate " + tls.certificate() + " with private key " + tls.key() + " cannot be used for TLS: " + e.getMessage(),
          "Have a certificate issued with a key of RSA or of the curve P-256.", e);
    }
    return new Material(pair, tls.clientAuthorities().isEmpty() ? List.of() : PemFiles.certificates(tls.clientAuthorities().get()));
  }

  private static void require(String what, String option, Path file) throws PemException {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      throw new PemException("cannot read " + what + " " + file, "Name a PEM file that this user may read (" + option + ").", null);
    }
  }

  /** Reads the pair in all forms that the web server knows. */
  private static TlsKeyPair pair(Settings.Tls tls) throws PemException {
    try {
      return TlsKeyPair.of(tls.key().toFile(), tls.certificate().toFile());
    } catch (IllegalArgumentException e) {
      PemFiles.certificates(tls.certificate()); // which of the two it is
      throw new PemException(
          tls.key() + " holds no private key that can be read",
          "Name the PEM file of the certificate's private key, without a passphrase (--tls-key).", e);
    }
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
