// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.terminal;

import com.sun.jna.Library;
import com.sun.jna.Native;

/** Whether the standard streams are terminals, and plain emphasis where they are. */
public final class Terminal {
  /** What of the C library is asked. */
  private interface CLibrary extends Library {
    int isatty(int descriptor);
  }

  private static final boolean OUT = ask(1);
  private static final boolean ERR = ask(2);

  private Terminal() {}

  /** Standard output is a terminal. */
  public static boolean outIsTerminal() {
    return OUT;
  }

  /** Standard error is a terminal. */
  public static boolean errIsTerminal() {
    return ERR;
  }

  /** {@code text} in bold if standard output is a terminal that may have it (NO_COLOR unset), else as it is. */
  public static String bold(String text) {
    return emphasis() ? "\u001b[1m" + text + "\u001b[0m" : text;
  }

  /** {@code text} dimmed, under the same condition as {@link #bold}. */
  public static String dim(String text) {
    return emphasis() ? "\u001b[2m" + text + "\u001b[0m" : text;
  }

  /**
   * {@code text} as a terminal may have it: control characters, and those that turn the direction of writing, become a question mark
   * in a box, so that a name from a file cannot move the cursor, hide text or ring.
   */
  public static String plain(String text) {
    StringBuilder plain = new StringBuilder(text.length());
    text.codePoints().forEach(c -> {
      int type = Character.getType(c);
      boolean harmless = type != Character.CONTROL && type != Character.FORMAT && type != Character.SURROGATE
          && type != Character.LINE_SEPARATOR && type != Character.PARAGRAPH_SEPARATOR;
      plain.appendCodePoint(harmless ? c : 0xFFFD);
    });
    return plain.toString();
  }

  private static boolean emphasis() {
    String noColor = System.getenv("NO_COLOR");
    return OUT && (noColor == null || noColor.isEmpty()) && !"dumb".equals(System.getenv("TERM"));
  }

  private static boolean ask(int descriptor) {
    try {
      return Native.load("c", CLibrary.class).isatty(descriptor) == 1;
    } catch (LinkageError | RuntimeException e) {
      return System.console() != null;
    }
  }
}
