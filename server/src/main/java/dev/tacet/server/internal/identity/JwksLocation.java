// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Where the keys that check tokens lie: a file, or an https address (http on loopback only, where nobody can sit between). */
public final class JwksLocation {
  private JwksLocation() {}

  /** Tells whether a text is an address rather than a path. */
  static boolean isAddress(String text) {
    return text.startsWith("https://") || text.startsWith("http://");
  }

  /** Returns what is wrong with a location, or nothing. */
  public static Optional<String> problem(String text) {
    if (!isAddress(text)) {
      try {
        return Files.isReadable(Path.of(text)) ? Optional.empty() : Optional.of("cannot read the file " + text);
      } catch (InvalidPathException e) {
        return Optional.of("is neither a file nor an address");
      }
    }
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      return Optional.of("is no address: " + e.getReason());
    }
    if (uri.getHost() == null) {
      return Optional.of("is an address without a host");
    }
    if (uri.getScheme().equals("http") && !isLoopback(uri.getHost())) {
      return Optional.of("must be https: whoever sits between could exchange the keys");
    }
    return Optional.empty();
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }
}
