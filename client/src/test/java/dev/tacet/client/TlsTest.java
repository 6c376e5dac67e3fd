// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** https with a certificate that the platform does not know. */
class TlsTest {
  private static final double[] ROW = {0.5, -0.25, 0.75};

  @TempDir static Path folder;
  private static Path certificate;
  private static FakeHost host;

  @BeforeAll
  static void start() throws IOException, InterruptedException, GeneralSecurityException {
    certificate = makeCertificate("server");
    host = new FakeHost(
        TestModel.artifact(), TlsServerCredentials.create(certificate.toFile(), folder.resolve("server.key").toFile()));
  }

  @AfterAll
  static void stop() {
    host.close();
  }

  private static URI https() {
    return URI.create("https://localhost:" + host.uri().getPort());
  }

  @Test
  void aTrustedCertificateCarriesAPrediction() {
    try (TacetClient client = TacetClient.builder(https()).trustCertificates(certificate).build()) {
      assertArrayEquals(TestModel.clear(ROW), client.model(TestModel.NAME).predict(ROW).numbers("scores"), 1e-3);
    }
  }

  @Test
  void aCertificateThatNobodyVouchesForIsRefused() throws Exception {
    try (TacetClient client = TacetClient.connect(https())) {
      assertThrows(HostNotTrustedException.class, () -> client.model(TestModel.NAME));
    }
    Path other = makeCertificate("other");
    try (TacetClient client = TacetClient.builder(https()).trustCertificates(other).build()) {
      assertThrows(HostNotTrustedException.class, () -> client.model(TestModel.NAME));
    }
  }

  @Test
  void aPlainConnectionToATlsPortFails() {
    try (TacetClient client = TacetClient.connect(host.uri())) {
      assertThrows(CallFailedException.class, () -> client.model(TestModel.NAME));
    }
  }

  /** Makes a self-signed certificate for localhost with keytool; returns its PEM file, with the key beside it. */
  private static Path makeCertificate(String name) throws IOException, InterruptedException, GeneralSecurityException {
    Path store = folder.resolve(name + ".p12");
    Path pem = folder.resolve(name + ".pem");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", "host",
                "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost", "-ext", "SAN=dns:localhost,ip:127.0.0.1",
                "-validity", "2", "-storetype", "PKCS12", "-storepass", "changeit", "-keystore", store.toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertEquals(0, keytool.waitFor(), said);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    write(pem, "CERTIFICATE", keys.getCertificate("host").getEncoded());
    write(folder.resolve(name + ".key"), "PRIVATE KEY", keys.getKey("host", "changeit".toCharArray()).getEncoded());
    return pem;
  }

  private static void write(Path file, String type, byte[] der) throws IOException {
    Files.writeString(
        file,
        "-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
            + "\n-----END " + type + "-----\n");
  }
}
