// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Instruction;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Op;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.ValueType;
import java.util.List;

/**
 * What a host holds for a program, in bytes.
 *
 * @param keys one client's expanded evaluation keys
 * @param constants encoded diagonals, vectors and matrices, once for all clients
 * @param run the most that values of one run and the steps of its largest linear transform take together
 */
public record HostMemory(long keys, long constants, long run) {
  private static final int WORD = 8;

  /** Sums whose giant steps are taken side by side. */
  private static final int GIANTS_AT_ONCE = 8;

  /** Counts. */
  public static HostMemory of(Program program) {
    Parameters parameters = program.parameters();
    long limb = (long) WORD * parameters.ringDegree();
    int special = parameters.specialPrimes().length;
    long keys = 0;
    for (KeyRequirement key : program.requiredKeys()) {
      keys += 2L * parameters.digits(key.level()) * (key.level() + 1 + special) * limb;
    }
    long constants = 0;
    for (Instruction in : program.instructions()) {
      long limbs = in.type().level() + 1L;
      constants += switch (in.op()) {
        case LINEAR_TRANSFORM -> diagonals(program.constants().get(in.constant())) * (limbs + special) * limb;
        case ADD_PLAIN, MULTIPLY_PLAIN -> limbs * limb;
        case MATRIX_PRODUCT -> WORD * limbs * ((Constant.Affine) program.constants().get(in.constant())).weights().length;
        default -> 0;
      };
    }
    return new HostMemory(keys, constants, peak(program, limb, special));
  }

  private static long diagonals(Constant constant) {
    return constant instanceof Diagonals sparse ? sparse.products() : ((Constant.Matrix) constant).diagonals();
  }

  private static long peak(Program program, long limb, int special) {
    List<Instruction> instructions = program.instructions();
    int[] lastUse = new int[instructions.size()];
    for (int id = 0; id < instructions.size(); id++) {
      lastUse[id] = id;
      for (int i = 0; i < instructions.get(id).argumentCount(); i++) {  // outputs live to the end
        int use = instructions.get(id).op() == Op.OUTPUT ? instructions.size() : id;
        lastUse[instructions.get(id).argument(i)] = Math.max(use, lastUse[instructions.get(id).argument(i)]);
      }
    }
    long[] freed = new long[instructions.size() + 1];
    long held = 0;
    long most = 0;
    for (int id = 0; id < instructions.size(); id++) {
      Instruction in = instructions.get(id);
      long own = in.op() == Op.OUTPUT ? 0 : bytes(in.type(), limb);  // an output is its argument
      held += own;
      freed[lastUse[id]] += own;
      long scratch = 0;
      if (in.op() == Op.LINEAR_TRANSFORM && program.constants().get(in.constant()) instanceof Diagonals diagonals) {
        long polynomials = 2L * (diagonals.babySteps().size() + Math.min(GIANTS_AT_ONCE, diagonals.firstGiantSteps().size()));
        scratch = polynomials * (in.type().level() + 1 + special) * limb;
      }
      most = Math.max(most, held + scratch);
      held -= freed[id];
    }
    return most;
  }

  private static long bytes(ValueType type, long limb) {
    return (long) type.length() * type.components() * (type.level() + 1) * limb;
  }
}
