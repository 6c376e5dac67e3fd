// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  @TempDir Path folder;

  private Path pem(String kind, byte[] der) throws IOException {
    String text =
        "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END "
            + kind + "-----\n";
    return Files.writeString(folder.resolve(kind.replace(' ', '-') + ".pem"), text);
  }

  @Test
  void withACertificateThePortSpeaksTlsOnly() throws Exception {
    Path store = folder.resolve("store.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", "host",
                "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost", "-ext", "SAN=ip:127.0.0.1", "-validity", "2",
                "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", "changeit")
            .redirectErrorStream(true)
            .start();
    keytool.getInputStream().readAllBytes();
    assertEquals(0, keytool.waitFor());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    Certificate certificate = keys.getCertificate("host");
    Path chain = pem("CERTIFICATE", certificate.getEncoded());
    Path key = pem("PRIVATE KEY", keys.getKey("host", "changeit".toCharArray()).getEncoded());

    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("host", certificate);
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext ssl = SSLContext.getInstance("TLS");
    ssl.init(null, trust.getTrustManagers(), null);

    Path models = Files.createDirectories(folder.resolve("models"));
    try (TestHost host = new TestHost(models, folder.resolve("data"), b -> b.tls(chain, key))) {
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
    Path junk = pem("CERTIFICATE", new byte[10]);
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
