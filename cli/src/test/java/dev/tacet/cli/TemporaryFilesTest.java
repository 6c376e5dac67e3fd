// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Machines whose temporary folder takes no files, or lets none be executed: libraries unpack themselves there, and say why not. */
@EnabledOnOs(OS.LINUX)
class TemporaryFilesTest {
  private static final Path CANCER = Tacet.MODELS.resolve("breast-cancer");
  private static final String REMEDY = "TACET_JAVA_OPTS=-Djava.io.tmpdir=FOLDER";

  /** Options for a machine on which no library unpacks itself: JNA has a folder of its own in the user's home. */
  private static List<String> options(Object temporary) {
    return List.of("-Djava.io.tmpdir=" + temporary, "-Djna.tmpdir=" + temporary);
  }

  private static void assertOneSentenceAndARemedy(Tacet run, Object temporary) {
    assertEquals(1, run.exit(), run.all());
    assertEquals(2, run.err().lines().count(), run.all());
    assertTrue(run.err().startsWith("tacet: onnxruntime, with which answers are compared, cannot be loaded: " + temporary), run.all());
    assertTrue(run.err().contains(REMEDY) && run.err().contains("the temporary folder, " + temporary), run.all());
  }

  @Test
  void theDoctorNamesAFolderThatTakesNoFilesAndGoesOn() throws Exception {
    Tacet run = Tacet.run(List.of(), options("/proc"), "doctor");
    assertEquals(1, run.exit(), run.all());
    assertEquals("", run.err());
    assertTrue(run.out().contains("✗  temporary files") && run.out().contains("/proc, cannot be written"), run.all());
    for (String check : List.of("locked memory        unknown", "process dumpable     unknown", "✗  native engine", "!  onnxruntime", "model mnist-ffnn")) {
      assertTrue(run.out().contains(check), check + " in " + run.all());
    }
    assertTrue(run.out().contains("✗ temporary files: set " + REMEDY), run.all());
  }

  @Test
  void whatComparesWithOnnxruntimeSaysThatItCannotBeUnpacked() throws Exception {
    for (String command : List.of("try", "simulate")) {
      assertOneSentenceAndARemedy(
          Tacet.run(
              List.of(), options("/proc"), command, CANCER.resolve("model.onnx").toString(), "--calibration",
              CANCER.resolve("calibration.csv").toString(), "--input", CANCER.resolve("test.csv").toString()),
          "/proc");
    }
  }

  @Test
  void soDoBothWhereNoFileMayBeExecuted(@TempDir Path folder) throws Exception {
    Path mount = Files.createDirectory(folder.resolve("mount"));
    List<String> prefix = List.of(
        "unshare", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o noexec tmpfs '" + mount + "' && exec \"$@\"", "sh");
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/unshare")), "util-linux");
    Assumptions.assumeTrue(mounts(prefix), "a user may have mounts of their own");

    Tacet doctor = Tacet.run(prefix, options(mount), "doctor");
    assertTrue(doctor.out().contains("!  temporary files") && doctor.out().contains(mount + ", no executable files"), doctor.all());
    assertTrue(doctor.out().contains("✗  native engine") && doctor.out().contains("!  onnxruntime"), doctor.all());
    assertEquals(1, doctor.exit(), "the engine is unpacked there too: " + doctor.all());
    assertOneSentenceAndARemedy(
        Tacet.run(
            prefix, options(mount), "try", CANCER.resolve("model.onnx").toString(), "--calibration",
            CANCER.resolve("calibration.csv").toString(), "--input", CANCER.resolve("test.csv").toString()),
        mount);
  }

  private static boolean mounts(List<String> prefix) throws Exception {
    List<String> command = new ArrayList<>(prefix);
    command.add("true");
    return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor() == 0;
  }
}
