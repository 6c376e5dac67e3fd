// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.observe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system says of this process's memory; 0 where it does not say. */
final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path ROLLUP = Path.of("/proc/self/smaps_rollup");

  private ProcessMemory() {}

  /** Returns the bytes in physical memory. */
  static long resident() {
    return bytes(STATUS, "VmRSS:");
  }

  /** Returns the bytes in transparent huge pages. */
  static long hugePages() {
    return bytes(ROLLUP, "AnonHugePages:");
  }

  private static long bytes(Path file, String field) {
    try {
      for (String line : Files.readAllLines(file)) {
        if (line.startsWith(field)) {
          return Long.parseLong(line.substring(field.length()).replace("kB", "").strip()) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
    return 0;
  }
}
