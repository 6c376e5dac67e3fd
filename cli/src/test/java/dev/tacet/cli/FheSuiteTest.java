// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stages of benchmarks/fhe-suite in a folder like the harness's: labels, and what a wrong file at each stage leads to. */
class FheSuiteTest {
  private static final Path MNIST = Tacet.MODELS.resolve("mnist-ffnn");
  private static final Path STAGES = Tacet.MODELS.resolveSibling("native").resolve("target/cmake/suite");
  private static final int SMALL = 15;
  private static final int MEDIUM = 1000;

  /** Of the stages' files. */
  private static final int HEADER_BYTES = 128;

  /** Ciphertexts of a batch's answer. */
  private static final int SCORES = 10;

  @TempDir static Path folder;

  @BeforeAll
  static void makeModelAndImages() throws Exception {
    Path submission = Files.createDirectories(folder.resolve("submission"));
    compile(submission.resolve("model.tacet"));
    compile(submission.resolve("batch.tacet"), "--packing", "throughput");
    writePixels("single", 1);
    writePixels("small", SMALL);
    writePixels("medium", MEDIUM);
  }

  private static void compile(Path to, String... options) throws Exception {
    List<String> command = new ArrayList<>(
        List.of("compile", MNIST.resolve("model.onnx").toString(), "--config", MNIST.resolve("tacet.yaml").toString(), "--no-guards"));
    command.addAll(List.of(options));
    command.addAll(List.of("-o", to.toString()));
    Tacet done = Tacet.here(command.toArray(String[]::new));
    assertEquals(0, done.exit(), done.all());
  }

  /** The first images of test.csv, and from the first on again where it has fewer. */
  private static Path writePixels(String instance, int rows) throws IOException {
    List<String> lines = new ArrayList<>();
    List<String> images = Files.readAllLines(MNIST.resolve("test.csv"));
    for (int row = 0; row < rows; row++) {
      lines.add(Arrays.stream(images.get(1 + row % (images.size() - 1)).split(","))
          .map(pixel -> String.format(Locale.ROOT, "%.6f", Double.parseDouble(pixel) / 255))
          .collect(Collectors.joining(" ")));
    }
    Path file = Files.createDirectories(folder.resolve("datasets/" + instance + "/intermediate")).resolve("test_pixels.txt");
    return Files.write(file, lines);
  }

  private record Ended(int exit, String text) {}

  private static Ended run(String stage, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(STAGES.resolve(stage).toString()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(5, TimeUnit.MINUTES), stage);
    return new Ended(process.exitValue(), text);
  }

  private static void succeed(String stage, String... arguments) throws Exception {
    Ended ended = run(stage, arguments);
    assertEquals(0, ended.exit, stage + ": " + ended.text);
  }

  private static void makeKeys(String size) throws Exception {
    succeed("client_key_generation", size);
    succeed("server_preprocess_model");
  }

  private static void sendAndCompute(String size) throws Exception {
    succeed("client_preprocess_input", size);
    succeed("client_encode_encrypt_input", size);
    succeed("server_encrypted_compute", size);
  }

  private static Path predictions(String instance) {
    return folder.resolve("io/" + instance + "/encrypted_model_predictions.txt");
  }

  /** The stage ends with 1, says why, and there is no label. */
  private static void refused(String stage, String reason, String... arguments) throws Exception {
    Ended ended = run(stage, arguments);
    assertEquals(1, ended.exit, stage + ": " + ended.text);
    assertTrue(ended.text.contains(reason), stage + " says \"" + ended.text + "\", not " + reason);
    assertFalse(Files.exists(predictions("single")) || Files.exists(predictions("medium")), stage);
  }

  private interface Damage {
    byte[] of(byte[] bytes);
  }

  private static byte[] cut(byte[] bytes) {
    return Arrays.copyOf(bytes, bytes.length - 100);
  }

  private static byte[] flipped(byte[] bytes) {
    return with(bytes, bytes.length / 2);
  }

  private static byte[] with(byte[] bytes, int changed) {
    byte[] copy = bytes.clone();
    copy[changed] ^= 1;
    return copy;
  }

