// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.command.TacetCommand;
import dev.tacet.server.TacetServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Signing a model, using it, and everything about what the host keeps then: {@code sign}, {@code keys}, {@code privacy}, {@code audit}. */
class AccountCommandsTest {
  private static final Path CANCER = Tacet.MODELS.resolve("breast-cancer");
  private static final Pattern SET = Pattern.compile("(?m)^ +([0-9a-f]{64}) ");

  @TempDir static Path folder;
  private static TacetServer server;
  private static String uri;

  private record Ended(int exit, String out, String err) {
    String all() {
      return "exit " + exit + "\n" + out + err;
    }
  }

  @BeforeAll
  static void serve() throws Exception {
    Files.writeString(folder.resolve("passphrase"), "one\n");
    Files.write(folder.resolve("rows.csv"), Files.readAllLines(CANCER.resolve("test.csv")).subList(0, 2));
    Path artifact = Files.createDirectories(folder.resolve("models/breast-cancer/1")).resolve("model.tacet");
    done("compile " + CANCER.resolve("model.onnx") + " --config " + CANCER.resolve("tacet.yaml") + " --packing latency -o " + artifact);
    done("sign --new-key @owner.key");
    done("sign --key @owner.key " + artifact);
    done("sign --new-key @stranger.key");
    server = TacetServer.configured(null, Map.of(), Map.of(
        "models", folder.resolve("models").toString(), "data", folder.resolve("data").toString(), "port", "0",
        "repository.trusted-key", folder.resolve("owner.key.pub").toString()));
    URI listening = server.start();
    uri = listening.toString();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static Ended run(String line) {
    List<String> arguments = new ArrayList<>();
    for (String word : line.trim().split(" +")) {
      arguments.add(word.startsWith("@") ? folder.resolve(word.substring(1)).toString() : word);
    }
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    StringWriter err = new StringWriter();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      CommandLine command = TacetCommand.commandLine();
      command.setErr(new PrintWriter(err));
      int exit = command.execute(arguments.toArray(new String[0]));
      return new Ended(exit, out.toString(StandardCharsets.UTF_8), err.toString());
    } finally {
      System.setOut(before);
    }
  }

  private static String done(String line) {
    Ended ended = run(line);
    assertEquals(0, ended.exit(), line + ": " + ended.all());
    return ended.out();
  }

  private static String keySet() {
    String shown = done("keys list --server " + uri);
    Matcher set = SET.matcher(shown);
    assertTrue(set.find(), shown);
    return set.group(1);
  }

  @Test
  void aModelIsSignedUsedAndEverythingThatTheHostKeptIsListedReplacedFetchedAndDeleted() throws Exception {
    String predict = "predict --server " + uri + " --model breast-cancer --input @rows.csv --passphrase-file @passphrase ";
    Ended stranger = run(predict + "--trusted-model-key @stranger.key.pub");
    assertEquals(1, stranger.exit(), stranger.all());
    assertTrue(stranger.err().contains("model breast-cancer is signed by the key"), stranger.all());
    done(predict + "--trusted-model-key @owner.key.pub --keys @keys");
    String first = keySet();

    done("keys export --keys @keys --passphrase-file @passphrase @backup");
    done("keys rotate --server " + uri + " --model breast-cancer --keys @keys --passphrase-file @passphrase");
    String second = keySet();
    assertNotEquals(first, second);
    done("keys import --keys @restored --passphrase-file @passphrase @backup");
    assertEquals(1, run("keys import --keys @restored --passphrase-file @passphrase @backup").exit());

    assertEquals(0, run("keys grant --server " + uri + " --to api-key:clinic --purpose study " + second).exit());
    assertTrue(done("keys grants --server " + uri).contains("api-key:clinic"));
    done("keys revoke --server " + uri + " --from api-key:clinic " + second);
    Ended again = run("keys revoke --server " + uri + " --from api-key:clinic " + second);
    assertEquals(1, again.exit(), again.all());

    String shown = done("privacy show --server " + uri);
    assertTrue(shown.contains(second) && shown.contains("audit trail 400 days"), shown);
    done("privacy export --server " + uri + " @kept.zip");
    try (ZipFile zip = new ZipFile(folder.resolve("kept.zip").toFile())) {
      assertTrue(zip.getEntry("SHA256SUMS") != null && zip.getEntry("keysets/" + second) != null);
    }
    done("privacy delete --server " + uri + " --receipt @receipt");
    String receipt = done("privacy verify @receipt");
    assertTrue(receipt.contains("key-set: " + second) && receipt.contains("The signature holds"), receipt);
    Files.writeString(folder.resolve("altered"), Files.readString(folder.resolve("receipt")).replace("audit-entries: ", "audit-entries: 1"));
    assertEquals(1, run("privacy verify @altered").exit());
    assertEquals(1, run("privacy verify --host-key " + "0".repeat(64) + " @receipt").exit());
    assertFalse(SET.matcher(done("keys list --server " + uri)).find());
    String audit = done("audit --server " + uri);
    assertTrue(audit.contains(" deleted ") && audit.contains("are deleted: their time was over"), audit);
    assertEquals(2, run("keys delete --server " + uri + " --all " + second).exit());
    done("keys delete --server " + uri + " --all");
  }

