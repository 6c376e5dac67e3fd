// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

/** Names of models as callers sent them. */
final class ModelNames {
  private ModelNames() {}

  /** Quotes a name that came from outside: at most 64 characters, without control characters. */
  static String clip(String text) {
    String shown = text.length() <= 64 ? text : text.substring(0, 64) + "...";
    return "\"" + shown.replaceAll("\\p{Cntrl}", "?") + "\"";
  }
}
