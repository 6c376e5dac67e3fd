// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.Credentials;
import dev.tacet.client.TlsFileException;
import dev.tacet.protocol.PemException;
import dev.tacet.protocol.PemFiles;
import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;

/** What a connection over TLS trusts and shows of the client, read from PEM files. */
final class HostTls {
  private HostTls() {}

  /**
   * Returns the credentials of a channel.
   *
   * @param trust certificates to trust instead of the platform's, or null
   * @throws TlsFileException if a file is not what it should be
   */
  static ChannelCredentials credentials(Path trust, Credentials client) {
    try {
      TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
      builder.trustManager(trust == null ? HostTrust.platform() : HostTrust.of(PemFiles.certificates(trust)));
      if (client.certificate().isPresent() && client.privateKey().isPresent()) {
        builder.keyManager(keys(client.certificate().get(), client.privateKey().get()));
      }
      return builder.build();
    } catch (PemException e) {
      throw new TlsFileException(e.getMessage(), e.advice(), e);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("this Java cannot hold certificates in memory", e);
    }
  }

  private static KeyManager[] keys(Path certificate, Path privateKey) throws GeneralSecurityException, IOException {
    List<X509Certificate> chain = PemFiles.certificates(certificate);
    PrivateKey key = PemFiles.privateKey(privateKey);
    PemFiles.requireTogether(certificate, chain.get(0).getPublicKey(), privateKey, key);
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("client", key, new char[0], chain.toArray(new X509Certificate[0]));
    KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }
}
