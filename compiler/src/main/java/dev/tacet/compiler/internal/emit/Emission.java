// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Program;
import dev.tacet.he.Sharing;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A program with the parts of its signature.
 *
 * @param inputs one per program input
 * @param outputs the VALUE output first, then the guards
 * @param guards what the guards prove, in the order of their outputs
 * @param layers what each layer costs and how precise its result is
 * @param valueError bound of what noise does to a decrypted value, the mean over its copies, in output units, without safety and without
 *     the flooding of the latency packing
 * @param privacy how answers of the latency packing hide the model; null if they do not
 * @param flooding the deviation of its flooding in a decrypted value, in output units; 0 without
 * @param modelled what the noise model says is to be hidden, the deviation in slot units, both parts of complex slots; 0 without
 */
public record Emission(
    Program program,
    List<SignatureInput> inputs,
    List<CipherOutput> outputs,
    List<Guard> guards,
    List<Layer> layers,
    double valueError,
    ModelPrivacy privacy,
    double flooding,
    double modelled) {
  /** Makes one whose answers the program does not flood, or whose flooding is part of the noise. */
  public Emission(
      Program program, List<SignatureInput> inputs, List<CipherOutput> outputs, List<Guard> guards, List<Layer> layers, double valueError) {
    this(program, inputs, outputs, guards, layers, valueError, null, 0, 0);
  }

  /**
   * Returns the outputs with guards that let pass a part of their intervals.
   *
   * @param width as in {@link Guard#limit}
   */
  public List<CipherOutput> outputs(double width) {
    List<CipherOutput> narrowed = new ArrayList<>(outputs);
    for (int g = 0; g < guards.size(); g++) {
      int at = outputs.size() - guards.size() + g;
      narrowed.set(at, outputs.get(at).withBound(guards.get(g).bound(width)));
    }
    return narrowed;
  }

  /** Returns the bound of what noise and flooding do to a decrypted value, in output units; the flooding, as it is, needs no safety. */
  public double noiseBound(double safety) {
    return safety * valueError + Sharing.DEVIATIONS * flooding;
  }

  /** Returns the noise of each decrypted value, in proportion to its unit, where that of the value with the most is given. */
  public double[] noiseOfElements(double most) {
    double[] factor = outputs.get(0).factor();
    double largest = Arrays.stream(factor).map(Math::abs).max().orElse(1);
    return Arrays.stream(factor).map(unit -> largest == 0 ? most : most * Math.abs(unit) / largest).toArray();
  }

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
