// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.he.Encoding;
import dev.tacet.he.Indexes;
import dev.tacet.he.Instruction;
import dev.tacet.he.Op;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;

/** Sizes of what travels. */
public final class Costs {
  private static final int HEADER_BYTES = 128;

  private Costs() {}

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
}
