// SPDX-License-Identifier: Apache-2.0
package dev.tacet.distribution;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What an operator gets: it starts as it is, every way that the archive offers, and its files say what is true. */
class ArchiveTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

  private static Installation installation;

  @BeforeAll
  static void unpack() throws Exception {
    installation = Installation.unpack();
  }

  @AfterAll
  static void remove() throws Exception {
    installation.close();
  }

  @Test
  void theStartScriptServesTheReadyModelsWithoutRightsFromAFolderThatCannotBeWritten() throws Exception {
    Map<String, String> before = installation.contents();
    serves("script", List.of(installation.root().resolve("bin/tacet").toString()), List.of());
    assertEquals(before, installation.contents());
  }

  @Test
  void soDoesWhatTheImageStarts() throws Exception {
    List<String> command = new ArrayList<>();
    List<String> variables = new ArrayList<>();
    for (String line : Files.readAllLines(installation.root().resolve("docker/Dockerfile"))) {
      if (line.startsWith("COPY ")) {
        List<String> words = List.of(line.split(" "));
        for (String source : words.subList(2, words.size() - 1)) { // after COPY --chown=..., before the target
          assertTrue(Files.exists(installation.root().resolve(source)), line);
        }
      }
      line = line.replace("/opt/tacet", installation.root().toString());
      if (line.startsWith("ENTRYPOINT ")) {
        JSON.readTree(line.substring("ENTRYPOINT ".length())).forEach(word -> command.add(word.asText()));
      } else if (line.startsWith("ENV ")) {
        variables.add(line.substring("ENV ".length()));
      }
    }
    serves("image", command, variables);
  }

  /** Starts a host on a free port, asks what a probe asks, and ends it as an init system does. */
  private static void serves(String name, List<String> command, List<String> variables) throws Exception {
    Path data = installation.writable(name);
    List<String> whole = new ArrayList<>(command);
    whole.addAll(List.of("serve", "--models", installation.root().resolve("models").toString(), "--data", data + "/data", "--port", "0"));
    Path log = Files.createTempFile("tacet-archive", ".log");
    Process server = installation.start(whole, variables, log);
    try {
      URI uri = listening(server, log);
      assertEquals(200, get(uri.resolve("/healthz")).statusCode());
      HttpResponse<String> ready = get(uri.resolve("/readyz"));
      assertEquals(200, ready.statusCode(), ready.body());
      List<String> models = new ArrayList<>();
      JSON.readTree(get(uri.resolve("/v1/models")).body()).findValues("name").forEach(model -> models.add(model.asText()));
      assertEquals(List.of("breast-cancer", "diabetes", "mnist-ffnn"), models.stream().sorted().toList());
      server.destroy();
      assertTrue(server.waitFor(40, TimeUnit.SECONDS), "SIGTERM ends it");
      assertEquals(143, server.exitValue(), Files.readString(log));
    } finally {
      server.descendants().forEach(ProcessHandle::destroyForcibly);
      server.destroyForcibly().waitFor();
      Files.delete(log);
    }
  }

  private static URI listening(Process server, Path log) throws Exception {
    for (long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(3); System.nanoTime() < end; Thread.sleep(50)) {
      boolean ended = !server.isAlive();
      for (String line : Files.readAllLines(log)) {
        if (line.startsWith("listening on ")) {
          return URI.create(line.substring("listening on ".length()));
        }
      }
      if (ended) {
        break;
      }
    }
    return fail("the server did not listen:\n" + Files.readString(log));
  }

  private static HttpResponse<String> get(URI uri) throws Exception {
    return HttpClient.newHttpClient().send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void theConfigurationsThatItBringsAreRightOnceTheirFilesAreThere() throws Exception {
    Path etc = installation.writable("etc");
    String ours = Files.readString(installation.root().resolve("config/server.yaml"));
    String clusters = null;
    for (JsonNode document : kubernetes()) {
      if (document.get("kind").asText().equals("ConfigMap")) {
        clusters = document.get("data").get("server.yaml").asText();
      }
    }
    for (String configuration : List.of(ours, clusters)) {
      Path file = Files.writeString(Files.createTempFile(etc, "server", ".yaml"), configuration);
      file.toFile().setReadable(true, false);
      Path log = Files.createTempFile("tacet-archive", ".log");
      Process check = installation.start(
          List.of(installation.root().resolve("bin/tacet").toString(), "serve", "--config", file.toString(), "--check-config"),
          List.of("TACET_MODELS=" + installation.root().resolve("models"), "TACET_DATA=" + etc.resolve("data")), log);
      check.waitFor();
      List<String> problems = Files.readAllLines(log).stream()
          .filter(line -> line.startsWith("tacet: ") && !line.endsWith(" problems")).toList();
      assertEquals(3, problems.size(), "the certificate, its key and the API keys, which are the operator's: " + problems);
      assertTrue(problems.stream().allMatch(line -> line.contains("tls.certificate") || line.contains("tls.key")
          || line.contains("identity.api-keys")), problems::toString);
      Files.delete(log);
    }
  }

  @Test
  void theClustersProbesAskPortsAndPagesThatThereAre() throws Exception {
    int deployments = 0;
    for (JsonNode document : kubernetes()) {
      if (!document.get("kind").asText().equals("Deployment")) {
        continue;
      }
      deployments++;
      JsonNode pod = document.get("spec").get("template").get("spec");
      assertEquals(false, pod.get("enableServiceLinks").asBoolean(), "TACET_PORT would be the service's address");
      JsonNode container = pod.get("containers").get(0);
      for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
        JsonNode get = container.get(probe).get("httpGet");
        assertTrue(List.of("/healthz", "/readyz").contains(get.get("path").asText()), probe);
        assertEquals(container.get("ports").get(0).get("name"), get.get("port"), probe);
      }
      assertTrue(container.get("securityContext").get("readOnlyRootFilesystem").asBoolean());
      assertTrue(pod.get("securityContext").get("runAsNonRoot").asBoolean());
      assertEquals(names(pod.get("volumes")), names(container.get("volumeMounts")));
    }
    assertEquals(1, deployments);
  }

  private static TreeSet<String> names(JsonNode list) {
    TreeSet<String> names = new TreeSet<>();
    list.forEach(element -> names.add(element.get("name").asText()));
    return names;
  }

  private static List<JsonNode> kubernetes() throws Exception {
    return YAML.readerFor(JsonNode.class)
        .<JsonNode>readValues(installation.root().resolve("kubernetes/tacet.yaml").toFile()).readAll();
  }

  @Test
  void theImageThatIsBuiltIsTheOneThatTheClusterAsksFor() throws Exception {
    String version = installation.root().getFileName().toString().substring("tacet-".length());
    String image = "tacet:" + version;
    int asked = 0;
    for (JsonNode document : kubernetes()) {
      for (JsonNode container : document.findPath("containers")) {
        assertEquals(image, container.get("image").asText());
        asked++;
      }
    }
    assertEquals(1, asked);
    for (String file : List.of("docker/Dockerfile", "docs/installing.md")) {
      String text = Files.readString(installation.root().resolve(file)).replace("VERSION", version);
      assertTrue(text.contains(" -t " + image + " ."), file + " builds " + image);
      assertTrue(text.contains(":/var/lib/tacet " + image + "\n"), file + " runs " + image);
    }
  }

  @Test
  void everyLinkOfItsPagesLeadsSomewhere() throws Exception {
    Pattern link = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)]*)?\\)");
    List<String> dead = new ArrayList<>();
    int links = 0;
    try (Stream<Path> files = Files.walk(installation.root())) {
      for (Path page : files.filter(file -> file.toString().endsWith(".md")).toList()) {
        Matcher matcher = link.matcher(Files.readString(page));
        while (matcher.find()) {
          links++;
          String target = matcher.group(1);
          if (!target.matches("[a-z]+:.*") && !Files.exists(page.resolveSibling(target))) {
            dead.add(installation.root().relativize(page) + " links " + target);
          }
        }
      }
    }
    assertEquals(List.of(), dead);
    assertTrue(links > 20, links + " links");
  }

  @Test
  void theBillOfMaterialsNamesEveryJarAndTheEngineWithItsHash() throws Exception {
    JsonNode bill = JSON.readTree(installation.root().resolve("sbom/tacet.cdx.json").toFile());
    assertEquals("CycloneDX", bill.get("bomFormat").asText());
    TreeSet<String> hashes = new TreeSet<>();
    TreeMap<String, String> files = new TreeMap<>();
    for (JsonNode component : bill.get("components")) {
      component.path("hashes").forEach(hash -> hashes.add(hash.get("content").asText()));
      if (component.get("type").asText().equals("file")) {
        files.put(component.get("name").asText(), component.get("hashes").get(0).get("content").asText());
      }
    }
    List<String> unnamed = new ArrayList<>();
    try (Stream<Path> jars = Files.list(installation.root().resolve("lib"))) {
      for (Path jar : jars.filter(file -> file.toString().endsWith(".jar")).toList()) {
        if (!hashes.contains(sha256(jar))) {
          unnamed.add(jar.getFileName().toString());
        }
      }
    }
    assertEquals(List.of(), unnamed);
    TreeMap<String, String> engines = new TreeMap<>();
    try (Stream<Path> natives = Files.list(installation.root().resolve("lib/native"))) {
      for (Path engine : natives.toList()) {
        engines.put("lib/native/" + engine.getFileName(), sha256(engine));
      }
    }
    assertEquals(engines, files);
    assertEquals(1, engines.size());
  }

  private static String sha256(Path file) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
  }
}
