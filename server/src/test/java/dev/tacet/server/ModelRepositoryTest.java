// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.models.CompiledModels;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.models.ModelSource;
import dev.tacet.server.internal.models.ModelStatus;
import dev.tacet.server.internal.models.ModelView;
import dev.tacet.server.internal.models.RepositoryOptions;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.models.VersionPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions that come, change and go while the repository is in use. */
class ModelRepositoryTest {
  private static final ModelSource NO_COMPILER = (name, folder) -> {
    throw new IOException("no compiler here");
  };
  private static final RepositoryOptions ON_REQUEST = new RepositoryOptions(VersionPolicy.ALL, Duration.ZERO, 0, true);

  @TempDir Path root;

  private ModelRepository open(RepositoryOptions options) throws IOException {
    return ModelRepository.open(root, NO_COMPILER, options);
  }

  private static ModelView all(ModelRepository repository) {
    return repository.view(name -> true);
  }

  private void half(String version, double factor) throws IOException {
    TestModels.write(root, "half", version, TestModels.scaled("half", factor));
  }

  private void rules(String yaml) throws IOException {
    Files.writeString(Files.createDirectories(root.resolve("half")).resolve("serving.yaml"), yaml);
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, what + ": not within 20 s");
      Thread.sleep(10);
    }
  }

  @Test
  void theVersionPolicyChoosesWhatIsLoaded() throws IOException {
    for (int version = 1; version <= 11; version++) {
      half(Integer.toString(version), 1.0 / version);
    }
    try (ModelRepository repository = open(new RepositoryOptions(VersionPolicy.of("latest 2").orElseThrow(), Duration.ZERO, 0, true))) {
      assertEquals(List.of("10", "11"), all(repository).versions("half"));
      rules("versions: [2, 9]\n");
      repository.load("half");
      assertEquals(List.of("2", "9"), all(repository).versions("half"));
      assertThrows(ServiceException.class, () -> all(repository).get("half", "11", "anybody", ""));
      rules("versions: all\n");
      repository.load("half");
      assertEquals(11, repository.readyCount());
      rules("versions: [2, 99]\n");
      ServiceException absent = assertThrows(ServiceException.class, () -> repository.load("half"));
      assertTrue(absent.getMessage().contains("version \"99\""), absent.getMessage());
      assertEquals(List.of("2"), all(repository).versions("half"));
      rules("versions: [99]\n");
      assertTrue(assertThrows(ServiceException.class, () -> repository.load("half")).getMessage().contains("version \"99\""));
      assertEquals(List.of("2"), all(repository).versions("half"), "rules that leave nothing do not take what is served away");
      rules("versions: [2]\nweights: {\"2\": 1, \"3\": 1}\n");
      assertTrue(assertThrows(ServiceException.class, () -> repository.load("half")).getMessage().contains("weight to version \"3\""));
      rules("versions: [2]\nweights: {\"2\": 0}\n");
      assertTrue(assertThrows(ServiceException.class, () -> repository.load("half")).getMessage().contains("weight above 0"));
      rules("[");
      String unreadable = assertThrows(ServiceException.class, () -> repository.load("half")).getMessage();
      assertTrue(unreadable.contains("serving.yaml line 1") && !unreadable.contains(root.toString()), unreadable);
      rules("versions: newest\nweight: 3\n");
      ServiceException wrong = assertThrows(ServiceException.class, () -> repository.load("half"));
      assertTrue(wrong.getMessage().contains("latest N") && wrong.getMessage().contains("\"weight\""), wrong.getMessage());
      assertEquals(List.of("2"), all(repository).versions("half"), "rules that are wrong leave those before in force");
    }
  }

  @Test
  void aRetiredModelIsFreedWithItsLastLease() throws IOException {
    half("1", 0.5);
    try (ModelRepository repository = open(ON_REQUEST)) {
      ServedModel.Lease first = all(repository).lease("half", "", "anybody", "");
      ServedModel.Lease second = all(repository).lease("half", "1", "anybody", "");
      repository.unload("half");
      assertEquals(ModelStatus.State.UNLOADED, repository.statuses().get(0).state());
      assertEquals(
          ErrorCause.MODEL_UNAVAILABLE,
          assertThrows(ServiceException.class, () -> all(repository).lease("half", "", "anybody", "")).errorCause());
      first.close();
      first.close();
      assertFalse(second.model().isFreed());
      assertFalse(second.model().executable().isClosed());
      assertEquals(1, repository.contexts());
      second.close();
      assertTrue(second.model().isFreed() && second.model().executable().isClosed());
      assertEquals(0, repository.contexts());

      repository.load("half");
      assertEquals(List.of("1"), all(repository).versions("half"));
      assertNotEquals(second.model(), all(repository).get("half", "", "anybody", ""));
    }
  }

  @Test
  void aChangeForTheWorseLeavesWhatWasLoadedAndOneForTheBetterReplacesIt() throws IOException {
    half("1", 0.5);
    half("2", 0.25);
    try (ModelRepository repository = open(ON_REQUEST)) {
      ServedModel before = all(repository).get("half", "2", "anybody", "");
      Path file = root.resolve("half/2/model.tacet");
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
      ServiceException refused = assertThrows(ServiceException.class, () -> repository.load("half"));
      assertEquals(ErrorCause.MODEL_UNAVAILABLE, refused.errorCause());
      assertEquals(before, all(repository).get("half", "", "anybody", ""));
      assertTrue(repository.statuses().get(1).problem().contains("what was loaded before is served"));

      Files.write(file, bytes);
      repository.load("half");
      assertEquals(before, all(repository).get("half", "", "anybody", ""), "the same contents are not loaded twice");
      assertEquals("", repository.statuses().get(1).problem());

      half("2", 0.125);
      repository.load("half");
      assertNotEquals(before, all(repository).get("half", "", "anybody", ""));
      assertTrue(before.isFreed());
      for (String name : new String[] {"none", "..", "half/1", ""}) {
        assertEquals(
            ErrorCause.MODEL_NOT_FOUND, assertThrows(ServiceException.class, () -> repository.load(name)).errorCause());
      }
    }
  }

  @Test
  void changesOfTheFolderAreTakenUpByPolling() throws Exception {
    half("1", 0.5);
    try (ModelRepository repository = open(new RepositoryOptions(VersionPolicy.ALL, Duration.ofMillis(30), 0, false))) {
      ServedModel first = all(repository).get("half", "1", "anybody", "");
      half("2", 0.25);
      TestModels.write(root, "other", "1", TestModels.scaled("other", 0.5));
      await("new versions", () -> repository.readyCount() == 3);
      half("1", 0.125);
      await("changed version", first::isFreed);
      Files.delete(root.resolve("half/2/model.tacet"));
      await("deleted version", () -> all(repository).versions("half").equals(List.of("1")));
      Files.delete(root.resolve("half/1/model.tacet"));
      await("deleted model", () -> !all(repository).serves("half", ""));
      assertTrue(all(repository).serves("other", ""));
    }
  }

  @Test
  void foldersThatMayNotBeReadAreReportedAndTheOthersServed() throws Exception {
    half("1", 0.5);
    half("2", 0.25);
    TestModels.write(root, "other", "1", TestModels.scaled("other", 0.5));
    Files.createDirectories(root.resolve("lost+found"));
    Set<PosixFilePermission> none = Set.of();
    Set<PosixFilePermission> all = PosixFilePermissions.fromString("rwxr-xr-x");
    List<Path> closed = List.of(root.resolve("half/2"), root.resolve("other"), root.resolve("lost+found"));
    Files.setPosixFilePermissions(closed.get(2), none);
    Assumptions.assumeFalse(Files.isReadable(closed.get(2)), "root reads everything");
    try (ModelRepository repository = open(new RepositoryOptions(VersionPolicy.ALL, Duration.ofMillis(30), 0, false))) {
      assertEquals(3, repository.readyCount());
      for (Path folder : closed) {
        Files.setPosixFilePermissions(folder, none);
      }
      await("problems", () -> repository.statuses().stream().filter(s -> s.problem().contains("its folder cannot be read")).count() == 2);
      assertEquals(3, repository.readyCount(), "what was loaded stays");
      try (ModelRepository another = open(ON_REQUEST)) {
        assertEquals(List.of("half/1: ", "half/2: its folder cannot be read: no permission", "other/: its folder cannot be read: no permission"),
            another.statuses().stream().map(s -> s.name() + "/" + s.version() + ": " + s.problem()).toList());
      }
      for (Path folder : closed) {
        Files.setPosixFilePermissions(folder, all);
      }
      await("no problem", () -> repository.statuses().stream().allMatch(s -> s.problem().isEmpty()));
      assertEquals(3, repository.readyCount());
    } finally {
      for (Path folder : closed) {
        Files.setPosixFilePermissions(folder, all);
      }
    }
  }

  @Test
  void whatIsNoModelWhereOneShouldBeIsReported() throws IOException {
    half("1", 0.5);
    Files.createDirectories(root.resolve("half/4"));
    Files.createSymbolicLink(root.resolve("half/3"), root.resolve("none"));
    Files.createDirectories(root.resolve("placed/1/model.tacet"));
    Files.createDirectories(root.resolve("onnx/model.onnx"));
    Files.createDirectories(root.resolve("empty/1"));
    Files.createSymbolicLink(root.resolve("gone"), root.resolve("none"));
    Files.createSymbolicLink(Files.createDirectories(root.resolve("link/2")).resolve("model.tacet"), root.resolve("none"));
    Files.createSymbolicLink(Files.createDirectories(root.resolve("endless/1")).resolve("model.tacet"), Path.of("/dev/zero"));
    Files.writeString(Files.createDirectories(root.resolve("notes")).resolve("README"), "no model, and not meant as one");
    Files.createDirectories(root.resolve("lost+found"));
    for (String loose : List.of("half.tacet", "stray.onnx", "stray.tacet", ".hidden.tacet", "rows.csv")) {
      Files.writeString(root.resolve(loose), "in no folder of its own");
    }
    try (ModelRepository repository = open(ON_REQUEST)) {
      assertEquals(
          List.of(
              "empty/1: its folder is empty: there is no model.tacet and no model.onnx", "endless/1: model.tacet is no file with contents",
              "gone/1: gone is a link to nothing", "half/1: ",
              "half/3: 3 is a link to nothing", "link/2: model.tacet is a link to nothing", "onnx/1: model.onnx is a folder, not a file",
              "placed/1: model.tacet is a folder, not a file",
              "stray/1: stray.tacet lies beside the folders of models, where none is loaded: make it NAME/model.tacet, NAME being the model's"
                  + " own"),
          repository.statuses().stream().map(s -> s.name() + "/" + s.version() + ": " + s.problem()).toList());
      assertEquals(1, repository.readyCount());
      Files.delete(root.resolve("placed/1/model.tacet"));
      TestModels.write(root, "placed", "1", TestModels.scaled("placed", 0.5));
      repository.load("placed");
      assertTrue(all(repository).serves("placed", "1"));
    }
  }

  @Test
  void callsWithoutAVersionAreSpreadByWeightAndAClientStaysWithItsVersion() throws IOException {
    half("1", 0.5);
    half("2", 0.25);
    half("3", 0.125);
    rules("weights: {\"1\": 3, \"2\": 1}\n");
    try (ModelRepository repository = open(ON_REQUEST)) {
      Map<String, String> chosen = new HashMap<>();
      int canary = 0;
      for (int i = 0; i < 4000; i++) {
        String client = "api-key:" + i;
        chosen.put(client, all(repository).get("half", "", client, "").version());
        assertEquals(chosen.get(client), all(repository).get("half", "", client, "").version());
        canary += chosen.get(client).equals("2") ? 1 : 0;
      }
      assertTrue(canary > 850 && canary < 1150, canary + " of 4000 clients, a quarter expected");
      assertEquals("3", all(repository).get("half", "3", "anybody", "").version(), "a named version is served whatever its weight");
      int strangers = 0;
      for (int i = 0; i < 4000; i++) {
        strangers += all(repository).get("half", "", "anybody", "").version().equals("2") ? 1 : 0;
      }
      assertTrue(strangers > 800 && strangers < 1200, strangers + " of 4000 calls, a quarter expected");

      rules("weights: {\"1\": 1, \"2\": 1}\n");
      repository.load("half");
      chosen.forEach((client, version) -> {
        if (version.equals("2")) {
          assertEquals("2", all(repository).get("half", "", client, "").version(), "more weight takes no client away");
        }
      });
    }
  }

  @Test
  void whoHasPinnedASignatureGetsAVersionWithItWhereOneHasAWeight() throws IOException {
    half("1", 0.5);
    TestModels.write(root, "half", "2", TestModels.scaled("half", 0.25, 2));
    half("3", 0.125);
    rules("weights: {\"1\": 1, \"2\": 1}\n");
    try (ModelRepository repository = open(ON_REQUEST)) {
      for (String version : List.of("1", "2")) {
        String pinned = all(repository).get("half", version, "anybody", "").signature().sha256();
        for (int i = 0; i < 40; i++) {
          assertEquals(version, all(repository).get("half", "", "api-key:" + i, pinned).version());
        }
      }
      assertEquals(2, IntStream.range(0, 40).mapToObj(i -> all(repository).get("half", "", "api-key:" + i, "0".repeat(64)).version())
          .distinct().count(), "a signature that no version has changes nothing");
    }
  }

  @Test
  void aModelHasRunOnceBeforeItIsReadyWhereItsKeysHaveRoom() throws IOException {
    TestModels.write(root, "square", "1", TestModels.square());
    long unknown = 0;
    for (long room : new long[] {1, 1L << 30}) {
      try (ModelRepository repository = open(new RepositoryOptions(VersionPolicy.ALL, Duration.ZERO, room, false))) {
        ServedModel model = all(repository).get("square", "", "anybody", "");
        if (room == 1) {
          unknown = model.costNanos();
        } else {
          assertNotEquals(unknown, model.costNanos(), "the cost of a run is measured");
        }
      }
    }
  }

  @Test
  void aModelIsCompiledOnceForEachContentsOfItsFolder() throws IOException {
    AtomicInteger compilations = new AtomicInteger();
    ModelArtifact artifact = TestModels.half();
    Path kept = root.resolve("kept");
    ModelSource source = new CompiledModels((name, folder) -> {
      compilations.incrementAndGet();
      return artifact;
    }, kept);
    Path model = Files.createDirectories(root.resolve("half/1"));
    Files.writeString(model.resolve("model.onnx"), "one");
    for (int i = 0; i < 2; i++) {
      assertEquals(artifact.sha256(), source.compile("half", model).sha256());
    }
    assertEquals(1, compilations.get());
    source.compile("other", model);
    assertEquals(2, compilations.get(), "the name is part of the artifact");
    Files.writeString(model.resolve("tacet.yaml"), "accuracy: 0.1");
    source.compile("half", model);
    assertEquals(3, compilations.get());
    try (var files = Files.list(kept)) {
      for (Path file : files.toList()) {
        Files.write(file, new byte[10]);
      }
    }
    assertEquals(artifact.sha256(), source.compile("half", model).sha256(), "a damaged file is made again");
    assertEquals(4, compilations.get());
    source.compile("half", model);
    assertEquals(4, compilations.get());
    byte[] foreign = TestModels.scaled("half", 0.25).toBytes();
    try (var files = Files.list(kept)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".tacet")).toList()) {
        Files.write(file, foreign);
      }
    }
    assertEquals(artifact.sha256(), source.compile("half", model).sha256(), "nor is a whole file of another compilation taken");
    assertEquals(5, compilations.get());
  }
}
