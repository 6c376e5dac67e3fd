// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The variables of the environment that every command heeds: a value that means nothing is refused, not passed over. */
public final class Variables {
  private static final int MOST_THREADS = 256;

  private static final Map<String, List<String>> WORDS = Map.of(
      "TACET_KERNELS", List.of("avx512ifma", "avx2", "scalar"),
      "TACET_PAGES", List.of("huge", "small"),
      "TACET_LOG", List.of("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF"),
      "TACET_LOG_FORMAT", List.of("text", "json"));

  private Variables() {}

  /**
   * Checks what is set and not empty.
   *
   * @throws CliException bad usage, naming the variable and what it may be
   */
  public static void require(Map<String, String> environment) {
    String threads = environment.getOrDefault("TACET_THREADS", "");
    if (!threads.isEmpty() && !(threads.matches("\\d{1,3}") && Integer.parseInt(threads) >= 1 && Integer.parseInt(threads) <= MOST_THREADS)) {
      throw refused("TACET_THREADS", threads, "a number from 1 to " + MOST_THREADS);
    }
    WORDS.forEach((name, words) -> {
      String value = environment.getOrDefault(name, "");
      boolean known = name.equals("TACET_LOG") ? words.contains(value.toUpperCase(Locale.ROOT)) : words.contains(value);
      if (!value.isEmpty() && !known) {
        throw refused(name, value, String.join(" or ", words));
      }
    });
  }

  private static CliException refused(String name, String value, String allowed) {
    return CliException.usage("the environment's " + name + " is \"" + value + "\"; it must be " + allowed, "Set it so, or not at all.");
  }
}