  @Test
  void anExportHasTheRestWhereTheTrailDoesNotHoldAndFails() throws Exception {
    Map<String, String> settings = Map.of(
        "models", Files.createDirectories(folder.resolve("none")).toString(), "data", folder.resolve("tampered").toString(), "port", "0");
    try (TacetServer host = TacetServer.configured(null, Map.of(), settings)) {
      String address = host.start().toString();
      assertTrue(done("privacy show --server " + address).contains("no entries"));
      done("privacy delete --server " + address + " --receipt @first");
    }
    String url = "jdbc:h2:file:" + folder.resolve("tampered/state/index");
    try (Connection connection = DriverManager.getConnection(url, "tacet", ""); Statement statement = connection.createStatement()) {
      assertEquals(1, statement.executeUpdate("update audit set detail = 'nothing happened'"));
    }
    try (TacetServer host = TacetServer.configured(null, Map.of(), settings)) {
      Ended ended = run("privacy export --server " + host.start() + " @broken.zip");
      assertEquals(1, ended.exit(), ended.all());
      assertEquals(2, ended.err().lines().count(), ended.all());
      assertTrue(ended.err().contains("entry 1 was changed") && ended.err().contains("all else that is kept is in " + folder), ended.all());
    }
    try (ZipFile zip = new ZipFile(folder.resolve("broken.zip").toFile())) {
      String gone = new String(zip.getInputStream(zip.getEntry("gone.txt")).readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(gone.startsWith("audit.tsv: not in this archive, audit trail: entry 1 was changed"), gone);
      assertTrue(zip.getEntry("kept.txt") != null && zip.getEntry("SHA256SUMS") != null && zip.getEntry("audit.tsv") == null);
    }
  }

  @Test
  void aPolicyIsKeptToAndNamesItsRule() throws Exception {
    Files.writeString(folder.resolve("strict.policy"), "class.sensitive.transports = tls\nclass.sensitive.hosts = *\n");
    String predict = "predict --server " + uri + " --model breast-cancer --input @rows.csv ";
    Ended refused = run(predict + "--policy @strict.policy");
    assertEquals(1, refused.exit(), refused.all());
    assertTrue(refused.err().contains("rule class.sensitive.transports"), refused.all());
    assertEquals(2, refused.err().lines().count(), refused.all());
    Files.writeString(folder.resolve("wrong.policy"), "class.sensitive.transport = tls\n");
    assertTrue(run(predict + "--policy @wrong.policy").err().contains("class.sensitive.transport is no rule"));
    done("keygen @models/breast-cancer/1/model.tacet --keys @cardkeys --passphrase-file @passphrase");
    String provide = predict + "--card @cardkeys/owner.card --output @answers ";
    Ended provider = run(provide + "--policy @strict.policy");
    assertTrue(provider.exit() == 1 && provider.err().contains("rule class.sensitive.transports"), provider.all());
    assertTrue(run(provide + "--trusted-model-key @stranger.key.pub").err().contains("model breast-cancer is signed by the key"));
    assertEquals(2, run(provide + "--accept-signature " + "0".repeat(64)).exit(), "the card says what is trusted");
    Files.writeString(folder.resolve("purpose.policy"), "purpose = research\n");
    assertEquals(2, run(provide + "--policy @purpose.policy").exit(), "a provider has no record of consent");
    assertFalse(Files.exists(folder.resolve("answers")));
    Files.writeString(folder.resolve("open.policy"), "class.sensitive.transports = *\nclass.sensitive.hosts = *\n");
    assertEquals(2, run("privacy consent --server " + uri + " --policy @open.policy").exit(), "no keys are named");
  }
}
