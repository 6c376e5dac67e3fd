// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.client.AuditTrailException;
import dev.tacet.client.DeletionReceipt;
import dev.tacet.client.KeptData;
import dev.tacet.client.KeyGrant;
import dev.tacet.client.StoredKeySet;
import dev.tacet.client.TacetClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a host keeps about you. */
@Command(
    name = "privacy",
    mixinStandardHelpOptions = true,
    description = {
      "Show, fetch and delete what a host keeps about you.",
      "Of a request for an inference it keeps nothing after the answer but an entry in your audit trail ('tacet audit')."
    },
    subcommands = {PrivacyCommand.Show.class, PrivacyCommand.Export.class, PrivacyCommand.Delete.class, PrivacyCommand.Verify.class,
      PrivacyCommand.Consent.class})
public final class PrivacyCommand {
  private PrivacyCommand() {}

  /** Shows what is kept. */
  @Command(name = "show", mixinStandardHelpOptions = true, description = "Show everything that a host keeps about you, and how long.")
  static final class Show implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Override
    public Integer call() {
      KeptData kept;
      try (TacetClient client = host.connect()) {
        kept = client.account().kept();
      }
      Table table = new Table("what", "name", ">size", "since or state");
      for (StoredKeySet set : kept.keySets()) {
        table.row("key set", set.id(), Units.bytes(set.bytes()), set.registeredAt());
      }
      for (KeptData.Key key : kept.keys()) {
        table.row("key", key.sha256(), Units.bytes(key.bytes()), key.complete() ? "" : "unfinished upload");
      }
      for (KeyGrant grant : kept.grantsGiven()) {
        table.row("grant", "to " + grant.grantee() + " for " + grant.purpose(), "", grant.since());
      }
      for (KeyGrant grant : kept.grantsReceived()) {
        table.row("grant", "from " + grant.owner() + " for " + grant.purpose(), "", grant.since());
      }
      table.row("audit trail", kept.auditEntries(), "", "");
      table.print();
      KeptData.Times times = kept.times();
      System.out.println(
          kept.client() + "; kept: key sets " + time(times.keys(), "until deleted") + ", unfinished uploads "
              + time(times.uploads(), "until deleted") + ", audit trail " + time(times.audit(), "until deleted") + ", backups "
              + time(times.backups(), "not stated"));
      return CliException.DONE;
    }

    private static String time(Optional<Duration> time, String none) {
      return time.map(d -> d.toDays() > 1 ? d.toDays() + " days" : d.toSeconds() + " s").orElse(none);
    }
  }

  /** Fetches what is kept. */
  @Command(name = "export", mixinStandardHelpOptions = true,
      description = {
        "Fetch everything that a host keeps about you: a ZIP archive with a manifest, SHA256SUMS.",
        "Exits with 1 if the audit trail does not hold: gone.txt says why it is not in the archive, which has all the rest."
      })
  static final class Export implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Parameters(paramLabel = "FILE.zip", description = "The archive.")
    private Path file;

    @Override
    public Integer call() throws IOException {
      OutputFile.require(file);
      try (ClientProgress progress = new ClientProgress();
          TacetClient client = host.connect(progress);
          OutputFile out = OutputFile.create(file)) {
        try {
          client.account().export(out.stream());
        } catch (AuditTrailException e) {
          out.commit();
          throw new CliException(CliException.FAILED, e.getMessage() + "; all else that is kept is in " + file, e.advice(), e);
        }
        out.commit();
      }
      System.out.println("Wrote " + file);
      return CliException.DONE;
    }
  }

  /** Deletes what is kept. */
  @Command(name = "delete", mixinStandardHelpOptions = true,
      description = {
        "Delete everything that a host keeps about you: key sets, keys, unfinished uploads, grants, and the audit trail up to now.",
        "Writes the host's signed receipt, which is checked. Your folder of keys stays as it is."
      })
  static final class Delete implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Option(names = "--receipt", required = true, paramLabel = "FILE", description = "Receives the receipt.")
    private Path receipt;

    @Override
    public Integer call() {
      OutputFile.require(receipt);
      DeletionReceipt given;
      try (TacetClient client = host.connect()) {
        given = client.account().deleteAll();
      }
      OutputFile.write(receipt, given.toString().getBytes(StandardCharsets.UTF_8));
      System.out.println(
          "Deleted " + given.lines("key-set").size() + " key sets, " + given.lines("key").size() + " keys and "
              + given.lines("upload").size() + " unfinished uploads; the receipt is in " + receipt);
      return CliException.DONE;
    }
  }

  /** Records consent. */
  @Command(name = "consent", mixinStandardHelpOptions = true,
      description = {
        "Record consent to the purpose that --policy names, in the purpose's own keys; nothing is sent for it before.",
        "With --withdraw nothing is sent any more: what the host keeps about you is deleted and the purpose's secret keys are forgotten."
      })
  static final class Consent implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Option(names = "--withdraw", paramLabel = "RECEIPT", description = "Withdraw consent; receives the host's receipt.")
    private Path receipt;

    @Override
    public Integer call() {
      if (!host.hasPolicy() || !host.hasKeys()) {
        throw CliException.usage("--policy and --keys are needed", "Name the policy that has the purpose, and the folder of keys.");
      }
      OutputFile.require(receipt);
      try (TacetClient client = host.connect()) {
        if (receipt == null) {
          client.giveConsent();
        } else {
          OutputFile.write(receipt, client.withdrawConsent().toString().getBytes(StandardCharsets.UTF_8));
        }
      } catch (IllegalStateException e) {
        throw new CliException(CliException.BAD_USAGE, e.getMessage(), "Set 'purpose = NAME' in the policy.", e);
      }
      System.out.println(receipt == null ? "Consent is recorded" : "Consent is withdrawn; the receipt is in " + receipt);
      return CliException.DONE;
    }
  }

  /** Checks a receipt. */
  @Command(name = "verify", mixinStandardHelpOptions = true, description = "Check a receipt's signature, without the host.")
  static final class Verify implements Callable<Integer> {
    @Option(names = "--host-key", paramLabel = "SHA256", description = "The SHA-256 of the host's public key, if you know it.")
    private String hostKey;

    @Parameters(paramLabel = "FILE", description = "The receipt that 'tacet privacy delete' wrote.")
    private Path file;

    @Override
    public Integer call() {
      DeletionReceipt receipt =
          DeletionReceipt.parse(
              new String(InputFile.read(file, "Name the receipt that 'tacet privacy delete' wrote."), StandardCharsets.UTF_8));
      if (hostKey != null && !hostKey.equals(receipt.hostKeySha256())) {
        throw CliException.failed(
            "the receipt is signed by the key " + receipt.hostKeySha256(), "Compare the host's key with its operator.");
      }
      System.out.print(receipt.text());
      System.out.println("The signature holds; the host's key has SHA-256 " + receipt.hostKeySha256());
      return CliException.DONE;
    }
  }
}
