// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.CallFailedException;
import dev.tacet.client.Credentials;
import dev.tacet.client.HostUnreachableException;
import dev.tacet.client.TacetClient;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Client certificates, and certificates that change under a running server, against the published client. */
class MutualTlsTest {
  @TempDir Path folder;
  private TestCertificates made;
  private TestCertificates.Pair server;
  private TestCertificates.Pair authority;

  @BeforeEach
  void make() throws Exception {
    made = new TestCertificates(folder);
    server = made.selfSigned("server");
    authority = made.selfSigned("authority");
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
  }

  private String yaml(boolean required) {
    return "tls: {certificate: " + server.chain() + ", key: " + server.key() + ", client-authorities: " + authority.chain()
        + ", client-required: " + required + "}\nidentity:\n  api-keys: " + folder.resolve("keys.yaml")
        + "\n  certificates:\n  - {subject: \"CN=lab-1, O=Lab\", tenant: lab, roles: [predict]}\n"
        + "tenants:\n- {name: lab, models: [square]}\n- {name: rival, models: [none]}\n";
  }

  private int modelsSeen(ConfiguredHost host, Credentials credentials) {
    try (TacetClient client =
        TacetClient.builder(host.uri).trustCertificates(server.chain()).credentials(credentials).deadline(Duration.ofSeconds(20)).build()) {
      return client.models().size();
    }
  }

  @Test
  void aCertificateStandsForItsTenantAndAHeaderGoesBeforeIt() throws Exception {
    String key = new ApiKeyFile(folder.resolve("keys.yaml")).issue("rival-1", "rival", Set.of("predict"), null);
    TestCertificates.Pair lab = made.signedBy(authority, "lab", "CN=lab-1, O=Lab");
    TestCertificates.Pair other = made.signedBy(authority, "other", "CN=lab-1, O=Other");
    TestCertificates.Pair forged = made.signedBy(made.selfSigned("forger"), "forged", "CN=lab-1, O=Lab");
    Credentials stranger = Credentials.none().withCertificate(forged.chain(), forged.key());
    Credentials mine = Credentials.none().withCertificate(lab.chain(), lab.key());
    try (ConfiguredHost host = new ConfiguredHost(folder, yaml(false))) {
      assertEquals(1, modelsSeen(host, mine));
      assertEquals(0, modelsSeen(host, Credentials.apiKey(key)));
      assertEquals(0, modelsSeen(host, Credentials.apiKey(key).withCertificate(lab.chain(), lab.key())));
      for (Credentials bad : new Credentials[] {
          Credentials.none(), Credentials.none().withCertificate(other.chain(), other.key()), stranger,
          Credentials.apiKey(key.replace("rival-1", "rival-2")).withCertificate(lab.chain(), lab.key())}) {
        assertEquals("UNAUTHENTICATED", assertThrows(CallFailedException.class, () -> modelsSeen(host, bad)).reason());
      }
    }
    Path second = Files.createDirectories(folder.resolve("second"));
    try (ConfiguredHost host = new ConfiguredHost(second, yaml(true))) {
      assertThrows(HostUnreachableException.class, () -> modelsSeen(host, Credentials.apiKey(key)), "no certificate, no connection");
      assertThrows(HostUnreachableException.class, () -> modelsSeen(host, stranger), "nor with one of another authority");
      assertEquals(0, modelsSeen(host, mine), "the models folder of this host is empty");
    }
  }

  @Test
  void aCertificateThatChangesIsUsedByNewConnectionsOnceItIsWholeAndRight() throws Exception {
    String key = new ApiKeyFile(folder.resolve("keys.yaml")).issue("lab-1", "lab", Set.of("predict"), null);
    TestCertificates.Pair next = made.selfSigned("next");
    try (ConfiguredHost host = new ConfiguredHost(folder, yaml(false))) {
      try (TacetClient standing =
          TacetClient.builder(host.uri).trustCertificates(server.chain()).credentials(Credentials.apiKey(key)).build()) {
        assertEquals(1, standing.models().size());
        assertEquals("CN=server", shown(host.uri));
        replace(next.chain(), server.chain());
        Thread.sleep(2500);
        assertEquals("CN=server", shown(host.uri), "a certificate without its key is not used");
        replace(next.key(), server.key());
        Instant end = Instant.now().plusSeconds(20);
        while (!shown(host.uri).equals("CN=next") && Instant.now().isBefore(end)) {
          Thread.sleep(100);
        }
        assertEquals("CN=next", shown(host.uri));
        assertEquals(1, standing.models().size(), "the connection that stands goes on");
      }
      assertEquals(1, modelsSeen(host, Credentials.apiKey(key)));
    }
  }

  private void replace(Path source, Path target) throws Exception {
    Path copy = Files.copy(source, folder.resolve("copy"), StandardCopyOption.REPLACE_EXISTING);
    Files.move(copy, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** The subject of the certificate that a new connection is shown. */
  private static String shown(URI uri) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustEveryone()}, null);
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(uri.getHost(), uri.getPort())) {
      socket.startHandshake();
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSubjectX500Principal().getName();
    }
  }

  /** Looks at certificates, trusts nothing to anyone: no data is sent over its connections. */
  private static final class TrustEveryone implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Test
  void credentialsAreNotSentWhereTheyCouldBeRead() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> TacetClient.builder(URI.create("http://192.0.2.1:80")).credentials(Credentials.apiKey("tacet_a_b")).build());
    assertTrue(e.getMessage().contains("use https"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> Credentials.apiKey("two\nlines"));
    assertFalse(Credentials.apiKey("tacet_a_b").toString().contains("tacet_a_b"));
  }
}
