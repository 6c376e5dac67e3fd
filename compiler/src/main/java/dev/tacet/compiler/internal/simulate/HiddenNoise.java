// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.simulate;

import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.params.ProgramNoise;
import dev.tacet.he.Instruction;
import dev.tacet.he.InterleavedEvaluator;
import dev.tacet.he.Op;
import dev.tacet.he.Program;
import java.util.List;

/**
 * The noise that a program's flooding hides, drawn and carried by the program itself: what
 * {@link dev.tacet.compiler.internal.params.NoiseModel} adds up by the largest row of each matrix and the steepest slope
 * comes out many times too large where a program is wide, and too small where functions are steepest in the middle of the rows.
 */
public final class HiddenNoise {
  private static final int RUNS = 12;
  private static final long SEED = 1;

  private HiddenNoise() {}

  /** Returns how many times what the noise model says is to be hidden the noise is that was drawn. */
  public static double share(Emission emission, List<double[]> rows) {
    return of(emission, rows) / emission.modelled();
  }

  /**
   * Returns the root mean square of the noise in all slots of what is flooded, relative to its scale; both parts of complex slots.
   *
   * @param rows sample rows within the features' bounds
   */
  public static double of(Emission emission, List<double[]> rows) {
    Program program = emission.program();
    List<Instruction> instructions = program.instructions();
    int flood = 0;
    while (instructions.get(flood).op() != Op.FLOOD) {
      flood++;
    }
    int at = flood;
    InterleavedEvaluator evaluator = new InterleavedEvaluator(program);
    double squares = 0;
    for (int run = 0; run < RUNS; run++) {
      List<double[]> packed = SampleInputs.of(program, emission.inputs(), rows.get((int) ((long) run * rows.size() / RUNS)));
      int period = packed.stream().mapToInt(slots -> slots.length).max().orElse(1);
      double[][] clear = new double[1][];
      evaluator.run(packed, (id, slots) -> clear[0] = id == at ? slots : clear[0], null);
      ProgramNoise noise = new ProgramNoise(
          program, ProgramNoise.Kind.MEANS, ProgramNoise.Encryption.SECRET_KEY, period, false, SEED + run);
      double[][] noisy = new double[1][];
      evaluator.run(packed, null, (id, argument, exact, own) -> {
        noisy[0] = id == at ? argument.clone() : noisy[0];
        return noise.disturb(id, argument, exact, own);
      });
      for (int j = 0; j < noisy[0].length; j++) {
        squares += Math.pow(noisy[0][j] - clear[0][j & (clear[0].length - 1)], 2) / noisy[0].length / RUNS;
      }
    }
    return Math.sqrt(2 * squares);
  }
}
