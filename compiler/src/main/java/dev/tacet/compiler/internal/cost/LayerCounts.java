// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Instruction;
import dev.tacet.he.Program;
import java.util.Arrays;

/**
 * The operations of a layer that people ask for; those on an array count once for each of its ciphertexts.
 *
 * @param rotations rotations and conjugations, each a key switch
 * @param relinearizations the other key switches
 * @param products products of two ciphertexts, squares included
 */
public record LayerCounts(int rotations, int relinearizations, int products) {
  private static final LayerCounts NONE = new LayerCounts(0, 0, 0);

  /** Returns the counts of each layer of {@link Program#layers()}. */
  public static LayerCounts[] of(Program program) {
    LayerCounts[] layers = new LayerCounts[program.layers().size()];
    Arrays.fill(layers, NONE);
    for (Instruction in : program.instructions()) {
      LayerCounts each = switch (in.op()) {
        case ROTATE, CONJUGATE -> new LayerCounts(1, 0, 0);
        case ROTATE_SUM, ROTATE_MEAN -> new LayerCounts(31 - Integer.numberOfLeadingZeros(in.count()), 0, 0);
        case RELINEARIZE -> new LayerCounts(0, 1, 0);
        case MULTIPLY, SQUARE -> new LayerCounts(0, 0, 1);
        case LINEAR_TRANSFORM -> new LayerCounts(rotations(program.constants().get(in.constant()), in.babySteps()), 0, 0);
        case POLYNOMIAL -> {
          Constant.Polynomial p = (Constant.Polynomial) program.constants().get(in.constant());
          PolynomialWork work = PolynomialWork.of(p.coefficients(), p.basis() == Constant.Basis.CHEBYSHEV);
          yield new LayerCounts(0, work.relinearizations(), work.products());
        }
        default -> NONE;
      };
      int length = in.type().length();
      LayerCounts before = layers[in.layer()];
      layers[in.layer()] = new LayerCounts(before.rotations + length * each.rotations,
          before.relinearizations + length * each.relinearizations, before.products + length * each.products);
    }
    return layers;
  }

  private static int rotations(Constant constant, int babySteps) {
    if (constant instanceof Diagonals diagonals) {
      return diagonals.rotations().size() + (diagonals.pair() == 0 ? 0 : 1);
    }
    int diagonals = ((Constant.Matrix) constant).diagonals();
    int babies = Math.min(babySteps, diagonals);
    return babies - 1 + (diagonals + babies - 1) / babies - 1;
  }
}
