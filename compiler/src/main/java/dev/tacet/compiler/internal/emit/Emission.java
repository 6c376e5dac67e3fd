// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.Program;
import dev.tacet.he.SignatureInput;
import java.util.List;

/**
 * A program with the parts of its signature.
 *
 * @param inputs one per program input
 * @param outputs the VALUE output first, then the guards
 * @param layers what each layer costs and how precise its result is
 * @param valueError bound of what noise does to a decrypted value, the mean over its copies, in output units, without safety
 */
public record Emission(
    Program program,
    List<SignatureInput> inputs,
    List<CipherOutput> outputs,
    List<Layer> layers,
    double valueError) {
  /**
   * One layer of the report.
   *
   * @param level the level at which the layer starts
   * @param levels the levels that it takes
   * @param precisionBits predicted bits of precision of its result, relative to the interval it lies in
   * @param guarded whether its input is proved to stay inside the fitted interval: "guarded", "proved", "not guarded" or ""
   */
  public record Layer(String name, String kind, int level, int levels, double precisionBits, String guarded) {}
}
