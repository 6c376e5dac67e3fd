// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Passphrase;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.client.KeyGrant;
import dev.tacet.client.KeyRing;
import dev.tacet.client.KeySetInfo;
import dev.tacet.client.StoredKeySet;
import dev.tacet.client.TacetClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Your keys: on a host, and in a backup. */
@Command(
    name = "keys",
    mixinStandardHelpOptions = true,
    description = "List, delete, replace and lend your evaluation keys on a host; back up and restore a folder of keys.",
    subcommands = {
      KeysCommand.ListSets.class, KeysCommand.Delete.class, KeysCommand.Rotate.class, KeysCommand.Grant.class,
      KeysCommand.Revoke.class, KeysCommand.Grants.class, KeysCommand.Export.class, KeysCommand.Import.class
    })
public final class KeysCommand {
  private static final String SHOWN = "'tacet keys list' shows the key sets.";

  private KeysCommand() {}

  private static String set(String id) {
    return Sha256.require(id, "a key set's id", SHOWN);
  }

  /** Lists key sets. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "List your key sets on a host.")
  static final class ListSets implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Override
    public Integer call() {
      Table table = new Table("key set", ">keys", ">size", "registered", "used", "expires");
      try (TacetClient client = host.connect()) {
        for (StoredKeySet set : client.account().keySets()) {
          table.row(set.id(), set.keys(), Units.bytes(set.bytes()), set.registeredAt(), set.usedAt(),
              set.expiresAt().map(Object::toString).orElse("never"));
        }
      }
      table.print();
      return CliException.DONE;
    }
  }

  /** Deletes key sets. */
  @Command(name = "delete", mixinStandardHelpOptions = true,
      description = {
        "Delete key sets on a host, with the keys that no other set names and the grants of them.",
        "Your folder of keys stays as it is: the next prediction brings its keys again."
      })
  static final class Delete implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Option(names = "--all", description = "All your key sets.")
    private boolean all;

    @Parameters(paramLabel = "KEYSET", arity = "0..*", description = "Their ids, as 'tacet keys list' shows them.")
    private List<String> ids = List.of();

