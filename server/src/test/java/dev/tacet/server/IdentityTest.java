// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.ListModelsRequest;
import dev.tacet.protocol.v1.ModelServiceGrpc;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityTest {
  private static final String TENANTS = "tenants:\n- {name: lab, models: [\"*\"]}\n";
  private static final String TOKENS = "identity: {tokens: {issuer: \"https://id.example\", audience: tacet, keys: \"%s\"}}\n" + TENANTS;

  @TempDir Path folder;

  private static int status(ConfiguredHost host, String bearer) throws Exception {
    return host.get("/v1/models", bearer).statusCode();
  }

  private static void refused(ConfiguredHost host, String bearer) throws Exception {
    var answer = host.get("/v1/models", bearer);
    assertEquals(401, answer.statusCode());
    assertEquals("Bearer", answer.headers().firstValue("www-authenticate").orElse(""));
    assertEquals("{\"error\":\"the credentials are not accepted\",\"reason\":\"UNAUTHENTICATED\"}", answer.body());
    TestHost.fails(
        ErrorCause.UNAUTHENTICATED,
        () -> host.stub(ModelServiceGrpc.ModelServiceBlockingStub.class, bearer).listModels(ListModelsRequest.getDefaultInstance()));
  }

  private static void soon(int expected, Callable<Integer> value) throws Exception {
    Instant end = Instant.now().plus(Duration.ofSeconds(20));
    int seen = value.call();
    while (seen != expected && Instant.now().isBefore(end)) {
      Thread.sleep(100);
      seen = value.call();
    }
    assertEquals(expected, seen);
  }

  @Test
  void aFileOfKeysThatIsNoneKeepsAServerFromStarting() throws Exception {
    Path file = Files.writeString(folder.resolve("keys.yaml"), "keys: [{id: a}]\n");
    ConfigurationException e = assertThrows(
        ConfigurationException.class, () -> new ConfiguredHost(folder, "identity: {api-keys: " + file + "}\n" + TENANTS));
    assertEquals(1, e.problems().size(), e.getMessage());
    assertTrue(e.getMessage().startsWith("identity.api-keys: API keys in " + file), e.getMessage());
  }

  @Test
  void everyFileThatCannotBeUsedIsNamedBeforeAStart() throws Exception {
    Path keys = Files.writeString(folder.resolve("keys.yaml"), "keys: [{id: a}]\n");
    Path jwks = Files.writeString(folder.resolve("jwks.json"), "{\"keys\":5}");
    Path certificate = Files.writeString(folder.resolve("g.pem"), "no certificate");
    Path data = Files.writeString(folder.resolve("file"), "no folder");
    Path models = Files.createDirectories(folder.resolve("models-of-none"));
    Path config = Files.writeString(folder.resolve("tacet.yaml"), "models: " + models + "\ndata: " + data + "/data\ntls: {certificate: " + certificate
        + ", key: " + certificate + "}\nidentity:\n  api-keys: " + keys + "\n  tokens: {issuer: i, audience: a, keys: " + jwks + "}\n" + TENANTS);
    ConfigurationException e =
        assertThrows(ConfigurationException.class, () -> TacetServer.configured(config, Map.of(), Map.of()));
    assertEquals(List.of("tls", "identity.api-keys", "identity.tokens.keys", "data"),
        e.problems().stream().map(problem -> problem.substring(0, problem.indexOf(':'))).toList(), e.getMessage());
    Files.writeString(config, "models: " + models + "\ndata: " + folder.resolve("d") + "\nidentity:\n  api-keys: /none/k\n  tokens: {issuer: i}\n" + TENANTS);
    e = assertThrows(ConfigurationException.class, () -> TacetServer.configured(config, Map.of(), Map.of()));
    assertEquals(3, e.problems().size(), "each said once: " + e.problems());
  }

  @Test
  void aFileOfKeysKeepsItsReadersAndItsLinkWhenItIsChanged() throws Exception {
    Path file = Files.createDirectories(folder.resolve("real")).resolve("keys.yaml");
    new ApiKeyFile(file).issue("one", "lab", Set.of("predict"), null);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Path link = Files.createSymbolicLink(folder.resolve("keys.yaml"), file);
    new ApiKeyFile(link).revoke("one");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(List.of(), new ApiKeyFile(file).list());
    Object owner = Files.getAttribute(file, "unix:gid");
    boolean root = Files.getAttribute(folder, "unix:uid").equals(0);
    if (root) {
      Files.setAttribute(file, "unix:gid", 65534);
      owner = 65534;
    }
    new ApiKeyFile(file).issue("two", "lab", Set.of("predict"), null);
    assertEquals(owner, Files.getAttribute(file, "unix:gid"));
  }

  @Test
  void keysThatAreIssuedAndRevokedAtOnceAreAllThereOrGone() throws Exception {
    Path file = folder.resolve("keys.yaml");
    new ApiKeyFile(file).issue("old", "lab", Set.of("predict"), null);
    List<Callable<String>> changes = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      String id = "k" + i;
      changes.add(() -> new ApiKeyFile(file).issue(id, "lab", Set.of("predict"), null));
    }
    changes.add(8, () -> {
      new ApiKeyFile(file).revoke("old");
      return "";
    });
    ExecutorService many = Executors.newFixedThreadPool(changes.size());
    try {
      for (Future<String> change : many.invokeAll(changes)) {
        change.get();
      }
    } finally {
      many.shutdown();
    }
    assertEquals(IntStream.range(0, 16).mapToObj(i -> "k" + i).sorted().toList(),
        new ApiKeyFile(file).list().stream().map(ApiKeyFile.Entry::id).sorted().toList());
  }

  @Test
  void anApiKeyIsAcceptedUntilItIsRevokedOrExpiresAndEveryWrongOneIsAnsweredAlike() throws Exception {
    Path file = folder.resolve("keys.yaml");
    ApiKeyFile keys = new ApiKeyFile(file);
    String good = keys.issue("good", "lab", Set.of("predict"), null);
    String old = keys.issue("old", "lab", Set.of("predict"), Instant.now().minusSeconds(1));
    String powerless = keys.issue("monitor", "lab", Set.of("monitor"), null);
    assertFalse(Files.readString(file).contains(good.substring(good.length() - 43)), "the file holds the secret");
    try (ConfiguredHost host = new ConfiguredHost(folder, "identity: {api-keys: " + file + "}\n" + TENANTS)) {
      assertEquals(200, status(host, good));
      host.stub(ModelServiceGrpc.ModelServiceBlockingStub.class, good).listModels(ListModelsRequest.getDefaultInstance());
      char last = good.charAt(good.length() - 2) == 'A' ? 'B' : 'A';
      String wrong = good.substring(0, good.length() - 2) + last + good.charAt(good.length() - 1);
      for (String bad : List.of(wrong, old, good + "A", good.replace("good", "none"), "tacet_", "tacet_good_", "x", "a.b.c")) {
        refused(host, bad);
      }
      assertEquals(403, status(host, powerless));
      TestHost.fails(
          ErrorCause.PERMISSION_DENIED,
          () -> host.stub(ModelServiceGrpc.ModelServiceBlockingStub.class, powerless).listModels(ListModelsRequest.getDefaultInstance()));
      TestHost.fails(
          ErrorCause.UNAUTHENTICATED,
          () -> host.stub(ModelServiceGrpc.ModelServiceBlockingStub.class, null).listModels(ListModelsRequest.getDefaultInstance()));
      assertEquals(401, host.get("/metrics", null).statusCode());
      assertEquals(401, host.get("/no/such/page", null).statusCode());
      assertEquals(200, host.get("/healthz", null).statusCode());
      host.stub(HealthGrpc.HealthBlockingStub.class, null).check(HealthCheckRequest.getDefaultInstance());

      Files.writeString(file, "keys: [{id: good");
      Thread.sleep(2500);
      assertEquals(200, status(host, good), "a file that cannot be read changes nothing");
      Files.delete(file);
      String fresh = keys.issue("fresh", "lab", Set.of("predict"), null);
      soon(401, () -> status(host, good));
      soon(200, () -> status(host, fresh));
    }
  }

  @Test
  void twoCredentialsAreNone() throws Exception {
    Path file = folder.resolve("keys.yaml");
    String good = new ApiKeyFile(file).issue("good", "lab", Set.of("predict"), null);
    try (ConfiguredHost host = new ConfiguredHost(folder, "identity: {api-keys: " + file + "}\n" + TENANTS)) {
      for (String path : List.of("/v1/models", "/readyz")) {
        var answer = HttpClient.newHttpClient().send(
            HttpRequest.newBuilder(host.uri.resolve(path)).header("authorization", "Bearer " + good).header("authorization", "Bearer x").build(),
            HttpResponse.BodyHandlers.ofString());
        assertEquals(401, answer.statusCode());
        assertTrue(answer.body().contains("2 authorization headers"), answer.body());
      }
    }
  }

  private static String token(ECKey key, JWSAlgorithm algorithm, String type, JWTClaimsSet claims) throws Exception {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader.Builder(algorithm).keyID(key.getKeyID()).type(type == null ? null : new JOSEObjectType(type)).build(), claims);
    jwt.sign(new ECDSASigner(key));
    return jwt.serialize();
  }

  private static JWTClaimsSet.Builder claims() {
    return new JWTClaimsSet.Builder().issuer("https://id.example").audience("tacet").subject("someone")
        .claim("tenant", "lab").claim("roles", List.of("predict", "of-another-service"))
        .expirationTime(Date.from(Instant.now().plusSeconds(600)));
  }

  @Test
  void aTokenIsAcceptedOnlyIfEverythingAboutItIsRight() throws Exception {
    ECKey key = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
    ECKey stranger = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
    Path jwks = Files.writeString(folder.resolve("jwks.json"), new JWKSet(key.toPublicJWK()).toString());
    try (ConfiguredHost host = new ConfiguredHost(folder, String.format(TOKENS, jwks))) {
      assertEquals(200, status(host, token(key, JWSAlgorithm.ES256, "at+jwt", claims().build())));
      assertEquals(200, status(host, token(key, JWSAlgorithm.ES256, null, claims().claim("roles", "x predict").build())));
      assertEquals(403, status(host, token(key, JWSAlgorithm.ES256, null, claims().claim("roles", null).build())));
      Date past = Date.from(Instant.now().minusSeconds(120));
      Date future = Date.from(Instant.now().plusSeconds(120));
      for (JWTClaimsSet bad : List.of(
          claims().expirationTime(past).build(), claims().expirationTime(null).build(), claims().notBeforeTime(future).build(),
          claims().issuer("https://id.example.evil").build(), claims().audience("other").build(),
          claims().claim("tenant", "rival").build(), claims().claim("tenant", null).build(), claims().claim("tenant", 7).build(),
          claims().claim("tenant", "../lab").build(), claims().subject(null).build(), claims().subject(" ").build(),
          claims().subject("a\nb").build())) {
        refused(host, token(key, JWSAlgorithm.ES256, null, bad));
      }
      refused(host, token(stranger, JWSAlgorithm.ES256, null, claims().build()));
      refused(host, token(key, JWSAlgorithm.ES256, "logout+jwt", claims().build()));
      refused(host, new PlainJWT(claims().build()).serialize());
      SignedJWT confused = new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("k1").build(), claims().build());
      confused.sign(new MACSigner(java.util.Arrays.copyOf(Files.readAllBytes(jwks), 64)));
      refused(host, confused.serialize());
      String good = token(key, JWSAlgorithm.ES256, null, claims().build());
      refused(host, good.substring(0, good.length() - 4) + "AAAA");
      refused(host, "e".repeat(5000));

      Files.writeString(jwks, new JWKSet(stranger.toPublicJWK()).toString());
      soon(401, () -> status(host, good));
      assertEquals(200, status(host, token(stranger, JWSAlgorithm.ES256, null, claims().build())));
    }
  }

  @Test
  void theKeySetMayLieBehindAnAddressAndItsOutageIsNotTheCallersFault() throws Exception {
    ECKey key = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
    byte[] body = new JWKSet(key.toPublicJWK()).toString().getBytes();
    HttpServer issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.createContext("/jwks", exchange -> {
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
      exchange.close();
    });
    issuer.start();
    String good = token(key, JWSAlgorithm.ES256, null, claims().build());
    int port = issuer.getAddress().getPort();
    try (ConfiguredHost host = new ConfiguredHost(folder, String.format(TOKENS, "http://127.0.0.1:" + port + "/jwks"))) {
      assertEquals(200, status(host, good));
    } finally {
      issuer.stop(0);
    }
    Path other = Files.createDirectories(folder.resolve("other"));
    try (ConfiguredHost host = new ConfiguredHost(other, String.format(TOKENS, "http://127.0.0.1:" + port + "/jwks"))) {
      var answer = host.get("/v1/models", good);
      assertEquals(503, answer.statusCode());
      assertTrue(answer.body().contains("IDENTITY_UNAVAILABLE"), answer.body());
      assertTrue(answer.headers().firstValue("retry-after").isPresent());
    }
  }

  @Test
  void noCallerWaitsForAnIssuerThatHasWhatIsAskedForOrIsAskedInVain() throws Exception {
    ECKey key = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
    ECKey next = new ECKeyGenerator(Curve.P_256).keyID("k2").generate();
    ECKey stranger = new ECKeyGenerator(Curve.P_256).keyID("k9").generate();
    AtomicReference<byte[]> body = new AtomicReference<>(new JWKSet(key.toPublicJWK()).toString().getBytes());
    AtomicInteger asked = new AtomicInteger();
    HttpServer issuer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    issuer.setExecutor(Executors.newCachedThreadPool());
    issuer.createContext("/jwks", exchange -> {
      asked.incrementAndGet();
      byte[] now = body.get();
      exchange.sendResponseHeaders(200, now.length == 0 ? 1000 : now.length); // nothing but a head: a body that does not come
      exchange.getResponseBody().write(now);
      if (now.length > 0) {
        exchange.close();
      }
    });
    issuer.start();
    Path file = folder.resolve("keys.yaml");
    String apiKey = new ApiKeyFile(file).issue("good", "lab", Set.of("predict"), null);
    String tokens = String.format(TOKENS, "http://127.0.0.1:" + issuer.getAddress().getPort() + "/jwks");
    try (ConfiguredHost host = new ConfiguredHost(folder, tokens.replace("identity: {", "identity: {api-keys: " + file + ", "))) {
      String good = token(key, JWSAlgorithm.ES256, null, claims().build());
      assertEquals(200, status(host, good));
      String large = token(key, JWSAlgorithm.ES256, null, claims().claim("groups", "g".repeat(11_500)).build());
      assertEquals(200, status(host, large), large.length() + " characters");
      host.stub(ModelServiceGrpc.ModelServiceBlockingStub.class, large).listModels(ListModelsRequest.getDefaultInstance());
      for (int i = 0; i < 20; i++) {
        assertEquals(401, status(host, token(stranger, JWSAlgorithm.ES256, null, claims().build())), "its issuer answers, and has no such key");
      }
      assertTrue(asked.get() <= 3, asked + " fetches");
      body.set(new JWKSet(List.of(key.toPublicJWK(), next.toPublicJWK())).toString().getBytes());
      soon(200, () -> status(host, token(next, JWSAlgorithm.ES256, null, claims().build())));

      body.set(new byte[0]);
      Thread.sleep(5500); // a fetch is due at the next token of an unknown key
      List<CompletableFuture<Integer>> waiting = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        String junk = token(stranger, JWSAlgorithm.ES256, null, claims().build());
        waiting.add(CompletableFuture.supplyAsync(() -> {
          try {
            return status(host, junk);
          } catch (Exception e) {
            throw new CompletionException(e);
          }
        }, task -> new Thread(task).start()));
      }
      Thread.sleep(500);
      long start = System.nanoTime();
      assertEquals(200, status(host, apiKey));
      assertEquals(200, status(host, good));
      assertTrue(waiting.stream().noneMatch(CompletableFuture::isDone), "they wait for their fetch, and nobody for them");
      assertTrue(System.nanoTime() - start < 2_400_000_000L);
      for (CompletableFuture<Integer> junk : waiting) {
        assertEquals(503, junk.get(20, TimeUnit.SECONDS), "a fetch has a time limit, and nobody knows their key");
      }
    } finally {
      issuer.stop(0);
    }
  }

  @Test
  void shortKeysAndEmptyKeySetsCheckNothing() throws Exception {
    JWKSet small = new JWKSet(new RSAKeyGenerator(1024, true).keyID("r").generate());
    assertThrows(ConfigurationException.class, () -> new ConfiguredHost(folder, String.format(TOKENS, Files.writeString(folder.resolve("j"), small.toString()))));
    assertThrows(ConfigurationException.class, () -> new ConfiguredHost(folder, String.format(TOKENS, Files.writeString(folder.resolve("j"), "{\"keys\":[]}"))));
  }
}
