// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
      return assertThrows(IOException.class, server::start).getMessage();
    }
  }

  @Test
  void whatKeepsAServerFromStartingIsNamed() throws IOException {
    Path junk = Files.writeString(folder.resolve("junk.pem"), "-----BEGIN CERTIFICATE-----\nAAAAAAAAAAAAAA==\n-----END CERTIFICATE-----\n");
    Path missing = folder.resolve("none.pem");
    String unusable = refusedStart(b -> b.tls(junk, junk));
    assertTrue(unusable.contains(junk.toString()) && unusable.contains("TLS"), unusable);
    assertEquals("cannot read certificate " + missing, refusedStart(b -> b.tls(missing, junk)));
    assertEquals("cannot read private key " + missing, refusedStart(b -> b.tls(junk, missing)));
    assertEquals("data folder " + junk + " is a file", refusedStart(b -> b.data(junk)));
    assertEquals("models folder " + missing + " does not exist", refusedStart(b -> b.models(missing)));
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = refusedStart(b -> b.port(taken.getLocalPort()));
      assertTrue(port.startsWith("cannot listen on 127.0.0.1:" + taken.getLocalPort()), port);
    }
  }
}