  private static void refusedWith(String file, Damage damage, String stage, String reason, String... arguments) throws Exception {
    Path path = folder.resolve(file);
    Path kept = Files.copy(path, folder.resolve("kept"), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    Files.write(path, damage.of(Files.readAllBytes(path)));
    refused(stage, reason, arguments);
    Files.move(kept, path, StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void fifteenImagesGetTheirLabels() throws Exception {
    makeKeys("1");
    sendAndCompute("1");
    succeed("client_decrypt_decode", "1");
    succeed("client_postprocess", "1");
    List<String> truth = Files.readAllLines(MNIST.resolve("test_labels.csv")).subList(1, SMALL + 1);
    assertEquals(truth, Files.readAllLines(predictions("small")));
  }

  @Test
  void aThousandImagesAreABatchWhoseKnownRowsShowWhatWasExchanged() throws Exception {
    makeKeys("2");
    sendAndCompute("2");
    Path download = folder.resolve("io/medium/ciphertexts_download");
    assertArrayEquals(new String[] {"runs_0.bin"}, download.toFile().list());
    succeed("client_decrypt_decode", "2");
    succeed("client_postprocess", "2");
    List<String> truth = Files.readAllLines(MNIST.resolve("test_labels.csv"));
    List<String> labels = Files.readAllLines(predictions("medium"));
    assertEquals(MEDIUM, labels.size());
    long right = IntStream.range(0, MEDIUM).filter(i -> labels.get(i).equals(truth.get(1 + i % (truth.size() - 1)))).count();
    assertTrue(right >= 985, right + " of " + MEDIUM);

    // two answers change places: each is whole, in its file and of this request
    Path file = download.resolve("runs_0.bin");
    byte[] bytes = Files.readAllBytes(file);
    int size = (bytes.length - HEADER_BYTES) / SCORES;
    byte[] first = Arrays.copyOfRange(bytes, HEADER_BYTES, HEADER_BYTES + size);
    System.arraycopy(bytes, HEADER_BYTES + size, bytes, HEADER_BYTES, size);
    System.arraycopy(first, 0, bytes, HEADER_BYTES + size, size);
    Files.write(file, bytes);
    refused("client_decrypt_decode", "a known row got another answer", "2");

    // the relinearization key that the server prepared is damaged
    Path prepared = folder.resolve("io/medium/intermediate/server/prepared.bin");
    Files.write(prepared, with(Files.readAllBytes(prepared), 8192));
    succeed("server_encrypted_compute", "2");
    refused("client_decrypt_decode", "no label is written", "2");
    refused("client_postprocess", "scores.bin", "2");
  }

  @Test
  void whatIsWrongWithAFileIsSaidAndNoLabelIsWritten() throws Exception {
    String io = "io/single/";
    refusedWith("submission/model.tacet", FheSuiteTest::cut, "client_key_generation", "declares a body of", "0");
    refusedWith("submission/model.tacet", FheSuiteTest::flipped, "client_key_generation", "checksum", "0");
    succeed("client_key_generation", "0");
    refusedWith(io + "public_keys/evaluation.keys", FheSuiteTest::cut, "server_preprocess_model", "the header declares");
    refusedWith(io + "public_keys/evaluation.keys", FheSuiteTest::flipped, "server_preprocess_model", "checksum");
    succeed("server_preprocess_model");

    String pixels = "datasets/single/intermediate/test_pixels.txt";
    refusedWith(pixels, FheSuiteTest::cut, "client_preprocess_input", "line 1, column", "0");
    refusedWith(pixels, b -> "2.5 0".getBytes(StandardCharsets.UTF_8), "client_preprocess_input", "line 1, column 1", "0");
    succeed("client_preprocess_input", "0");
    refusedWith(io + "intermediate/client/features.bin", FheSuiteTest::flipped, "client_encode_encrypt_input", "checksum", "0");
    refusedWith(io + "secret_key/secret.key", FheSuiteTest::cut, "client_encode_encrypt_input", "secret.key", "0");
    succeed("client_encode_encrypt_input", "0");

    String upload = io + "ciphertexts_upload/runs_0.bin";
    refusedWith(upload, FheSuiteTest::cut, "server_encrypted_compute", "the header declares", "0");
    refusedWith(upload, FheSuiteTest::flipped, "server_encrypted_compute", "checksum", "0");
    refusedWith(io + "intermediate/server/prepared.bin", FheSuiteTest::cut, "server_encrypted_compute", "the header declares", "0");
    refusedWith(upload, b -> read(io + "public_keys/evaluation.keys"), "server_encrypted_compute", "kind 4 is expected", "0");
    succeed("server_encrypted_compute", "0");

    String download = io + "ciphertexts_download/runs_0.bin";
    refusedWith(download, FheSuiteTest::flipped, "client_decrypt_decode", "checksum", "0");
    refusedWith(download, b -> read(upload), "client_decrypt_decode", "kind 5 is expected", "0");
    byte[] earlier = read(download);
    sendAndCompute("0");
    refusedWith(download, b -> earlier, "client_decrypt_decode", "another request", "0");
    succeed("client_decrypt_decode", "0");
    refusedWith(io + "intermediate/client/scores.bin", FheSuiteTest::flipped, "client_postprocess", "header is damaged", "0");
    refusedWith(io + "intermediate/client/scores.bin", b -> with(b, b.length - 20), "client_postprocess", "checksum", "0");
  }

  @Test
  void anAnswerThatWasComputedWithOtherNumbersIsRefused() throws Exception {
    makeKeys("0");
    sendAndCompute("0");
    Path prepared = folder.resolve("io/single/intermediate/server/prepared.bin");
    byte[] bytes = Files.readAllBytes(prepared);
    for (int i = bytes.length / 3; i < bytes.length / 3 + 80_000; i += 8) {
      bytes[i] ^= 1; // numbers of a key: the file's own table does not cover them
    }
    Files.write(prepared, bytes);
    succeed("server_encrypted_compute", "0");
    refused("client_decrypt_decode", "no label is written", "0");
    refused("client_postprocess", "scores.bin", "0");

    makeKeys("0"); // keys of a new set, the request of the old one
    refused("server_encrypted_compute", "another set of keys", "0");
  }

  @Test
  void aWrongCommandLineIsBadUsage() throws Exception {
    assertEquals(2, run("client_key_generation").exit);
    assertEquals(2, run("server_encrypted_compute", "4").exit);
    assertEquals(2, run("server_preprocess_model", "0").exit);
  }

  private static byte[] read(String file) {
    try {
      return Files.readAllBytes(folder.resolve(file));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
