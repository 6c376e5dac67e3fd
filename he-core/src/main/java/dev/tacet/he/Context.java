// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeObject;

/**
 * Parameters with everything precomputed from them. Immutable and shared between threads; objects made in a context keep its
 * native part alive, so it may be closed before them.
 */
public final class Context extends NativeObject {
  private final Parameters parameters;

  private Context(Parameters parameters) {
    super(Engine.context(parameters.toBytes()));
    this.parameters = parameters;
  }

  /**
   * Makes a context.
   *
   * @throws IllegalArgumentException if the engine refuses the parameters
   */
  public static Context create(Parameters parameters) {
    return new Context(parameters);
  }

  /** Returns the parameters. */
  public Parameters parameters() {
    return parameters;
  }
}
