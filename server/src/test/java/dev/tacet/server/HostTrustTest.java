// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.CallFailedException;
import dev.tacet.client.Credentials;
import dev.tacet.client.HostNotTrustedException;
import dev.tacet.client.HostUnreachableException;
import dev.tacet.client.TacetClient;
import dev.tacet.client.TacetException;
import dev.tacet.client.TlsFileException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the published client says of a host that does not prove who it is, and of files that prove nothing. */
class HostTrustTest {
  @TempDir Path folder;
  private TestCertificates made;
  private TestCertificates.Pair server;
  private TestCertificates.Pair authority;

  @BeforeEach
  void make() throws Exception {
    made = new TestCertificates(folder);
    server = made.selfSigned("server");
    authority = made.selfSigned("authority");
  }

  private <E extends TacetException> String refused(Class<E> type, URI uri, Path trust) {
    TacetClient.Builder builder = TacetClient.builder(uri);
    if (trust != null) {
      builder.trustCertificates(trust);
    }
    try (TacetClient client = builder.build()) {
      E e = assertThrows(type, client::models);
      return e.getMessage() + " | " + e.advice();
    }
  }

  @FunctionalInterface
  private interface Greeting {
    void to(Socket caller) throws IOException;
  }

  /** A port that greets every caller alike, and speaks no further: how connections begin is all that is tried here. */
  private static final class Port implements AutoCloseable {
    final ServerSocket socket;

    Port(ServerSocket socket, Greeting greeting) {
      this.socket = socket;
      Thread thread = new Thread(() -> {
        while (!socket.isClosed()) {
          try (Socket caller = socket.accept()) {
            greeting.to(caller);
          } catch (IOException e) {
            continue; // the caller left, or the port is closed
          }
        }
      });
      thread.setDaemon(true);
      thread.start();
    }

    static Port plain(Greeting greeting) throws IOException {
      return new Port(new ServerSocket(0, 4, InetAddress.getByName("127.0.0.1")), greeting);
    }

    static Port tls(TestCertificates.Pair pair) throws Exception {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("host", pair.privateKey(), new char[0], new X509Certificate[] {pair.certificate()});
      KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, new char[0]);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      ServerSocket socket = context.getServerSocketFactory().createServerSocket(0, 4, InetAddress.getByName("127.0.0.1"));
      return new Port(socket, caller -> {
        SSLSocket ssl = (SSLSocket) caller;
        SSLParameters parameters = ssl.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        ssl.setSSLParameters(parameters);
        ssl.startHandshake();
      });
    }

    URI uri(String scheme) {
      return URI.create(scheme + "://127.0.0.1:" + socket.getLocalPort());
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void whyAHostIsNotTrustedIsTold() throws Exception {
    Instant past = Instant.now().minus(Duration.ofDays(1)).truncatedTo(ChronoUnit.SECONDS);
    TestCertificates.Pair expired = made.signedBy(authority, "expired", InetAddress.getByName("127.0.0.1"), past);
    TestCertificates.Pair elsewhere =
        made.signedBy(authority, "elsewhere", InetAddress.getByName("192.0.2.1"), Instant.now().plus(Duration.ofDays(1)));
    try (Port port = Port.tls(server)) {
      for (Path trust : new Path[] {null, authority.chain()}) {
        String untrusted = refused(HostNotTrustedException.class, port.uri("https"), trust);
        assertTrue(untrusted.contains("not trusted: its issuer is CN=server | ") && untrusted.contains("--trust FILE"), untrusted);
      }
    }
    try (Port port = Port.tls(expired)) {
      String old = refused(HostNotTrustedException.class, port.uri("https"), authority.chain());
      assertTrue(old.contains("CN=expired, expired on " + past) && old.contains("valid certificate"), old);
    }
    try (Port port = Port.tls(elsewhere)) {
      String named = refused(HostNotTrustedException.class, port.uri("https"), authority.chain());
      assertTrue(named.contains("for other names than that of the address: 192.0.2.1 | Use a name"), named);
    }
  }

  @Test
  void theOtherSchemeIsSuggestedWhereOneSideAloneSpeaksTls() throws Exception {
    try (Port port = Port.plain(caller -> {
      caller.getInputStream().read();
      caller.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      caller.shutdownOutput();
      caller.getInputStream().readAllBytes();
    })) {
      String plain = refused(HostUnreachableException.class, port.uri("https"), authority.chain());
      assertEquals("what listens at the address does not speak TLS | Check the address: a host without TLS is reached by http://.", plain);
    }
    for (boolean reset : new boolean[] {false, true}) {
      try (Port port = Port.plain(caller -> caller.setSoLinger(reset, 0))) {
        String closed = refused(HostUnreachableException.class, port.uri("http"), null);
        assertTrue(closed.startsWith("the connection was closed or reset") && closed.contains("https://"), closed);
      }
    }
  }

  @Test
  void filesThatAreNoCertificatesOrKeysAreNamed() throws Exception {
    TestCertificates.Pair lab = made.signedBy(authority, "lab", "CN=lab");
    Path junk = Files.writeString(folder.resolve("junk"), "a;b");
    URI https = URI.create("https://127.0.0.1:1");
    List<Path[]> pairs = List.of(new Path[] {junk, lab.key()}, new Path[] {lab.chain(), junk}, new Path[] {lab.key(), lab.key()});
    for (Path[] pair : pairs) {
      TlsFileException e = assertThrows(TlsFileException.class,
          () -> TacetClient.builder(https).credentials(Credentials.none().withCertificate(pair[0], pair[1])).build());
      assertTrue(e.getMessage().startsWith((pair == pairs.get(2) ? lab.key() : junk) + " holds no "), e.getMessage());
    }
    TlsFileException apart = assertThrows(TlsFileException.class,
        () -> TacetClient.builder(https).credentials(Credentials.none().withCertificate(lab.chain(), server.key())).build());
    assertTrue(apart.getMessage().contains(server.key() + " is not that of the certificate in " + lab.chain()), apart.getMessage());
  }

  @Test
  void aSourceOfTokensThatFailsIsNoAnswerOfTheHost() {
    try (TacetClient client =
        TacetClient.builder(URI.create("http://127.0.0.1:1")).credentials(Credentials.token(() -> "two\nlines")).build()) {
      CallFailedException e = assertThrows(CallFailedException.class, client::models);
      assertEquals("UNAUTHENTICATED", e.reason());
      assertTrue(e.getMessage().startsWith("nothing was sent: a credential of 9 characters"), e.getMessage());
    }
  }
}
