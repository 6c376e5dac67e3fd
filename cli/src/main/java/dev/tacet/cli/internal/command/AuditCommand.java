// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.offline.Passphrase;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.client.AuditTrail;
import dev.tacet.client.TacetClient;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Reads and checks the client's own audit trail. */
@Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    description = {
      "Show what a host did with your keys and calls, and check that it left out and changed nothing that it showed before.",
      "With --keys the end of the trail is remembered, so that the next reading notices an entry that is gone."
    })
public final class AuditCommand implements Callable<Integer> {
  @Option(names = "--server", required = true, paramLabel = "URI", description = "Where the host listens, http://... or https://...")
  private URI server;

  @Option(names = "--keys", paramLabel = "DIR", description = "The folder of keys that predictions use.")
  private Path keys;

  @Mixin private Passphrase passphrase;

  @Option(names = "--trust", paramLabel = "PEM", description = "Certificates to trust, for https.")
  private Path trust;

  @Mixin private HostAccess access;

  @Override
  public Integer call() {
    AuditTrail trail;
    try (TacetClient client = connect()) {
      trail = client.auditTrail();
    }
    Table table = new Table(">entry", "time", "action", "object", "detail");
    for (AuditTrail.Entry entry : trail.entries()) {
      table.row(Long.toString(entry.sequence()), entry.at(), entry.action(), entry.object(), entry.detail());
    }
    table.print();
    System.out.println(trail.entries().size() + " entries of " + trail.name() + ", unbroken; the last has hash " + trail.head());
    return CliException.DONE;
  }

  private TacetClient connect() {
    try {
      TacetClient.Builder builder = TacetClient.builder(server).credentials(access.credentials());
      if (trust != null) {
        builder.trustCertificates(InputFile.require(trust, "Give --trust the PEM file of the certificates to trust."));
      }
      if (keys != null) {
        char[] secret = passphrase.read(!Files.exists(keys.resolve(KeygenCommand.RING)));
        builder.keyStore(keys.resolve(KeygenCommand.RING)).passphrase(secret);
        Arrays.fill(secret, '\0');
      }
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), "Give an address such as http://localhost:8080.", e);
    }
  }
}
