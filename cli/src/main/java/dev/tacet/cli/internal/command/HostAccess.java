// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.client.Credentials;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** How a command proves to a host who it is. A credential is never an argument: arguments are seen by every user of the machine. */
final class HostAccess {
  private static final String VARIABLE = "TACET_API_KEY";
  private static final String REMEDY = "Name a file whose first line is the credential.";

  @Option(names = "--api-key-file", paramLabel = "FILE",
      description = "First line: the API key of the host's operator. Else $TACET_API_KEY, else none.")
  private Path apiKey;

  @Option(names = "--token-file", paramLabel = "FILE",
      description = "First line: a bearer token; read again for every call, so that it may be renewed.")
  private Path token;

  @Option(names = "--client-certificate", paramLabel = "PEM", description = "Certificate chain for a host that asks for one.")
  private Path certificate;

  @Option(names = "--client-key", paramLabel = "PEM", description = "Private key of the client certificate, PKCS#8.")
  private Path key;

  /** Returns the credentials that the options and the environment name. */
  Credentials credentials() {
    if ((certificate == null) != (key == null)) {
      throw CliException.usage(
          "a client certificate needs both files", "Give --client-certificate and --client-key together, or neither.");
    }
    if (apiKey != null && token != null) {
      throw CliException.usage("both an API key and a token are given", "Give one of --api-key-file and --token-file.");
    }
    Credentials bearer = bearer();
    if (certificate == null) {
      return bearer;
    }
    return bearer.withCertificate(InputFile.require(certificate, "Give --client-certificate the PEM file of the chain."),
        InputFile.require(key, "Give --client-key the PEM file of the private key."));
  }

  private Credentials bearer() {
    if (token != null) {
      ofFile(token);
      return Credentials.token(() -> firstLine(token));
    }
    if (apiKey != null) {
      return ofFile(apiKey);
    }
    String text = System.getenv(VARIABLE);
    if (text == null || text.isEmpty()) {
      return Credentials.none();
    }
    try {
      return Credentials.apiKey(text);
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, "$" + VARIABLE + ": " + e.getMessage(), "Set it to the API key, or unset it.", e);
    }
  }

  /** The credential in the first line of a file; API keys and tokens have the same form. */
  private static Credentials ofFile(Path file) {
    try {
      return Credentials.apiKey(firstLine(file));
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, file + ": " + e.getMessage(), REMEDY, e);
    }
  }

  private static String firstLine(Path file) {
    String line = new String(InputFile.read(file, REMEDY), StandardCharsets.UTF_8).lines().findFirst().orElse("").strip();
    if (line.isEmpty()) {
      throw CliException.usage("the first line of " + file + " is empty", REMEDY);
    }
    return line;
  }
}
