// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.client.AuditTrail;
import dev.tacet.client.TacetClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Reads and checks the client's own audit trail. */
@Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    description = {
      "Show what a host did with your keys and calls, and check that it left out and changed nothing that it showed before.",
      "With --keys the end of the trail is remembered, so that the next reading notices an entry that is gone."
    })
public final class AuditCommand implements Callable<Integer> {
  @Mixin private HostConnection host;

  @Override
  public Integer call() {
    AuditTrail trail;
    try (TacetClient client = host.connect()) {
      trail = client.auditTrail();
    }
    Table table = new Table(">entry", "time", "action", "object", "detail");
    for (AuditTrail.Entry entry : trail.entries()) {
      table.row(Long.toString(entry.sequence()), entry.at(), entry.action(), entry.object(), entry.detail());
    }
    table.print();
    if (trail.deleted() > 0) {
      System.out.println("entries 1 to " + trail.deleted() + " are deleted: their time was over, or you had them deleted");
    }
    System.out.println(trail.entries().size() + " entries of " + trail.name() + ", unbroken; the last has hash " + trail.head());
    return CliException.DONE;
  }
}
