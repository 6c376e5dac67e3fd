// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the library comes from and what is refused, each case in a process of its own. */
final class NativeLoaderTest {
  @TempDir Path directory;

  /** The process under test: loads twice and prints what came of it. */
  public static final class Main {
    private Main() {}

    public static void main(String[] args) {
      for (int i = 0; i < 2; i++) {
        try {
          System.out.println("loaded " + NativeLoader.load() + " " + Native.kernels());
        } catch (IllegalStateException e) {
          System.out.println("refused " + e.getMessage());
        }
      }
    }
  }

  @Test
  void theLibraryIsUnpackedForItsOwnerAloneUnderANameOfItsContent() throws Exception {
    Path target = directory.resolve("a/b");
    List<String> lines = run("-Dtacet.native.dir=" + target);
    assertTrue(lines.get(0).matches("loaded .*/a/b/libtacet-[0-9a-f]{16}\\.so (avx512ifma|avx2|scalar)"), lines.toString());
    assertEquals(lines.get(0), lines.get(1));
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(target)));
    try (var files = Files.list(target)) {
      Path file = files.reduce((x, y) -> { throw new AssertionError("two files: " + x + ", " + y); }).orElseThrow();
      assertEquals("r-x------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
  }

  @Test
  void anUnpackedFileThatWasAlteredIsReplaced() throws Exception {
    Path file = Path.of(run("-Dtacet.native.dir=" + directory).get(0).split(" ")[1]);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    Files.writeString(file, "not a library");
    assertTrue(run("-Dtacet.native.dir=" + directory).get(0).startsWith("loaded " + file));
  }

  @Test
  void aDirectoryThatOthersCanWriteToIsRefused() throws Exception {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertRefused(run("-Dtacet.native.dir=" + directory), directory.toString(), "written by others", "rwxrwxrwx");
  }

  @Test
  void anExplicitPathIsUsedAsItIs() throws Exception {
    Path file = Path.of(run("-Dtacet.native.dir=" + directory).get(0).split(" ")[1]);
    Path elsewhere = Files.copy(file, directory.resolve("mine.so"));
    assertTrue(run("-Dtacet.native.path=" + elsewhere).get(0).startsWith("loaded " + elsewhere));
  }

  @Test
  void aPathWithoutALibraryIsOneClearErrorEachTime() throws Exception {
    assertRefused(run("-Dtacet.native.path=/nowhere/libtacet.so"), "/nowhere/libtacet.so", "-Dtacet.native.path");
    Path text = Files.writeString(directory.resolve("text.so"), "not a library");
    assertRefused(run("-Dtacet.native.path=" + text), "text.so");
  }

  @Test
  void aLibraryOfAnotherInterfaceVersionIsRefused() throws Exception {
    Path include = Path.of(System.getProperty("java.home"), "include");
    assumeTrue(Files.isDirectory(include) && commandWorks("cc", "--version"), "needs a C compiler and jni.h");
    Path source =
        Files.writeString(
            directory.resolve("old.c"),
            """
            #include <jni.h>
            static jint version(JNIEnv *env, jclass type) { return 999; }
            static void bind(JNIEnv *env, jclass type) {}
            jint JNI_OnLoad(JavaVM *vm, void *reserved) {
              JNIEnv *env;
              JNINativeMethod methods[] = {{"abiVersion", "()I", version}, {"bind", "()V", bind}};
              if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
              (*env)->RegisterNatives(env, (*env)->FindClass(env, "dev/tacet/he/internal/Native"), methods, 2);
              return JNI_VERSION_1_8;
            }
            """);
    Path library = directory.resolve("old.so");
    assertTrue(
        commandWorks(
            "cc", "-shared", "-fPIC", "-I" + include, "-I" + include.resolve("linux"), "-o", library.toString(),
            source.toString()));
    assertRefused(run("-Dtacet.native.path=" + library), "ABI version 999", "needs " + Native.ABI_VERSION);
  }

  @Test
  void anUnknownKernelTableIsRefusedByName() throws Exception {
    ProcessBuilder builder = builder("-Dtacet.native.dir=" + directory);
    builder.environment().put("TACET_KERNELS", "abacus");
    String output = output(builder);
    assertTrue(output.contains("IllegalArgumentException") && output.contains("abacus"), output);
  }

  private static void assertRefused(List<String> lines, String... parts) {
    assertEquals(2, lines.size(), lines.toString());
    assertEquals(lines.get(0), lines.get(1));
    assertTrue(lines.get(0).startsWith("refused Cannot load the native engine"), lines.get(0));
    for (String part : parts) {
      assertTrue(lines.get(0).contains(part), lines.get(0));
    }
  }

  private static List<String> run(String... options) throws Exception {
    return output(builder(options)).lines().filter(line -> line.matches("(loaded|refused) .*")).toList();
  }

  private static ProcessBuilder builder(String... options) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options));
    String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", classPath, Main.class.getName()));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().remove("TACET_NATIVE_PATH");
    builder.environment().remove("TACET_KERNELS");
    return builder;
  }

  private static String output(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), text);
    return text;
  }

  private static boolean commandWorks(String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }
}