    @Override
    public Integer call() {
      if (all != ids.isEmpty()) {
        throw CliException.usage(all ? "both --all and key sets are named" : "no key set is named", "Name key sets, or give --all.");
      }
      ids.forEach(KeysCommand::set);
      int keys = 0;
      int sets = 0;
      try (TacetClient client = host.connect()) {
        for (String id : all ? client.account().keySets().stream().map(StoredKeySet::id).toList() : ids) {
          keys += client.account().deleteKeySet(id);
          sets++;
        }
      }
      System.out.println("Deleted " + sets + " key sets and " + keys + " keys");
      return CliException.DONE;
    }
  }

  /** Replaces keys. */
  @Command(name = "rotate", mixinStandardHelpOptions = true,
      description = {
        "Replace the secret key of a model's parameters, and every key made from it, in your folder and on the host.",
        "Answers to rows encrypted before can no longer be decrypted; data providers need a new card and new grants."
      })
  static final class Rotate implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Option(names = "--model", required = true, paramLabel = "NAME", description = "A model of these parameters.")
    private String model;

    @Override
    public Integer call() {
      if (!host.hasKeys()) {
        throw CliException.usage("--keys is missing", "Name the folder of keys to replace.");
      }
      KeySetInfo made;
      try (ClientProgress progress = new ClientProgress();
          TacetClient client = host.connect(progress)) {
        made = client.rotateKeys(model).prepare();
      }
      System.out.println(
          made.keys() == 0
              ? "The secret key is new; the model needs no keys on the host"
              : "The secret key is new; the host has " + made.keys() + " new keys, set " + made.keySetId());
      return CliException.DONE;
    }
  }

  /** Lends a key set. */
  @Command(name = "grant", mixinStandardHelpOptions = true,
      description = {
        "Allow a data provider to have models run with your keys, until you revoke it. It can read no answer.",
        "Each use is in your audit trail."
      },
      footerHeading = "%nExample:%n",
      footer = "  tacet keys grant --server https://host --to api-key:clinic-7 --purpose \"study 12\" KEYSET")
  static final class Grant implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Option(names = "--to", required = true, paramLabel = "NAME",
        description = "The provider's name on the host: api-key:ID, token:SUBJECT or certificate:NAME.")
    private String grantee;

    @Option(names = "--purpose", required = true, paramLabel = "TEXT", description = "What for; recorded with the grant.")
    private String purpose;

    @Parameters(paramLabel = "KEYSET", description = "The key set's id.")
    private String id;

    @Override
    public Integer call() {
      set(id);
      try (TacetClient client = host.connect()) {
        client.account().grant(id, grantee, purpose);
      }
      return CliException.DONE;
    }
  }

  /** Takes a key set back. */
  @Command(name = "revoke", mixinStandardHelpOptions = true, description = "Take a grant back: calls of the provider are refused at once.")
  static final class Revoke implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Option(names = "--from", required = true, paramLabel = "NAME", description = "The provider's name on the host.")
    private String grantee;

    @Parameters(paramLabel = "KEYSET", description = "The key set's id.")
    private String id;

    @Override
    public Integer call() {
      set(id);
      try (TacetClient client = host.connect()) {
        client.account().revoke(id, grantee);
      }
      return CliException.DONE;
    }
  }

  /** Lists grants. */
  @Command(name = "grants", mixinStandardHelpOptions = true, description = "List the grants that you gave and were given.")
  static final class Grants implements Callable<Integer> {
    @Mixin private HostConnection host;

    @Override
    public Integer call() {
      Table table = new Table("", "key set", "owner", "provider", "purpose", "since");
      try (TacetClient client = host.connect()) {
        client.account().grantsGiven().forEach(grant -> row(table, "given", grant));
        client.account().grantsReceived().forEach(grant -> row(table, "received", grant));
      }
      table.print();
      return CliException.DONE;
    }

    private static void row(Table table, String way, KeyGrant grant) {
      table.row(way, grant.keySetId(), grant.owner(), grant.grantee(), grant.purpose(), grant.since());
    }
  }

  /** Backs a folder of keys up. */
  @Command(name = "export", mixinStandardHelpOptions = true,
      description = "Back up a folder of keys to one file: secret keys, sealed under the passphrase as they are, public keys and pinned"
          + " signatures. Evaluation keys are made anew where it is restored.")
  static final class Export implements Callable<Integer> {
    @Option(names = "--keys", required = true, paramLabel = "DIR", description = "The folder of keys.")
    private Path keys;

    @Mixin private Passphrase passphrase;

    @Parameters(paramLabel = "FILE", description = "The backup.")
    private Path file;

    @Override
    public Integer call() {
      Path ring = KeygenCommand.ring(keys);
      if (!Files.isDirectory(ring)) {
        throw CliException.usage("no keys in " + keys, "Give --keys the folder that 'tacet keygen' or 'tacet predict' made.");
      }
      OutputFile.require(file);
      char[] secret = passphrase.read(false);
      try (KeyRing opened = KeyRing.open(ring, secret)) {
        opened.backUp(file);
      } finally {
        Arrays.fill(secret, '\0');
      }
      System.out.println("Wrote " + file + "; it opens with the passphrase of " + keys);
      return CliException.DONE;
    }
  }

  /** Restores a folder of keys. */
  @Command(name = "import", mixinStandardHelpOptions = true, description = "Make a folder of keys of a backup; the folder must not have keys.")
  static final class Import implements Callable<Integer> {
    @Option(names = "--keys", required = true, paramLabel = "DIR", description = "The new folder of keys.")
    private Path keys;

    @Mixin private Passphrase passphrase;

    @Parameters(paramLabel = "FILE", description = "The backup that 'tacet keys export' wrote.")
    private Path file;

    @Override
    public Integer call() {
      InputFile.require(file, "Name the backup that 'tacet keys export' wrote.");
      OutputFile.requireFolder(keys);
      char[] secret = passphrase.read(false);
      try {
        KeyRing.restore(file, KeygenCommand.ring(keys), secret);
      } finally {
        Arrays.fill(secret, '\0');
      }
      System.out.println("Restored the keys of " + file + " to " + keys);
      return CliException.DONE;
    }
  }
}
