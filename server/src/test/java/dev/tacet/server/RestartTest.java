// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.linecorp.armeria.client.grpc.GrpcClients;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestartTest {
  @TempDir Path folder;
  private Path models;
  private Path data;

  @BeforeEach
  void write() throws IOException {
    models = Files.createDirectories(folder.resolve("models"));
    data = folder.resolve("data");
    TestModels.write(models, "square", "1", TestModels.square());
  }

  private static final double[] ROW = {0.25, 0.5, -1};

  @Test
  void aRestartLosesNoKeyAndADamagedOneIsReportedAsMissing() throws Exception {
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      try (TestHost first = new TestHost(models, data)) {
        owner.upload(first.keys());
      }
      try (TestHost second = new TestHost(models, data)) {
        var response = second.inference().infer(owner.request(owner.encrypt(ROW)).build());
        assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
      }
      try (Stream<Path> files = Files.walk(data)) {
        Path blob = files.filter(f -> f.toString().contains("blobs") && Files.isRegularFile(f)).findFirst().orElseThrow();
        byte[] bytes = Files.readAllBytes(blob);
        Files.write(blob, java.util.Arrays.copyOf(bytes, bytes.length / 2));
      }
      try (TestHost third = new TestHost(models, data)) {
        TestHost.fails(
            ErrorCause.KEY_NOT_FOUND,
            () -> third.inference().infer(owner.request(owner.encrypt(ROW)).build()));
        owner.upload(third.keys());
        var response = third.inference().infer(owner.request(owner.encrypt(ROW)).build());
        assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
      }
    }
  }

  /** Starts a server process, by the command before it if there is one, and returns its address. */
  private String launch(List<Process> started, String... before) throws IOException {
    Process process = ServerProcess.launch(List.of(before), models.toString(), data.toString());
    started.add(process);
    return ServerProcess.address(process);
  }

  /** Whether this user may make a file system of its own, in a namespace of its own. */
  private static boolean mayMount() throws Exception {
    try {
      return new ProcessBuilder("unshare", "-rm", "sh", "-c", "mount -t tmpfs none /tmp").start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aDiskThatIsFullRefusesKeysAndTakesThemWhenThereIsRoomAgain() throws Exception {
    Assumptions.assumeTrue(mayMount(), "a small file system can be mounted");
    Files.createDirectories(data);
    List<Process> started = new ArrayList<>();
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      // 100 MiB, of which a foreign file takes 50: less is left than the server leaves free.
      String fill = "mount -t tmpfs -o size=100m none \"$0\" && head -c 50m /dev/zero > \"$0/foreign\" && exec \"$@\"";
      String uri = launch(started, "unshare", "-rm", "sh", "-c", fill, data.toString());
      KeyServiceGrpc.KeyServiceBlockingStub keys =
          GrpcClients.newClient("gproto+" + uri, KeyServiceGrpc.KeyServiceBlockingStub.class);
      TestHost.fails(ErrorCause.STORAGE_FULL, () -> owner.upload(keys));
      Files.delete(Path.of("/proc/" + started.get(0).pid() + "/root" + data.resolve("foreign")));
      owner.upload(keys);
      var response =
          GrpcClients.newClient("gproto+" + uri, InferenceServiceGrpc.InferenceServiceBlockingStub.class)
              .infer(owner.request(owner.encrypt(ROW)).build());
      assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
    } finally {
      started.forEach(Process::destroyForcibly);
    }
  }

  /** The embedded database closes itself when it cannot write. */
  @Test
  void aDiskWithoutAByteLeftMakesTheHostNotReadyUntilThereIsRoomAgain() throws Exception {
    Assumptions.assumeTrue(mayMount(), "a small file system can be mounted");
    Files.createDirectories(data);
    List<Process> started = new ArrayList<>();
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      String mount = "mount -t tmpfs -o size=150m none \"$0\" && exec \"$@\"";
      String uri = launch(started, "unshare", "-rm", "sh", "-c", mount, data.toString());
      owner.upload(GrpcClients.newClient("gproto+" + uri, KeyServiceGrpc.KeyServiceBlockingStub.class));
      InferenceServiceGrpc.InferenceServiceBlockingStub calls =
          GrpcClients.newClient("gproto+" + uri, InferenceServiceGrpc.InferenceServiceBlockingStub.class);
      calls.infer(owner.request(owner.encrypt(ROW)).build());
      assertEquals(200, status(uri + "/readyz"));
      Path foreign = Path.of("/proc/" + started.get(0).pid() + "/root" + data.resolve("foreign"));
      fill(foreign);
      for (int look = 0; look < 100 && status(uri + "/readyz") != 503; look++) {
        Thread.sleep(100);
      }
      assertEquals(503, status(uri + "/readyz"), "seen without any call");
      for (int call = 0; call < 3; call++) {
        TestHost.fails(ErrorCause.STORAGE_FAILED, () -> calls.infer(owner.request(owner.encrypt(ROW)).build()));
      }
      fill(foreign); // what the database gave back when it was opened again
      assertEquals(503, status(uri + "/readyz"));
      assertEquals(503, status(uri + "/v2/health/ready"));
      HealthGrpc.HealthBlockingStub health = GrpcClients.newClient("gproto+" + uri, HealthGrpc.HealthBlockingStub.class);
      await(health, ServingStatus.NOT_SERVING);
      Files.delete(foreign);
      for (int look = 0; look < 100 && status(uri + "/v2/health/ready") != 200; look++) {
        Thread.sleep(100);
      }
      assertEquals(200, status(uri + "/v2/health/ready"), "looked at without any call");
      assertEquals(200, status(uri + "/readyz"));
      await(health, ServingStatus.SERVING);
      assertArrayEquals(
          TestModels.squareInTheClear(ROW), owner.decrypt(calls.infer(owner.request(owner.encrypt(ROW)).build())), 1e-4);
    } finally {
      started.forEach(Process::destroyForcibly);
    }
  }

  @Test
  void aFirstStartOnADiskWithoutRoomSaysSo() throws Exception {
    Assumptions.assumeTrue(mayMount(), "a small file system can be mounted");
    Files.createDirectories(data);
    List<String> command = new ArrayList<>(List.of(
        "unshare", "-rm", "sh", "-c", "mount -t tmpfs -o size=60k none \"$0\" && exec \"$@\"", data.toString()));
    command.addAll(ServerProcess.command(models.toString(), data.toString()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor() != 0 && said.contains("StartException: the index in " + data.resolve("state")), said);
    assertTrue(said.contains("less than 1 MiB left") && !said.contains("moved away"), said);
  }

  /** Waits up to ten seconds for what the host says of itself, without any other call. */
  private static void await(HealthGrpc.HealthBlockingStub health, ServingStatus status) throws InterruptedException {
    HealthCheckRequest ofTheHost = HealthCheckRequest.getDefaultInstance();
    for (int look = 0; look < 100 && health.check(ofTheHost).getStatus() != status; look++) {
      Thread.sleep(100);
    }
    assertEquals(status, health.check(ofTheHost).getStatus());
  }

  /** Appends to a file until its disk has no byte left. */
  private static void fill(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      for (int size = 1 << 20; size > 0; size /= 2) {
        fill(out, new byte[size]);
      }
    }
  }

  private static void fill(OutputStream out, byte[] piece) {
    try {
      while (true) {
        out.write(piece);
      }
    } catch (IOException full) {
      assertTrue(full.getMessage().contains("No space left"), full.getMessage());
    }
  }

  private static int status(String uri) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString()).statusCode();
  }

  @Test
  void anUploadCutByKillingTheServerIsResumed() throws Exception {
    List<Process> started = new ArrayList<>();
    try (TestOwner owner = new TestOwner(TestModels.square())) {
      byte[] key = owner.keyBlobs.get(0);
      int half = key.length / 2;
      KeyServiceGrpc.KeyServiceBlockingStub first =
          GrpcClients.newClient("gproto+" + launch(started), KeyServiceGrpc.KeyServiceBlockingStub.class);
      assertFalse(TestOwner.put(first, key, 0, half).getComplete());
      started.get(0).destroyForcibly();
      assertTrue(started.get(0).waitFor(10, TimeUnit.SECONDS));

      String uri = launch(started);
      KeyServiceGrpc.KeyServiceBlockingStub second =
          GrpcClients.newClient("gproto+" + uri, KeyServiceGrpc.KeyServiceBlockingStub.class);
      assertEquals(half, TestOwner.put(second, key, 0, 0).getReceivedBytes());
      assertTrue(TestOwner.put(second, key, half, key.length).getComplete());
      owner.upload(second);
      var response =
          GrpcClients.newClient("gproto+" + uri, InferenceServiceGrpc.InferenceServiceBlockingStub.class)
              .infer(owner.request(owner.encrypt(ROW)).build());
      assertArrayEquals(TestModels.squareInTheClear(ROW), owner.decrypt(response), 1e-4);
    } finally {
      started.forEach(Process::destroyForcibly);
    }
  }
}
