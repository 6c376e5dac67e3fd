// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.identity;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What a caller may do. A role includes no other. */
public enum Role {
  /** See models, store keys, ask for inferences. */
  PREDICT,
  /** See models, and ask for inferences with keys whose owner granted that: a data provider. */
  PROVIDE,
  /** Load and unload the models that the tenant sees. */
  DEPLOY,
  /** Load and unload every model of the host. */
  ADMIN,
  /** Read metrics and the details of readiness, which name all tenants' models. */
  MONITOR;

  /** The roles that see models and ask for inferences. */
  public static final Set<Role> CALLERS = Set.of(PREDICT, PROVIDE);

  /** Returns the role's name in files and tokens. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the role of a name, or nothing. */
  public static Optional<Role> of(String text) {
    return Arrays.stream(values()).filter(role -> role.text().equals(text)).findFirst();
  }

  /** Returns the names of all roles. */
  public static List<String> names() {
    return Arrays.stream(values()).map(Role::text).toList();
  }
}
