// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Passphrase;
import dev.tacet.client.ProgressListener;
import dev.tacet.client.TacetClient;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a command reaches a host: its address, what to trust, who calls, and the folder of keys. */
final class HostConnection {
  private static final int MAX_PORT = 65_535;
  private static final Set<String> SCHEMES = Set.of("http", "https");

  @Option(names = "--server", required = true, paramLabel = "URI", description = "Where the host listens, http://... or https://...")
  private URI server;

  @Option(names = "--keys", paramLabel = "DIR", description = "The folder of keys that predictions use.")
  private Path keys;

  @Mixin private Passphrase passphrase;

  @Option(names = "--trust", paramLabel = "PEM", description = "Certificates to trust, for https.")
  private Path trust;

  @Mixin private PolicyOption policy;

  @Mixin private HostAccess access;

  /** Tells whether a folder of keys was given. */
  boolean hasKeys() {
    return keys != null;
  }

  /** Tells whether a policy was given. */
  boolean hasPolicy() {
    return policy.isGiven();
  }

  /** Returns the client of these options; keys are in memory unless a folder was given. */
  TacetClient connect() {
    return connect(ProgressListener.NONE);
  }

  /** As {@link #connect()}, with a listener of long work. */
  TacetClient connect(ProgressListener progress) {
    requireAddress(server);
    TacetClient.Builder builder = TacetClient.builder(server).credentials(access.credentials()).progress(progress);
    policy.addTo(builder);
    if (trust != null) {
      builder.trustCertificates(InputFile.require(trust, "Give --trust the PEM file of the certificates to trust."));
    }
    if (keys != null) {
      OutputFile.requireFolder(keys);
      char[] secret = passphrase.read(!Files.exists(KeygenCommand.ring(keys)));
      builder.keyStore(KeygenCommand.ring(keys)).passphrase(secret);
      Arrays.fill(secret, '\0');
    }
    return made(builder::build);
  }

  /** Returns what a builder makes; what it refuses are options that do not go together. */
  static <T> T made(Supplier<T> builder) {
    try {
      return builder.get();
    } catch (IllegalArgumentException e) {
      throw new CliException(
          CliException.BAD_USAGE, e.getMessage(),
          "Give an https:// address beside certificates and credentials, and --keys beside a policy with a purpose.", e);
    }
  }

  /** Refuses what is no address of a host. */
  static void requireAddress(URI server) {
    if (server.getPort() > MAX_PORT || server.getHost() == null
        || !SCHEMES.contains(String.valueOf(server.getScheme()).toLowerCase(Locale.ROOT))) {
      throw CliException.usage("--server is " + server, "Give an address such as http://localhost:8080.");
    }
    boolean bare = server.getRawPath().isEmpty() || server.getRawPath().equals("/");
    if (!bare || server.getRawQuery() != null || server.getRawFragment() != null || server.getRawUserInfo() != null) {
      throw CliException.usage(
          "--server names more than a host and a port", "Give the scheme, the host and the port alone, such as http://localhost:8080.");
    }
  }
}
