// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.cost.PolynomialWork;
import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Encoding;
import dev.tacet.he.Indexes;
import dev.tacet.he.Instruction;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Op;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import java.util.HashMap;
import java.util.Map;

/** Sizes and counts of a program, from its instructions. */
public final class Costs {
  private static final int HEADER_BYTES = 128;

  private Costs() {}

  /** Returns the key switches of each layer, by name. */
  public static Map<String, Integer> keySwitches(Program program) {
    Map<String, Integer> result = new HashMap<>();
    for (Instruction instruction : program.instructions()) {
      int count = switch (instruction.op()) {
        case ROTATE, CONJUGATE, RELINEARIZE -> 1;
        case ROTATE_SUM -> 31 - Integer.numberOfLeadingZeros(instruction.count());
        case LINEAR_TRANSFORM -> {
          if (program.constants().get(instruction.constant()) instanceof Diagonals sparse) {
            yield sparse.rotations().size();
          }
          int diagonals = ((Constant.Matrix) program.constants().get(instruction.constant())).diagonals();
          int baby = Math.min(instruction.babySteps(), diagonals);
          yield baby - 1 + diagonals / baby - 1;
        }
        case POLYNOMIAL -> {
          Constant.Polynomial p = (Constant.Polynomial) program.constants().get(instruction.constant());
          yield PolynomialWork.of(p.coefficients(), p.basis() == Constant.Basis.CHEBYSHEV).relinearizations();
        }
        default -> 0;
      };
      result.merge(program.layers().get(instruction.layer()), count, Integer::sum);
    }
    return result;
  }

  /** Returns the bytes of all evaluation keys as they are uploaded. */
  public static long keyBytes(Program program) {
    return program.requiredKeys().stream().mapToLong(key -> key.blobBytes(program.parameters())).sum();
  }

  /** Returns the bytes of a ciphertext. */
  public static long ciphertextBytes(Parameters parameters, int level, boolean seeded) {
    long limbs = 0;
    for (int i = 0; i <= level; i++) {
      int bits = 64 - Long.numberOfLeadingZeros(parameters.modulus(i));
      limbs += ((long) parameters.ringDegree() * bits + 7) / 8;
    }
    return HEADER_BYTES + (seeded ? limbs : 2 * limbs);
  }

  /** Returns the bytes of all output ciphertexts; of extracted ones, one polynomial and the coefficients. */
  public static long resultBytes(Program program) {
    Parameters parameters = program.parameters();
    long bytes = 0;
    for (Instruction in : program.instructions()) {
      if (in.op() != Op.OUTPUT) {
        continue;
      }
      int level = in.type().level();
      boolean extracted = in.type().encoding() == Encoding.EXTRACTED;
      bytes += in.type().length() * ciphertextBytes(parameters, level, extracted);
      if (extracted) {
        int extract = program.instructions().get(in.argument(0)).constant();
        int count = ((Indexes) program.constants().get(extract)).values().length;
        bytes += count * 2L;
        for (int i = 0; i <= level; i++) {
          bytes += ((64 - Long.numberOfLeadingZeros(parameters.modulus(i))) * (long) count + 7) / 8;
        }
      }
    }
    return bytes;
  }

  /** Returns the bytes of expanded keys and encoded diagonals in the host's memory. */
  public static long memoryBytes(Program program) {
    Parameters parameters = program.parameters();
    long limb = 8L * parameters.ringDegree();
    long bytes = 0;
    for (KeyRequirement key : program.requiredKeys()) {
      bytes += 2L * parameters.digits(key.level()) * (key.level() + 1 + parameters.specialPrimes().length) * limb;
    }
    for (Instruction instruction : program.instructions()) {
      if (instruction.op() == Op.LINEAR_TRANSFORM) {
        Constant constant = program.constants().get(instruction.constant());
        int diagonals = constant instanceof Diagonals sparse ? sparse.terms().size() : ((Constant.Matrix) constant).diagonals();
        bytes += (long) diagonals * (instruction.type().level() + 1 + parameters.specialPrimes().length) * limb;
      }
    }
    return bytes;
  }
}
