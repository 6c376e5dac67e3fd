// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.reference;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The peers outside loopback that sockets of this process are connected to: /proc/net/{tcp,tcp6,udp,udp6}, the
 * inodes matched with those of /proc/self/fd, since the tables belong to the whole network namespace.
 */
final class Connections {
  private Connections() {}

  /** Remote addresses, in the kernel's hexadecimal writing. */
  static Set<String> outsideLoopback() {
    Set<String> own = ownSockets();
    Set<String> peers = new TreeSet<>();
    for (String table : List.of("tcp", "tcp6", "udp", "udp6")) {
      Path file = Path.of("/proc/self/net/" + table);
      try {
        if (Files.exists(file)) {
          peers.addAll(outside(Files.readAllLines(file), own));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return peers;
  }

  /** The peers outside loopback among the sockets with these inodes. */
  static Set<String> outside(List<String> table, Set<String> inodes) {
    return table.stream()
        .skip(1)
        .map(line -> line.strip().split(" +"))
        .filter(fields -> inodes.contains(fields[9]))
        .map(fields -> fields[2].substring(0, fields[2].indexOf(':')))
        .filter(address -> !isLocal(address))
        .collect(Collectors.toSet());
  }

  /** 127.0.0.0/8, ::1, their mapped form, and the unspecified address of a socket that is connected to nobody. */
  private static boolean isLocal(String address) {
    return address.endsWith("7F") && address.length() == 8
        || address.matches("0+")
        || address.equals("00000000000000000000000001000000")
        || address.startsWith("0000000000000000FFFF0000") && address.endsWith("7F");
  }

  private static Set<String> ownSockets() {
    Set<String> inodes = new HashSet<>();
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors) {
        try {
          String target = Files.readSymbolicLink(descriptor).toString();
          if (target.startsWith("socket:[")) {
            inodes.add(target.substring(8, target.length() - 1));
          }
        } catch (IOException e) {
          // Closed since the folder was listed.
          continue;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return inodes;
  }
}
