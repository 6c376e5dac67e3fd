// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.command.TacetCommand;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/**
 * What a command is given wrongly is bad usage: exit code 2, one line of what, one of what to do, before any work is done and with
 * no file left behind. Commands run in this process; a word of a command line that starts with @ is a file of the test's folder.
 */
class BadUsageTest {
  private static final Path CANCER = Tacet.MODELS.resolve("breast-cancer");
  private static final String PREDICT = "predict --server http://localhost:1 --model m --input @rows.csv ";
  private static final String HTTPS = PREDICT.replace("http:", "https:");
  private static final String TRY = "try @model.onnx --calibration @rows.csv --input @rows.csv ";

  @TempDir Path folder;

  @BeforeEach
  void files() throws Exception {
    Files.copy(CANCER.resolve("model.onnx"), folder.resolve("model.onnx"));
    List<String> lines = Files.readAllLines(CANCER.resolve("test.csv"));
    Files.write(folder.resolve("rows.csv"), lines.subList(0, 3));
    Files.writeString(folder.resolve("empty.csv"), "");
    Files.writeString(folder.resolve("header.csv"), lines.get(0) + "\n");
    Files.writeString(folder.resolve("semicolons.csv"), "a;b\n1;2\n");
    Files.writeString(folder.resolve("narrow.csv"), "1,2,3\n4,5,6\n");
    Files.writeString(folder.resolve("file"), "no folder");
    Files.createDirectory(folder.resolve("folder"));
    Files.writeString(folder.resolve("none.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    Files.write(folder.resolve("binary"), new byte[] {(byte) 0xc3, 0x28, 0x01, (byte) 0xff});
  }

  private record Ended(int exit, String err) {
    String all() {
      return "exit " + exit + "\n" + err;
    }
  }

  private Ended run(String line) {
    String[] arguments =
        Arrays.stream(line.trim().split(" +"))
            .map(word -> word.startsWith("@") ? folder.resolve(word.substring(1)).toString() : word)
            .toArray(String[]::new);
    StringWriter err = new StringWriter();
    CommandLine command = TacetCommand.commandLine();
    command.setErr(new PrintWriter(err));
    int exit = command.execute(arguments);
    return new Ended(exit, err.toString());
  }

  private Map<String, Long> contents() throws Exception {
    Map<String, Long> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path file : all.toList()) {
        files.put(folder.relativize(file).toString(), Files.isDirectory(file) ? 0 : Files.size(file));
      }
    }
    return files;
  }

  private void assertRefused(String line, String what) throws Exception {
    Map<String, Long> before = contents();
    Ended ended = run(line);
    assertEquals(CommandLine.ExitCode.USAGE, ended.exit(), line + ": " + ended.all());
    assertEquals(2, ended.err().lines().count(), line + ": " + ended.all());
    assertTrue(ended.err().startsWith("tacet: ") && ended.err().contains("\n       "), line + ": " + ended.all());
    assertTrue(ended.err().lines().findFirst().orElse("").contains(what), line + ": " + ended.all());
    assertEquals(before, contents(), line);
  }

