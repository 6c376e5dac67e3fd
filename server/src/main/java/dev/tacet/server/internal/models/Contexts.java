// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.he.Context;
import dev.tacet.he.Parameters;
import java.util.HashMap;
import java.util.Map;

/** One context for all loaded models of the same parameters, closed with the last of them. Thread safe. */
final class Contexts {
  private final Map<String, Shared> byHash = new HashMap<>();

  private static final class Shared {
    final Context context;
    int users;

    Shared(Context context) {
      this.context = context;
    }
  }

  /** Returns the context of parameters; every call is followed by one {@link #release}. */
  synchronized Context acquire(Parameters parameters) {
    Shared shared = byHash.get(parameters.hashHex());
    if (shared == null) {
      shared = new Shared(Context.create(parameters));
      byHash.put(parameters.hashHex(), shared);
    }
    shared.users++;
    return shared.context;
  }

  /** Gives a context back. */
  synchronized void release(Parameters parameters) {
    Shared shared = byHash.get(parameters.hashHex());
    if (--shared.users == 0) {
      byHash.remove(parameters.hashHex());
      shared.context.close();
    }
  }

  /** Returns how many contexts there are. */
  synchronized int size() {
    return byHash.size();
  }
}
