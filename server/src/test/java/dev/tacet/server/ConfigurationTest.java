// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.server.internal.ConfiguredFiles;
import dev.tacet.server.internal.config.Setting;
import dev.tacet.server.internal.config.Settings;
import dev.tacet.server.internal.config.SettingsReader;
import java.nio.file.Files;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
  @TempDir Path folder;

  private Path yaml(String text) throws Exception {
    return Files.writeString(folder.resolve("tacet.yaml"), text);
  }

  private Map<String, String> places() throws Exception {
    Map<String, String> flags = new LinkedHashMap<>();
    flags.put("models", Files.createDirectories(folder.resolve("models")).toString());
    flags.put("data", folder.resolve("data").toString());
    return flags;
  }

  private List<String> problems(String text) throws Exception {
    Path file = yaml(text);
    List<String> problems = problems(file);
    assertFalse(problems.isEmpty());
    return problems;
  }

  private List<String> problems(Path file) throws Exception {
    try {
      return SettingsReader.read(file, Map.of(), places()).problems();
    } catch (ConfigurationException cannotBeRead) {
      return cannotBeRead.problems();
    }
  }

  private Settings settings(Path file, Map<String, String> environment, Map<String, String> flags) throws Exception {
    SettingsReader.Reading reading = SettingsReader.read(file, environment, flags);
    assertEquals(List.of(), reading.problems());
    return reading.settings();
  }

  @Test
  void aFlagGoesBeforeAVariableAndThatBeforeTheFile() throws Exception {
    Path file = yaml("port: 1\nlimits: {running: 2, waiting: 3, memory: 1GiB, duration: 2m, stored-keys: 512KiB}\n");
    Map<String, String> flags = places();
    flags.put("port", "7");
    Settings settings =
        settings(file, Map.of("TACET_PORT", "6", "TACET_LIMITS_WAITING", "5", "TACET_TRACE", "1"), flags);
    assertEquals(7, settings.port());
    assertEquals(5, settings.limits().run().maxWaiting());
    assertEquals(2, settings.limits().run().workers());
    assertEquals(1L << 30, settings.limits().run().memoryBytes());
    assertEquals(Duration.ofMinutes(2), settings.limits().run().maxDuration());
    assertEquals(512 << 10, settings.limits().store().quotaBytes());
    assertEquals("127.0.0.1", settings.host());
  }

  @Test
  void everythingThatIsWrongIsSaidAtOnceWithItsPlace() throws Exception {
    Path file =
        yaml("prot: 1\nport: 70000\nhost: \"no such host\"\ntls: {certificate: /none.crt, colour: red}\nlimits: {running: 0, memory: 3 bananas}\n"
            + "tenants:\n- {name: Lab, models: [\"*\"]}\n- {name: a, models: []}\n- {name: b, models: [\"x y\"], size: 1}\n- 7\n"
            + "identity:\n  tokens: {issuer: x}\n  certificates: [{subject: nonsense, tenant: z, roles: [king]}]\n");
    SettingsReader.Reading reading = SettingsReader.read(file,
        Map.of("TACET_LIMITS_DURATION", "soon", "TACET_LIMITS_RUNING", "1", "TACET_TENANTS", "x", "TACET_LOG", "OFF",
            "TACET_IDENTIY_API_KEYS", "x", "TACET_TSL_CERTIFICATE", "x", "TACET_PROT", "1"), Map.of("modls", "x"));
    String all = String.join("\n", reading.problems());
    for (String expected : List.of(
        "prot is no setting", "port (" + file + "): is 70000, must be a whole number in 0..65535", "\"no such host\" has no address",
        "cannot read the file /none.crt", "tls.colour is no setting", "only one is set", "limits.running", "3 bananas",
        "limits.duration (environment variable TACET_LIMITS_DURATION): is soon", "flag modls is no setting", "models: is missing",
        "data: is missing", "name \"Lab\"", "tenants[1]: models is missing or empty", "\"x y\" is no name or pattern",
        "tenants[2]: unknown key size", "tenants[3] must be a mapping", "identity.tokens.keys: is missing",
        "identity.tokens.audience: is missing", "subject \"nonsense\"", "unknown role king", "needs tls.client-authorities",
        "tenant z of nonsense is not listed", "variable TACET_LIMITS_RUNING is no setting", "variable TACET_TENANTS: tenants are a list",
        "variable TACET_IDENTIY_API_KEYS is no setting; TACET_IDENTITY_API_KEYS is one", "TACET_TLS_CERTIFICATE is one", "TACET_PORT is one")) {
      assertTrue(all.contains(expected), expected + " is not among\n" + all);
    }
    assertTrue(!all.contains("TACET_LOG"), all);
  }

  @Test
  void variablesOfOtherProgramsAndOfTheLauncherAreLeftAlone() throws Exception {
    Map<String, String> others = new HashMap<>();
    for (String name : List.of("TACET_JAVA", "TACET_JAVA_OPTS", "TACET_JAVA_HOME", "TACET_LOG", "TACET_LOG_FORMAT", "TACET_KERNELS", "TACET_THREADS",
        "TACET_PAGES", "TACET_API_KEY", "TACET_PASSPHRASE", "TACET_NATIVE_PATH", "TACET_HOME", "TACET_SERVICE_HOST", "TACET_PORT_8443_TCP", "TACET_PORT_8443_TCP_ADDR")) {
      others.put(name, "x");
    }
    assertEquals(List.of(), SettingsReader.read(yaml("port: 1\n"), others, places()).problems());
  }

  @Test
  void aDataFolderThatCannotBeMadeAndAnAliasAreToldBeforeTheStart() throws Exception {
    Map<String, String> flags = places();
    flags.put("data", "/proc/none/data");
    assertEquals(List.of("data: /proc cannot be written, so /proc/none/data cannot be made"),
        ConfiguredFiles.problems(settings(yaml("port: 1\n"), Map.of(), flags)));
    assertEquals(List.of(), ConfiguredFiles.problems(settings(yaml("port: 1\n"), Map.of(), places())));
    assertTrue(problems("port: &a 1\nlimits: {running: *a}\n").get(0).endsWith("line 2: *a stands for another value; write the value itself"));
    try (var left = Files.list(folder)) {
      assertTrue(left.noneMatch(path -> path.getFileName().toString().startsWith(".tacet")), "nothing stays");
    }
    assertTrue(Files.notExists(folder.resolve("data")), "nothing is made");
  }

  @Test
  void whatWouldBeUnsafeIsRefused() throws Exception {
    Path keys = folder.resolve("keys.yaml");
    new ApiKeyFile(keys).issue("k", "default", java.util.Set.of("predict"), null);
    List<String> readable = problems("host: 0.0.0.0\nidentity: {api-keys: " + keys + "}\n");
    assertTrue(readable.get(0).startsWith("identity without tls: credentials would travel readable"), readable.toString());
    settings(
        yaml("host: 0.0.0.0\ntls: {terminated-by-proxy: true}\nidentity: {api-keys: " + keys + "}\n"), Map.of(), places());
    assertEquals(
        List.of("tenants without identity: nobody could be told apart; set identity.api-keys, .tokens or .certificates"),
        problems("tenants: [{name: lab, models: [\"*\"]}]\n"));
    assertTrue(problems("identity: {}\n").get(0).startsWith("identity names no way"));
    String plain = problems("identity: {tokens: {issuer: a, audience: b, keys: \"http://10.0.0.1/jwks\"}}\n").toString();
    assertTrue(plain.contains("must be https"), plain);
    assertTrue(problems("state: {url: \"jdbc:h2:mem:x\"}\n").get(0).contains("must start with jdbc:postgresql:"));
    for (String url : List.of("//db/x?user=a&password=b", "//db/x?sslpassword=b", "//a:b@db/x", "//a@db:5432/x")) {
      String problem = problems("state: {url: \"jdbc:postgresql:" + url + "\"}\n").get(0);
      assertTrue(problem.contains("must not hold a user or a password") && !problem.contains("a:b"), problem);
    }
    assertEquals(List.of("state.user and state.password-file need state.url"), problems("state: {user: tacet}\n"));
  }

  @ParameterizedTest
  @ValueSource(strings = {
    "port: 1\nport: 2\n", "- a\n- b\n", "just words", "a: &a [*a]\n", "tls: [1]\n", "{{{{", "port: !!java.net.URL [\"http://x\"]\n",
    "--- {}\n--- {}\n", "\u0000"})
  void filesThatAreNoConfigurationAreRefused(String text) throws Exception {
    assertTrue(problems(text).get(0).length() > 5);
  }

  @Test
  void aFileThatIsNoTextIsToldAsSuch() throws Exception {
    Path file = folder.resolve("binary.yaml");
    for (String bytes : new String[] {"\u00ff\u00feabc", "port: 1\nhost: \u00c3\u0028"}) {
      Files.write(file, bytes.getBytes(StandardCharsets.ISO_8859_1));
      assertEquals(
          List.of(file + " is not text in UTF-8"),
          problems(file));
    }
  }

  @Test
  void aFileThatGrowsWhenItIsReadIsRefused() throws Exception {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++) {
      bomb.append("a").append(i).append(": &a").append(i).append(" [").append(("*a" + (i - 1) + ", ").repeat(9)).append("x]\n");
    }
    problems(bomb.toString());
    problems("a: " + "[".repeat(5000) + "]".repeat(5000));
    problems("a: \"" + "x".repeat(2 << 20) + "\"\n");
  }

  @ParameterizedTest
  @EnumSource(Setting.class)
  void everySettingStandsInTheOperatorsGuide(Setting setting) throws Exception {
    String guide = Files.readString(Path.of("..", "docs", "operating.md"));
    assertTrue(guide.contains("| `" + setting.path() + "` |"), setting.path());
  }
}
