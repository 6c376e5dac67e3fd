// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.he.Parameters;

/**
 * Parameters with the program written for them.
 *
 * @param precise whether the predicted noise meets the precision target
 */
public record Selection(Parameters parameters, Emission emission, boolean precise) {}
