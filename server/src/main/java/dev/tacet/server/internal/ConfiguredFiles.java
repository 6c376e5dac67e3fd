// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import dev.tacet.server.internal.config.FileWatch;
import dev.tacet.server.internal.config.Settings;
import dev.tacet.server.internal.identity.Authenticator;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Looks into the files and the folder that a configuration names, so that what is wrong with any of them is known before a start. */
public final class ConfiguredFiles {
  private ConfiguredFiles() {}

  /** Opens one of them. */
  private interface Opening {
    void open(FileWatch watch) throws IOException;
  }

  /** Returns what is wrong that the reader of the settings has not said, each with its setting; nothing is kept open, and nothing stays of what is tried. */
  public static List<String> problems(Settings settings) {
    List<String> problems = new ArrayList<>();
    try (FileWatch watch = new FileWatch()) {
      settings.tls().filter(ConfiguredFiles::isReadable).ifPresent(tls -> check("tls", at -> ReloadingTls.open(tls, at), watch, problems));
      settings.identity().ifPresent(ways -> {
        ways.apiKeys().filter(Files::isReadable).ifPresent(file -> check("identity.api-keys", at -> Authenticator.apiKeys(settings, file), watch, problems));
        ways.tokens().filter(tokens -> !tokens.keys().isEmpty()).ifPresent(tokens -> check("identity.tokens.keys", at -> Authenticator.requireTokens(tokens, at), watch, problems));
      });
      settings.state().passwordFile().filter(Files::isReadable).ifPresent(file -> check("state.password-file", at -> Files.readString(file), watch, problems));
    }
    if (settings.data() != null) {
      checkFolder(settings.data().toAbsolutePath(), problems);
      if (settings.state().url().isEmpty() && DataFolder.isOfADatabase(settings.data())) {
        problems.add("data: " + settings.data() + " belongs to a database, and state.url names none");
      }
    }
    return problems;
  }

  private static boolean isReadable(Settings.Tls tls) {
    return Files.isReadable(tls.certificate()) && Files.isReadable(tls.key()) && tls.clientAuthorities().filter(file -> !Files.isReadable(file)).isEmpty();
  }

  private static void checkFolder(Path folder, List<String> problems) {
    Path present = folder;
    while (present.getParent() != null && !Files.exists(present)) {
      present = present.getParent();
    }
    if (!Files.isDirectory(present) && present.equals(folder)) {
      return; // the reader of the settings has said so
    }
    if (!Files.isDirectory(present)) {
      problems.add("data: " + present + " is no folder");
    } else if (!takesFolders(present)) {
      problems.add("data: " + present + " cannot be written"
          + (present.equals(folder) ? "" : ", so " + folder + " cannot be made"));
    }
  }

  /** Whether a folder can be made in another one, which its permissions alone do not say: in /proc, or on a disk that is only read. */
  private static boolean takesFolders(Path folder) {
    try {
      Files.delete(Files.createTempDirectory(folder, ".tacet"));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void check(String setting, Opening opening, FileWatch watch, List<String> problems) {
    try {
      opening.open(watch);
    } catch (FileSystemException e) {
      problems.add(setting + ": " + e.getFile() + " cannot be read");
    } catch (IOException e) {
      problems.add(setting + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse("cannot be used"));
    }
  }
}
