// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.protocol.PemException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  @TempDir Path folder;

  @Test
  void withACertificateThePortSpeaksTlsOnly() throws Exception {
    TestCertificates.Pair made = new TestCertificates(folder).selfSigned("localhost");
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("host", made.certificate());
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext ssl = SSLContext.getInstance("TLS");
    ssl.init(null, trust.getTrustManagers(), null);

    Path models = Files.createDirectories(folder.resolve("models"));
    try (TestHost host = new TestHost(models, folder.resolve("data"), b -> b.tls(made.chain(), made.key()))) {
      assertEquals("https", host.uri.getScheme());
      HttpRequest request = HttpRequest.newBuilder(host.uri.resolve("/healthz")).build();
      HttpResponse<String> answer =
          HttpClient.newBuilder().sslContext(ssl).build().send(request, HttpResponse.BodyHandlers.ofString());
      assertEquals(200, answer.statusCode());
      HttpRequest plain =
          HttpRequest.newBuilder(java.net.URI.create("http://127.0.0.1:" + host.uri.getPort() + "/healthz")).build();
      assertThrows(
          IOException.class, () -> HttpClient.newHttpClient().send(plain, HttpResponse.BodyHandlers.ofString()));
    }
  }

  private String refusedStart(UnaryOperator<TacetServer.Builder> settings) throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    TacetServer.Builder builder = TacetServer.builder().models(models).data(folder.resolve("data")).port(0);
    try (TacetServer server = settings.apply(builder).build()) {
      IOException e = assertThrows(IOException.class, server::start);
      return e.getMessage() + " | " + (e instanceof PemException pem ? pem.advice() : ((StartException) e).advice());
    }
  }

  @Test
  void whatKeepsAServerFromStartingIsNamed() throws Exception {
    Path junk = Files.writeString(folder.resolve("junk.pem"), "-----BEGIN CERTIFICATE-----\nAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n");
    Path missing = folder.resolve("none.pem");
    TestCertificates certificates = new TestCertificates(folder);
    TestCertificates.Pair made = certificates.selfSigned("made");
    TestCertificates.Pair other = certificates.selfSigned("other");
    assertTrue(refusedStart(b -> b.tls(junk, junk)).startsWith(junk + " holds no certificate"));
    assertTrue(refusedStart(b -> b.tls(junk, made.key())).startsWith(junk + " holds no certificate"));
    String noKey = refusedStart(b -> b.tls(made.chain(), junk));
    assertTrue(noKey.startsWith(junk + " holds no private key") && noKey.contains("--tls-key"), noKey);
    String apart = refusedStart(b -> b.tls(made.chain(), other.key()));
    assertTrue(apart.startsWith("the private key in " + other.key() + " is not that of the certificate in " + made.chain()), apart);
    assertTrue(refusedStart(b -> b.tls(missing, junk)).startsWith("cannot read certificate " + missing + " | "));
    assertTrue(refusedStart(b -> b.tls(junk, missing)).startsWith("cannot read private key " + missing + " | "));
    assertTrue(refusedStart(b -> b.data(junk)).startsWith("data folder " + junk + " is a file | Name a folder"));
    assertTrue(refusedStart(b -> b.models(missing)).startsWith("models folder " + missing + " does not exist | Name the folder"));
    String stranger = refusedStart(b -> b.host("192.0.2.1"));
    assertTrue(stranger.startsWith("192.0.2.1 is no address of this machine | ") && stranger.contains("--host"), stranger);
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = refusedStart(b -> b.port(taken.getLocalPort()));
      assertTrue(port.startsWith("port " + taken.getLocalPort() + " of 127.0.0.1 is in use | ") && port.contains("--port"), port);
    }
  }
}