  static Stream<List<String>> wrongUses() {
    return Stream.of(
        // Where results go.
        List.of(PREDICT + "--output @p.xyz", "p.xyz is not told by its name"),
        List.of(PREDICT + "--output @answers", "answers is not told by its name"),
        List.of(PREDICT + "--output @p.csv.gz", "p.csv.gz is not told by its name"),
        List.of(PREDICT + "--card @file --output -", "does not go to standard output"),
        List.of(PREDICT + "--card @file", "a data provider holds no keys"),
        List.of("decrypt @file --keys @folder --input @file --output @p.xlsx", "p.xlsx is not told by its name"),
        List.of("compile @model.onnx --calibration @rows.csv -o @model.onnx", "model.onnx is both read and written"),
        List.of("compile @model.onnx --calibration @rows.csv -o -", "does not go to standard output"),
        List.of("encrypt @file --card @file --input @rows.csv --output @rows.csv", "rows.csv is both read and written"),
        List.of("evaluate @file --input @file --output @file", "file is both read and written"),
        List.of(PREDICT + "--output @rows.csv", "rows.csv is both read and written"),
        List.of("decrypt @file --keys @folder --input @file --request @rows.csv --output @folder/../rows.csv", "is both read and written"),
        List.of(TRY + " --json @model.onnx", "model.onnx is both read and written"),
        List.of(TRY + " --json @rows.csv", "rows.csv is both read and written"),
        List.of("check @model.onnx --json @model.onnx", "model.onnx is both read and written"),
        List.of("simulate @model.onnx --calibration @rows.csv --input @rows.csv --json @rows.csv", "rows.csv is both read and written"),
        List.of("explain @model.onnx --calibration @rows.csv --html @model.onnx", "model.onnx is both read and written"),
        List.of("explain @model.onnx --calibration @rows.csv --html @new --json @new", "new is written twice"),
        List.of("keygen @file --keys @file", "file is a file, not a folder"),
        List.of(PREDICT + "--keys @file/keys", "file is a file, not a folder"),
        List.of("bench ops --charts @file", "file is a file, not a folder"),
        List.of("bench peers --charts @file", "file is a file, not a folder"),
        // Certificates and credentials.
        List.of(HTTPS + "--trust @rows.csv", "rows.csv holds no certificate"),
        List.of(HTTPS + "--trust @none.key", "none.key holds no certificate"),
        List.of(HTTPS + "--trust @none.pem", "no such file: "),
        List.of(PREDICT + "--trust @rows.csv", "http://localhost:1 is not https"),
        List.of(HTTPS + "--client-certificate @file --client-key @none.key", "file holds no certificate"),
        List.of(HTTPS + "--client-certificate @file", "a client certificate needs both files"),
        List.of(HTTPS + "--token-file @binary", "binary: a credential of "),
        List.of(HTTPS + "--api-key-file @binary", "binary: a credential of "),
        List.of(HTTPS + "--token-file @empty.csv", "the first line of "),
        List.of(PREDICT + "--accept-signature zz", "64 hexadecimal digits, lower case; this has 2 characters"),
        List.of("encrypt @file --card @file --input @rows.csv --output @o.enc --fingerprint " + "Z".repeat(64), "not such digits alone"),
        List.of("keys list --server https://localhost:1 --trust @rows.csv", "rows.csv holds no certificate"),
        // Keys.
        List.of("keys delete --server http://localhost:1", "no key set is named"),
        List.of("keys delete --server http://localhost:1 --all " + "0".repeat(64), "both --all and key sets"),
        List.of("keys delete --server http://localhost:1 abc", "64 hexadecimal digits"),
        List.of("keys list --server ftp://localhost", "--server is ftp://localhost"),
        List.of("keys rotate --server http://localhost:1 --model m", "--keys is missing"),
        List.of("keys grant --server http://localhost:1 --to api-key:a --purpose p abc", "64 hexadecimal digits"),
        List.of("keys export --keys @folder @backup", "no keys in "),
        List.of("keys import --keys @new @none", "no such file: "),
        // What is read.
        List.of(TRY.replace("--input @rows.csv", "--input @none.csv"), "no such file: "),
        List.of(TRY.replace("--input @rows.csv", "--input @folder"), "folder is a folder, not a file"),
        List.of(TRY.replace("--input @rows.csv", "--input @empty.csv"), "empty.csv holds no rows"),
        List.of(TRY.replace("--input @rows.csv", "--input @header.csv"), "header.csv holds no rows"),
        List.of(TRY.replace("--input @rows.csv", "--input @semicolons.csv"), "semicolons"),
        List.of(TRY.replace("--input @rows.csv", "--input @narrow.csv"), "narrow.csv has 3 columns, the model takes 30"),
        List.of(TRY.replace("--calibration @rows.csv", "--calibration @empty.csv"), "empty.csv holds no rows"),
        List.of(TRY.replace("--calibration @rows.csv", "--calibration @folder"), "folder is a folder, not a file"),
        List.of(TRY.replace("--calibration @rows.csv", ""), "sample rows are missing"),
        List.of("simulate @model.onnx --calibration @rows.csv --input @narrow.csv", "narrow.csv has 3 columns"),
        List.of("compile @none.onnx --calibration @rows.csv", "no such file: "),
        List.of("explain @folder --calibration @rows.csv", "folder is a folder, not a file"),
        List.of("check @none.onnx", "no such file: "),
        List.of("check @model.onnx --config @none.yaml", "no such file: "),
        List.of("check @model.onnx --config @folder", "folder is a folder, not a file"),
        List.of("keygen @none.tacet --keys @keys", "no such file: "),
        List.of("encrypt @none.tacet --card @file --input @rows.csv --output @o.enc", "no such file: "),
        List.of("evaluate @folder --input @rows.csv --output @o.enc", "folder is a folder, not a file"),
        List.of("decrypt @none.tacet --keys @folder --input @rows.csv", "no such file: "),
        List.of("serve --models @file", "no such folder: "),
        List.of("serve --config @none.yaml", "none.yaml"),
        List.of("serve --models @folder --tls-key @file", "TLS needs both files"),
        List.of("serve --models @folder --tls-certificate @file --tls-key @none.key", "file holds no certificate"),
        // Numbers and names.
        List.of("serve --models @folder --port -1", "port"),
        List.of("serve --models @folder --port 65536", "port"),
        List.of("serve --models @folder --port 99999999999", "port"),
        List.of("serve --models @folder --port http", "port"),
        List.of("serve --models @folder --set limits.running=-2", "limits.running"),
        List.of("serve --models @folder --set no.such.setting=1", "no.such.setting"),
        List.of("bench models --rows 0", "--rows is 0"),
        List.of("bench models --rows -5", "--rows is -5"),
        List.of("bench models --rows 99999999999", "99999999999"),
        List.of("bench models --threads 0", "--threads is 0"),
        List.of("bench models --threads -1", "--threads is -1"),
        List.of("bench models --threads 100000", "--threads is 100000"),
        List.of("bench models --models no-such", "no ready model no-such"),
        List.of("bench models --models ..", "no ready model .."),
        List.of("bench models --packing sideways", "--packing is sideways"),
        List.of("bench ops --threads 0", "--threads is 0"),
        List.of("bench ops --seconds -1", "-1.0 seconds"),
        List.of("bench ops --seconds NaN", "NaN seconds"),
        List.of("bench ops --ring-type REAL", "REAL"),
        List.of("bench peers --rounds 0", "0 rounds"),
        List.of("demo --models no-such", "no ready model no-such"),
        List.of("api-key create --file @keys.yaml --tenant t --role predict --days 0 a", "--days is 0"),
        List.of(PREDICT.replace("http://localhost:1", "localhost:1"), "--server is localhost:1"),
        List.of(PREDICT.replace("http://localhost:1", "http://localhost:65536"), "--server is http://localhost:65536"),
        List.of(PREDICT.replace("http://localhost:1", "http://localhost:-1"), "--server"),
        List.of(PREDICT.replace("http://localhost:1", "http://localhost:1/v1"), "more than a host and a port"),
        List.of(PREDICT.replace("http://localhost:1", "http://me:word@localhost:1"), "more than a host and a port"),
        List.of("audit --server http://localhost:1/?a=b", "more than a host and a port"),
        List.of(PREDICT.replace("--input @rows.csv", ""), "--input"),
        List.of(TRY + "--security 129", "--security is 129"),
        List.of(TRY + "--ring real", "--ring is real"),
        List.of(TRY + "--packing sideways", "--packing is sideways"),
        List.of(TRY + "--task guess", "--task is guess"),
        List.of(TRY + "--accuracy 0", "accuracy is 0.0"),
        List.of(TRY + "--accuracy NaN", "accuracy is NaN"),
        List.of(TRY + "--max-degree 2", "the highest degree is 2"),
        List.of(TRY + "--max-degree 99999999999", "99999999999"),
        List.of(TRY + "--margin -0.1", "margin is -0.1"),
        List.of(TRY + "--key-budget 0", "a key budget of '0' is 0 bytes, needs at least 1"),
        List.of(TRY + "--share-bits 30", "--share-bits is given without"),
        List.of(TRY + "--share-results -3", "-3"),
        List.of(TRY + "--frobnicate", "--frobnicate"),
        List.of("try", "MODEL.onnx"),
        List.of("bench", "say what to measure"),
        List.of("verify", "builds from the sources"),
        List.of("help frobnicate", "has no command 'frobnicate'"),
        List.of("help bench frobnicate", "'tacet bench' has no command 'frobnicate'"),
        List.of("completion fish", "fish"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"help verify", "verify --help", "help package", "package --help", "help predict", "help bench models", "help api-key create"})
  void everyCommandThatHelpListsHasHelp(String line) {
    StringWriter out = new StringWriter();
    CommandLine command = TacetCommand.commandLine().setOut(new PrintWriter(out));
    assertEquals(0, command.execute(line.split(" ")));
    String name = line.replaceAll("(--)?help", "").strip();
    assertTrue(out.toString().contains("Usage: tacet " + name + " "), out.toString());
    String group = name.replaceAll(" .*", "");
    assertTrue(command.getUsageMessage().lines().anyMatch(shown -> shown.startsWith("  " + group + " ")), command.getUsageMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"help help", "help --help"})
  void helpHasHelpOfItsOwn(String line) {
    StringWriter out = new StringWriter();
    CommandLine command = TacetCommand.commandLine().setOut(new PrintWriter(out));
    assertEquals(0, command.execute(line.split(" ")));
    assertTrue(out.toString().contains("Usage: tacet help "), out.toString());
  }

  @ParameterizedTest
  @MethodSource("wrongUses")
  void isToldBeforeAnythingIsDone(List<String> use) throws Exception {
    assertRefused(use.get(0), use.get(1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nmae: m",
        "name: m\ntask: regression\naccuracy: [0.1]",
        "name: m\ntask: regression\ncompile: [1, 2]",
        "name: m\ntask: regression\ncompile: {guards: maybe}",
        "name: m\ntask: regression\ncompile: {private_bits: 30}",
        "name: m\ntask: regression\ninputs: {name: a}",
        "- 1\n- 2",
        "name: [",
        "",
      })
  void aConfigurationThatIsWrongNamesTheKey(String yaml) throws Exception {
    Files.writeString(folder.resolve("tacet.yaml"), yaml);
    for (String line :
        List.of(
            "check @model.onnx --config @tacet.yaml",
            "explain @model.onnx --config @tacet.yaml",
            "compile @model.onnx --config @tacet.yaml -o @out.tacet",
            "simulate @model.onnx --config @tacet.yaml --input @rows.csv",
            "try @model.onnx --config @tacet.yaml --input @rows.csv")) {
      assertRefused(line, "cannot use " + folder.resolve("tacet.yaml") + ": tacet.yaml");
    }
  }

  @Test
  void aConfigurationThatIsNotTextIsRefused() throws Exception {
    Files.write(folder.resolve("tacet.yaml"), "name: m\u00E9".getBytes(StandardCharsets.ISO_8859_1));
    assertRefused("check @model.onnx --config @tacet.yaml", "not text in UTF-8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[1,2],[3]]", "[[1,NaN]]", "[[1,null]]", "[[1,\"2\"]]", "[{\"a\":1,\"a\":2}]", "[[1,2]", "[]", "{}", "[[1,1e999]]", "[true]"
      })
  void rowsOfJsonThatAreNoneAreRefused(String json) throws Exception {
    Files.writeString(folder.resolve("rows.json"), json);
    assertRefused(PREDICT.replace("@rows.csv", "@rows.json"), "rows.json");
  }

  @Test
  void rowsOfEveryFormAreTaken() throws Exception {
    String rows = Files.readString(folder.resolve("rows.csv"));
    for (String form : List.of(rows.replace("\n", "\r\n"), "\uFEFF" + rows, rows.replace("\n", "\n\n"), rows.replaceAll("([^,\n]+)", "\"$1\""))) {
      Files.writeString(folder.resolve("form.csv"), form);
      Ended ended = run("simulate @model.onnx --calibration @form.csv --input @form.csv");
      assertEquals(0, ended.exit(), ended.all());
    }
  }
}
