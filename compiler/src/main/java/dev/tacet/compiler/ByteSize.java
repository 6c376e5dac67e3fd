// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as people write them: 20MB, 1.5 GB, 4096; decimal units, and KiB, MiB, GiB for powers of two. */
public final class ByteSize {
  private static final Pattern FORM = Pattern.compile("(\\d{1,15}(?:\\.\\d{1,6})?)\\s*([kmg]?)(i?)b?");

  private ByteSize() {}

  /**
   * Returns a number of bytes.
   *
   * @throws IllegalArgumentException if the text is no size, or one of 2^60 bytes or more
   */
  public static long parse(String text) {
    Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches() || matcher.group(2).isEmpty() && !matcher.group(3).isEmpty()) {
      throw new IllegalArgumentException("'" + text + "' is no size, needs a number of bytes or one with KB, MB, GB, KiB, MiB or GiB");
    }
    double unit = Math.pow(matcher.group(3).isEmpty() ? 1000 : 1024, " kmg".indexOf((matcher.group(2) + " ").charAt(0)));
    double bytes = Double.parseDouble(matcher.group(1)) * unit;
    if (bytes >= 0x1p60) {
      throw new IllegalArgumentException("'" + text + "' is 2^60 bytes or more");
    }
    return (long) bytes;
  }

  /**
   * Returns a number of bytes that is a limit.
   *
   * @throws IllegalArgumentException as {@link #parse}, or if it is 0, which would mean no limit
   */
  public static long limit(String text) {
    long bytes = parse(text);
    if (bytes < 1) {
      throw new IllegalArgumentException("a key budget of '" + text + "' is " + bytes + " bytes, needs at least 1; leave it out for no limit");
    }
    return bytes;
  }
}
