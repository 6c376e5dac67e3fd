// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.linecorp.armeria.client.grpc.GrpcClients;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.DeleteKeptRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.PrivacyServiceGrpc;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two server processes over one PostgreSQL and one folder of keys. Skipped, and said so, where no PostgreSQL is installed. */
class ReplicaTest {
  private static final double[] ROW = {0.25, 0.5, -1};

  @TempDir Path folder;
  private final List<Process> processes = new ArrayList<>();
  private PostgresServer postgres;
  private Path configuration;

  @BeforeEach
  void start() throws Exception {
    Optional<Path> programs = PostgresServer.find();
    Assumptions.assumeTrue(programs.isPresent(), PostgresServer.NONE);
    postgres = PostgresServer.start(programs.get());
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
    configuration = Files.writeString(
        folder.resolve("tacet.yaml"),
        "models: " + folder.resolve("models") + "\ndata: " + folder.resolve("data") + "\nport: 0\nstate:\n  url: " + postgres.url()
            + "\n  user: tacet\n  password-file: " + postgres.passwordFile() + "\n");
  }

  @AfterEach
  void stop() throws Exception {
    processes.forEach(Process::destroyForcibly);
    for (Process process : processes) {
      process.waitFor();
    }
    if (postgres != null) {
      postgres.close();
    }
  }

  private String launch() throws IOException {
    Process process =
        new ProcessBuilder(ServerProcess.command(configuration.toString())).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    processes.add(process);
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith("listening on ")) {
        return line.substring("listening on ".length());
      }
    }
    throw new IOException("the server process ended");
  }

  private static KeyServiceGrpc.KeyServiceBlockingStub keys(String uri) {
    return GrpcClients.newClient("gproto+" + uri, KeyServiceGrpc.KeyServiceBlockingStub.class);
  }

  private static void answers(String uri, TestOwner owner) {
    var response =
        GrpcClients.builder("gproto+" + uri).responseTimeoutMillis(60_000).build(InferenceServiceGrpc.InferenceServiceBlockingStub.class)
            .infer(owner.request(owner.encrypt(ROW)).build());
    assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
  }

  @Test
  void twoReplicasServeEachOthersClients() throws Exception {
    String one = launch();
    String two = launch();
    try (TestOwner first = new TestOwner(TestModels.square());
        TestOwner second = new TestOwner(TestModels.square())) {
      first.upload(keys(one));
      answers(two, first);
      answers(one, first);

      // An upload that hops from one to the other with every chunk, as behind a load balancer.
      byte[] key = second.keyBlobs.get(0);
      int third = key.length / 3;
      assertFalse(TestOwner.put(keys(one), key, 0, third).getComplete());
      assertEquals(third, TestOwner.put(keys(two), key, 0, 0).getReceivedBytes());
      assertFalse(TestOwner.put(keys(two), key, third, 2 * third).getComplete());
      assertTrue(TestOwner.put(keys(one), key, 2 * third, key.length).getComplete());
      assertTrue(TestOwner.put(keys(two), key, 0, 0).getComplete());
      second.upload(keys(two));
      answers(one, second);

      // One dies; a third takes its place and has everything.
      processes.get(0).destroyForcibly();
      assertTrue(processes.get(0).waitFor(10, TimeUnit.SECONDS));
      answers(two, first);
      answers(launch(), second);
    }
  }

  @Test
  void aRestartOfTheDatabaseIsATypedErrorAndThenForgotten() throws Exception {
    String uri = launch();
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      owner.upload(keys(uri));
      answers(uri, owner);
      postgres.kill();
      TestHost.fails(ErrorCause.STORAGE_FAILED, () -> answers(uri, owner));
      postgres.restart();
      answers(uri, owner);
    }
  }

  @Test
  void whatOneReplicaDeletesLeavesTheOthersMemoryAndAnIdleOneKnowsThatTheDatabaseIsGone() throws Exception {
    String one = launch();
    String two = launch();
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      owner.upload(keys(one));
      answers(two, owner);
      assertTrue(expandedBytes(two) > 0);
      GrpcClients.newClient("gproto+" + one, PrivacyServiceGrpc.PrivacyServiceBlockingStub.class)
          .deleteKept(DeleteKeptRequest.getDefaultInstance());
      await(() -> expandedBytes(two) == 0);
    }
    postgres.kill();
    await(() -> get(two, "/readyz").statusCode() == 503);
    postgres.restart();
    await(() -> get(two, "/readyz").statusCode() == 200);
  }

  @Test
  void aStartOverAFolderThatIsNotMountedIsRefused() throws Exception {
    String uri = launch();
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      owner.upload(keys(uri));
      processes.get(0).destroy();
      processes.get(0).waitFor();
      Files.move(folder.resolve("data"), folder.resolve("elsewhere"));
      assertThrows(IOException.class, this::launch);
      try (Stream<Path> files = Files.walk(folder.resolve("data"))) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
      Files.move(folder.resolve("elsewhere"), folder.resolve("data"));
      answers(launch(), owner);
    }
  }

  private static HttpResponse<String> get(String uri, String path) throws Exception {
    return HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(uri + path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static double expandedBytes(String uri) throws Exception {
    return get(uri, "/metrics").body().lines().filter(line -> line.startsWith("tacet_keys_expanded_bytes"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  private static void await(Callable<Boolean> condition) throws Exception {
    for (int i = 0; i < 600; i++) {
      if (condition.call()) {
        return;
      }
      Thread.sleep(100);
    }
    throw new AssertionError("it did not come about within a minute");
  }
}
