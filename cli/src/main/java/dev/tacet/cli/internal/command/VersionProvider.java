// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import picocli.CommandLine.IVersionProvider;

/** What {@code tacet --version} prints. */
public final class VersionProvider implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = VersionProvider.class.getPackage().getImplementationVersion();
    return new String[] {"tacet " + (version == null ? "0.1.0-SNAPSHOT" : version)};
  }
}
