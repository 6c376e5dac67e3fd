// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.compiler.internal.cost.PolynomialWork;
import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Instruction;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Op;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.ValueType;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What a host holds for a program, in bytes.
 *
 * @param keys one client's expanded evaluation keys
 * @param constants encoded diagonals, vectors and matrices, once for all clients
 * @param run the most that one run takes: its inputs, which live to its end, the values that are alive, and what the operation at work
 *     holds beside them, such as the digits of a key switch, the baby steps of a linear transform or the basis of a polynomial
 */
public record HostMemory(long keys, long constants, long run) {
  private static final int WORD = 8;

  /** Sums whose giant steps are taken side by side. */
  private static final int GIANTS_AT_ONCE = 8;

  /**
   * Counts.
   *
   * @param threads of the host's pool: so many elements of a vector are worked on at the same time
   */
  public static HostMemory of(Program program, int threads) {
    Parameters parameters = program.parameters();
    long limb = (long) WORD * parameters.ringDegree();
    long constants = 0;
    for (Instruction in : program.instructions()) {
      long limbs = in.type().level() + 1L;
      constants += switch (in.op()) {
        case LINEAR_TRANSFORM -> diagonals(program.constants().get(in.constant())) * keptBytes(parameters, in.type().level());
        case ADD_PLAIN, MULTIPLY_PLAIN -> limbs * limb;
        case MATRIX_PRODUCT -> WORD * limbs * ((Constant.Affine) program.constants().get(in.constant())).weights().length;
        default -> 0;
      };
    }
    return new HostMemory(keyBytes(program.requiredKeys(), parameters), constants, run(program, threads) * limb);
  }

  /** Returns the bytes of evaluation keys in compute form: for each digit both halves, each limb N words as they are kept. */
  public static long keyBytes(Collection<KeyRequirement> keys, Parameters parameters) {
    long bytes = 0;
    for (KeyRequirement key : keys) {
      int level = Math.min(key.level(), parameters.maxLevel());
      bytes += 2L * parameters.digits(level) * keptBytes(parameters, level);
    }
    return bytes;
  }

  /** The bytes of a polynomial of keys or diagonals at a level: a residue takes 4, 5, 6 or 8, as its prime needs. */
  private static long keptBytes(Parameters parameters, int level) {
    LongStream primes = LongStream.concat(
        LongStream.of(parameters.specialPrimes()), IntStream.rangeClosed(0, level).mapToLong(parameters::modulus));
    return primes.map(prime -> prime >>> 32 == 0 ? 4 : prime >>> 40 == 0 ? 5 : prime >>> 48 == 0 ? 6 : WORD).sum()
        * parameters.ringDegree();
  }

  private static long diagonals(Constant constant) {
    return constant instanceof Diagonals sparse ? sparse.products() : ((Constant.Matrix) constant).diagonals();
  }

  /** The most limbs at one time, in the program's order. */
  private static long run(Program program, int threads) {
    List<Instruction> instructions = program.instructions();
    int[] lastUse = new int[instructions.size()];
    for (int id = 0; id < instructions.size(); id++) {
      lastUse[id] = instructions.get(id).op() == Op.INPUT ? instructions.size() : id;
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
      long own = in.op() == Op.OUTPUT ? 0 : limbs(in.type());  // an output is its argument
      held += own;
      freed[lastUse[id]] += own;
      most = Math.max(most, held + scratch(program, in) * Math.min(Math.max(threads, 1), in.type().length()));
      held -= freed[id];
    }
    return most;
  }

  /** Limbs that an operation holds beside its arguments and its result, for one element. */
  private static long scratch(Program program, Instruction in) {
    Parameters parameters = program.parameters();
    if (in.argumentCount() == 0) {
      return 0;
    }
    int level = program.instructions().get(in.argument(0)).type().level();
    long extended = level + 1L + parameters.specialPrimes().length;
    long keySwitch = (parameters.digits(level) + 2) * extended;
    return switch (in.op()) {
      case ROTATE, ROTATE_SUM, ROTATE_MEAN, CONJUGATE, RELINEARIZE -> keySwitch;
      case LINEAR_TRANSFORM -> keySwitch + transform(program.constants().get(in.constant()), in) * extended;
      case POLYNOMIAL -> {
        Constant.Polynomial p = (Constant.Polynomial) program.constants().get(in.constant());
        yield keySwitch + PolynomialWork.of(p.coefficients(), p.basis() == Constant.Basis.CHEBYSHEV).heldLimbs(level);
      }
      default -> 0;
    };
  }

  /** Polynomials that a linear transform's baby and giant steps hold. */
  private static long transform(Constant constant, Instruction in) {
    if (constant instanceof Diagonals diagonals) {
      return 2L * (diagonals.babySteps().size() + Math.min(GIANTS_AT_ONCE, diagonals.firstGiantSteps().size()));
    }
    int diagonals = ((Constant.Matrix) constant).diagonals();
    int babies = Math.min(in.babySteps(), diagonals);
    return 2L * (babies + Math.min(GIANTS_AT_ONCE, (diagonals + babies - 1) / babies));
  }

  private static long limbs(ValueType type) {
    return (long) type.length() * type.components() * (type.level() + 1);
  }
}
