// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.emit.ProgramEmitter;
import dev.tacet.he.Parameters;

/**
 * Parameters with the program written for them.
 *
 * @param precise whether the predicted noise meets the precision target
 */
public record Selection(Parameters parameters, Emission emission, boolean precise) {
  /** Returns the selection with the whole program in the place of its outline. */
  public Selection complete(Plan plan) {
    Emission whole = ProgramEmitter.emit(plan, parameters);
    if (!whole.program().requiredKeys().equals(emission.program().requiredKeys())) {
      throw new IllegalStateException("the program needs other keys than its outline");
    }
    return new Selection(parameters, whole, precise);
  }
}
