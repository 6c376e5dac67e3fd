// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import dev.tacet.cli.internal.CliException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The readable mappings of a process on Linux, read through /proc/PID/mem.
 *
 * <p>Needs the right to trace the process: the same user, a dumpable process, and, where Yama restricts tracing, a
 * child of this one.
 */
public final class ProcessMemory {
  /** One mapping: [start, end), its permissions as in /proc/PID/maps, the file or pseudo name behind it. */
  public record Mapping(long start, long end, String permissions, String name) {
    /** May be read. */
    public boolean readable() {
      return permissions.startsWith("r");
    }

    /** Bytes. */
    public long length() {
      return end - start;
    }
  }

  private final long pid;

  /** The memory of process {@code pid}; nothing is opened yet. */
  public ProcessMemory(long pid) {
    this.pid = pid;
  }

  /** The mappings at this moment, by address. The kernel's own pages ([vvar], [vsyscall]) are left out. */
  public List<Mapping> mappings() {
    try {
      List<Mapping> mappings = new ArrayList<>();
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/maps"))) {
        Mapping mapping = parse(line);
        if (!mapping.name().startsWith("[vvar") && !mapping.name().equals("[vsyscall]")) {
          mappings.add(mapping);
        }
      }
      return mappings;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  static Mapping parse(String line) {
    // 7f5e8c000000-7f5e8c021000 rw-p 00000000 00:00 0    [heap]
    String[] fields = line.split(" +", 6);
    int dash = fields[0].indexOf('-');
    return new Mapping(
        Long.parseUnsignedLong(fields[0].substring(0, dash), 16),
        Long.parseUnsignedLong(fields[0].substring(dash + 1), 16),
        fields[1],
        fields.length > 5 ? fields[5] : "anonymous");
  }

  /**
   * Searches every readable mapping.
   *
   * @param search what to search for
   * @param hits receives what is found
   * @return bytes searched
   */
  public long search(NeedleSearch search, List<NeedleSearch.Hit> hits) {
    long total = 0;
    try (RandomAccessFile memory = new RandomAccessFile("/proc/" + pid + "/mem", "r")) {
      for (Mapping mapping : mappings()) {
        if (mapping.readable()) {
          total += search.search(new Region(memory, mapping), hits);
        }
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return total;
  }

  /** Whether the page at {@code address} is locked in memory, by the flags of /proc/PID/smaps. */
  public boolean isLocked(long address) {
    try {
      Mapping current = null;
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/smaps"))) {
        if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
          current = parse(line);
        } else if (line.startsWith("VmFlags:") && current != null
            && address >= current.start() && address < current.end()) {
          return (line + " ").contains(" lo ");
        }
      }
      return false;
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private CliException unreadable(IOException e) {
    return new CliException(
        CliException.FAILED,
        "the memory of process " + pid + " cannot be read: " + e.getMessage(),
        "Reading another process's memory needs Linux, the same user and the right to trace it"
            + " (kernel.yama.ptrace_scope at most 1).",
        e);
  }

  /** A mapping as a haystack; pages that vanish or cannot be read end it. */
  private static final class Region implements Haystack {
    private final RandomAccessFile memory;
    private final Mapping mapping;
    private long at;

    Region(RandomAccessFile memory, Mapping mapping) {
      this.memory = memory;
      this.mapping = mapping;
      this.at = mapping.start();
    }

    @Override
    public String name() {
      return mapping.name();
    }

    @Override
    public long start() {
      return mapping.start();
    }

    @Override
    public int read(byte[] buffer, int offset, int length) {
      if (at >= mapping.end()) {
        return -1;
      }
      try {
        memory.seek(at);
        int read = memory.read(buffer, offset, (int) Math.min(length, mapping.end() - at));
        at += Math.max(0, read);
        return read;
      } catch (IOException e) {
        // The mapping was undone since the list was read, or lies behind the end of its file.
        return -1;
      }
    }
  }
}
