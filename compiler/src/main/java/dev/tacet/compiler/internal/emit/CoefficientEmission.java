// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.he.CoefficientBlocks;
import dev.tacet.he.ModelPrivacy;
import java.util.List;

/**
 * A program of the coefficient packing.
 *
 * @param emission the program with the parts of its signature
 * @param blocks where numbers lie
 * @param map the linear map in the program's units
 * @param privacy how answers hide the model; null if they do not
 * @param rounded the map's weights as the program has them, all digits together
 */
public record CoefficientEmission(Emission emission, CoefficientBlocks blocks, LinearMap map, ModelPrivacy privacy, double[][] rounded) {
  /** Returns what the program computes for rows, without noise, in output units. */
  public List<double[]> outputs(Plan plan, List<double[]> rows) {
    return map.evaluate(plan, rounded, rows);
  }
}
