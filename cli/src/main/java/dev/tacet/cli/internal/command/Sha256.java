// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;

/** Hashes that are given on the command line. */
final class Sha256 {
  private static final int DIGITS = 64;

  private Sha256() {}

  /**
   * Returns {@code text}, which has the form of a SHA-256.
   *
   * @param what the text is, as a person knows it
   * @param remedy where the right one is found
   * @throws CliException (bad usage) if it has not
   */
  static String require(String text, String what, String remedy) {
    if (!text.matches("[0-9a-f]{" + DIGITS + "}")) {
      throw CliException.usage(
          what + " has " + DIGITS + " hexadecimal digits, lower case; this has " + text.length() + " characters"
              + (text.length() == DIGITS ? " and not such digits alone" : ""),
          remedy);
    }
    return text;
  }
}
