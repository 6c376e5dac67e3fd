// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import java.util.List;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * One tenant.
 *
 * @param name lower-case letters, digits and dashes, at most 63: it names folders and labels of metrics
 * @param models names of the models that the tenant may see; a star stands for any characters
 * @param storedKeyBytes the tenant's own bound on stored keys
 * @param inferencesPerSecond 0 if there is no limit
 */
public record TenantSettings(String name, List<String> models, OptionalLong storedKeyBytes, int inferencesPerSecond) {
  /** The tenant of a server without configured identities. */
  public static final String DEFAULT = "default";

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  private static final Pattern MODELS = Pattern.compile("[A-Za-z0-9._*-]{1,128}");

  /** Returns the tenant {@code default}, which sees every model. */
  public static TenantSettings everything() {
    return new TenantSettings(DEFAULT, List.of("*"), OptionalLong.empty(), 0);
  }

  /** Tells whether a text can be a tenant's name. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /** Tells whether a text can be a pattern of model names. */
  static boolean isModelPattern(String text) {
    return MODELS.matcher(text).matches();
  }

  /** Tells whether the tenant may see a model. */
  public boolean sees(String model) {
    return models.stream().anyMatch(pattern -> matches(pattern, model));
  }

  /** Matches in time linear in the product of the lengths, whatever the pattern. */
  private static boolean matches(String pattern, String name) {
    int p = 0;
    int n = 0;
    int star = -1;
    int resume = 0;
    while (n < name.length()) {
      if (p < pattern.length() && pattern.charAt(p) == '*') {
        star = p++;
        resume = n;
      } else if (p < pattern.length() && pattern.charAt(p) == name.charAt(n)) {
        p++;
        n++;
      } else if (star >= 0) {
        p = star + 1;
        n = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.length() && pattern.charAt(p) == '*') {
      p++;
    }
    return p == pattern.length();
  }
}
