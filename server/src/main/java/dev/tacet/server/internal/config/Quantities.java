// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers with units as an operator writes them: {@code 64MiB}, {@code 30s}. */
final class Quantities {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,15})\\s*([A-Za-z]*)");
  private static final Map<String, Long> BYTES =
      Map.of("", 1L, "B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30, "TiB", 1L << 40);
  private static final Map<String, Long> MILLIS =
      Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

  private Quantities() {}

  /** Reads bytes; nothing if it is no number with a known unit, or beyond 2^63. */
  static OptionalLong bytes(String text) {
    return read(text, BYTES);
  }

  /** Reads a duration; null if it is no number with a known unit. */
  static Duration duration(String text) {
    OptionalLong millis = read(text, MILLIS);
    return millis.isPresent() ? Duration.ofMillis(millis.getAsLong()) : null;
  }

  private static OptionalLong read(String text, Map<String, Long> units) {
    Matcher form = FORM.matcher(text.strip());
    Long unit = form.matches() ? units.get(form.group(2)) : null;
    if (unit == null) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(Math.multiplyExact(Long.parseLong(form.group(1)), unit));
    } catch (ArithmeticException e) {
      return OptionalLong.empty();
    }
  }
}
