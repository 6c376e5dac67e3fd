// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.terminal;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Structure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Facts of the machine that this process runs on. */
public final class Machine {
  /** RLIMIT_CORE of Linux and macOS. */
  private static final int LIMIT_CORE = 4;

  /** RLIMIT_MEMLOCK of Linux (6 on macOS). */
  private static final int LIMIT_LOCKED_MEMORY = System.getProperty("os.name").startsWith("Mac") ? 6 : 8;

  /** PR_GET_DUMPABLE of Linux. */
  private static final int GET_DUMPABLE = 3;

  private static final List<String> NOTABLE_FLAGS =
      List.of("avx2", "bmi2", "avx512f", "avx512dq", "avx512vl", "avx512ifma", "asimd", "sve");

  private Machine() {}

  /** What of the C library is asked. */
  private interface CLibrary extends Library {
    int getrlimit(int resource, Limit limit);

    int prctl(int option, long a, long b, long c, long d);
  }

  /** struct rlimit. */
  @Structure.FieldOrder({"soft", "hard"})
  public static final class Limit extends Structure {
    /** The limit in force. */
    public long soft;

    /** How far it may be raised. */
    public long hard;
  }

  /** The processor's name, "unknown" where the system does not say. */
  public static String processor() {
    return line("/proc/cpuinfo", "model name").orElse(line("/proc/cpuinfo", "Hardware").orElse("unknown"));
  }

  /** The instruction sets among those that kernels are or will be written for. */
  public static List<String> instructionSets() {
    String flags = " " + line("/proc/cpuinfo", "flags").or(() -> line("/proc/cpuinfo", "Features")).orElse("") + " ";
    return NOTABLE_FLAGS.stream().filter(flag -> flags.contains(" " + flag + " ")).collect(Collectors.toList());
  }

  /** Bytes of memory; -1 where the system does not say. */
  public static long memoryBytes() {
    return kibibytes("MemTotal");
  }

  /** Bytes of memory that new work can have; -1 where the system does not say. */
  public static long availableMemoryBytes() {
    return kibibytes("MemAvailable");
  }

  /** Bytes that may be locked into memory; -1 for no limit, -2 if it cannot be asked. */
  public static long lockedMemoryLimit() {
    return limit(LIMIT_LOCKED_MEMORY);
  }

  /** Bytes of a core dump; -1 for no limit, -2 if it cannot be asked. */
  public static long coreDumpLimit() {
    return limit(LIMIT_CORE);
  }

  /** Whether this process may be dumped and traced: 1 yes, 0 no, -2 if it cannot be asked. */
  public static int dumpable() {
    try {
      return Native.load("c", CLibrary.class).prctl(GET_DUMPABLE, 0, 0, 0, 0);
    } catch (LinkageError e) {
      return -2;
    }
  }

  private static long limit(int resource) {
    try {
      Limit limit = new Limit();
      if (Native.load("c", CLibrary.class).getrlimit(resource, limit) != 0) {
        return -2;
      }
      return limit.soft < 0 || limit.soft == Long.MAX_VALUE ? -1 : limit.soft;
    } catch (LinkageError e) {
      return -2;
    }
  }

  private static long kibibytes(String name) {
    return line("/proc/meminfo", name)
        .map(value -> Long.parseLong(value.replaceAll("[^0-9]", "")) * 1024)
        .orElse(-1L);
  }

  /** The value behind "name :" in the first such line of a file. */
  private static Optional<String> line(String file, String name) {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
