// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.client.DataProvider;
import dev.tacet.client.PrivacyPolicy;
import dev.tacet.client.TacetClient;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The privacy policy that a command keeps to. */
final class PolicyOption {
  private static final String REMEDY = "Give --policy your policy file; docs/privacy.md has its form.";

  @Option(names = "--policy", paramLabel = "FILE",
      description = "Keep to this privacy policy: what it does not allow is refused, by the rule's name, before anything is sent.")
  private Path file;

  /** Returns whether one was given. */
  boolean isGiven() {
    return file != null;
  }

  /** Has a data provider keep to it. */
  void addTo(DataProvider.Builder builder) {
    if (file != null) {
      PrivacyPolicy policy = PrivacyPolicy.read(InputFile.require(file, REMEDY));
      try {
        builder.policy(policy);
      } catch (IllegalArgumentException e) {
        throw new CliException(CliException.BAD_USAGE, file + ": " + e.getMessage(), "Give --policy a file without 'purpose'.", e);
      }
    }
  }

  /** Has a client keep to it. */
  void addTo(TacetClient.Builder builder) {
    if (file != null) {
      builder.policy(PrivacyPolicy.read(InputFile.require(file, REMEDY)));
    }
  }
}
