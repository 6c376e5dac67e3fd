// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.server.ApiKeyFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Issues, lists and revokes the API keys of a host. */
@Command(
    name = "api-key",
    mixinStandardHelpOptions = true,
    description = {
      "Issue, list and revoke the API keys of a host.",
      "The file holds hashes only; 'create' prints the key once. A running server sees a change within seconds."
    },
    subcommands = {ApiKeyCommand.Create.class, ApiKeyCommand.ListKeys.class, ApiKeyCommand.Revoke.class})
public final class ApiKeyCommand {
  private static final String FILE = "The file that identity.api-keys of the configuration names.";

  /** Makes a key. */
  @Command(name = "create", mixinStandardHelpOptions = true,
      description = "Make a key, store its hash, and print the key, which is nowhere else.",
      footerHeading = "%nExample:%n",
      footer = "  tacet api-key create --file api-keys.yaml --tenant lab --role predict lab-1 > lab-1.key")
  static final class Create implements Callable<Integer> {
    @Option(names = "--file", required = true, paramLabel = "YAML", description = FILE)
    private Path file;

    @Option(names = "--tenant", required = true, paramLabel = "NAME", description = "The tenant that the key stands for.")
    private String tenant;

    @Option(names = "--role", required = true, paramLabel = "ROLE",
        description = "predict, provide, deploy, monitor or admin; may be given several times.")
    private List<String> roles;

    @Option(names = "--days", paramLabel = "N", description = "How long the key is accepted. Default: until it is revoked.")
    private Integer days;

    @Parameters(paramLabel = "ID", description = "Names the key in the file and in logs; no secret.")
    private String id;

    @Override
    public Integer call() throws IOException {
      if (days != null && days < 1) {
        throw CliException.usage("--days is " + days, "Give --days a number of at least 1.");
      }
      Instant expires =
          days == null ? null : Instant.now().plus(Duration.ofDays(days)).truncatedTo(ChronoUnit.SECONDS);
      try {
        System.out.println(new ApiKeyFile(file).issue(id, tenant, new LinkedHashSet<>(roles), expires));
      } catch (IllegalArgumentException e) {
        throw new CliException(CliException.BAD_USAGE, e.getMessage(), "'tacet api-key create --help' explains.", e);
      }
      return CliException.DONE;
    }
  }

  /** Lists keys. */
  @Command(name = "list", mixinStandardHelpOptions = true, description = "List the keys: ids, tenants, roles and expiry.")
  static final class ListKeys implements Callable<Integer> {
    @Option(names = "--file", required = true, paramLabel = "YAML", description = FILE)
    private Path file;

    @Override
    public Integer call() throws IOException {
      Table table = new Table("id", "tenant", "roles", "expires");
      for (ApiKeyFile.Entry key : new ApiKeyFile(file).list()) {
        table.row(key.id(), key.tenant(), String.join(",", key.roles()), key.expires() == null ? "never" : key.expires().toString());
      }
      table.print();
      return CliException.DONE;
    }
  }

  /** Removes a key. */
  @Command(name = "revoke", mixinStandardHelpOptions = true, description = "Remove a key: calls with it are refused within seconds.")
  static final class Revoke implements Callable<Integer> {
    @Option(names = "--file", required = true, paramLabel = "YAML", description = FILE)
    private Path file;

    @Parameters(paramLabel = "ID", description = "The key's id.")
    private String id;

    @Override
    public Integer call() throws IOException {
      try {
        new ApiKeyFile(file).revoke(id);
      } catch (IllegalArgumentException e) {
        throw new CliException(CliException.FAILED, e.getMessage(), "'tacet api-key list' shows the keys.", e);
      }
      return CliException.DONE;
    }
  }
}
