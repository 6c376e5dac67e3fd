// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.CostProfile;
import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.calibrate.ValueBounds;
import dev.tacet.compiler.internal.fit.FittedNetwork;
import dev.tacet.compiler.internal.pack.Layout;
import dev.tacet.compiler.internal.pack.Levels;
import dev.tacet.he.ModelPrivacy;

/**
 * Everything about a program that does not depend on the parameters.
 *
 * @param fitted the network with its polynomials
 * @param features accepted bounds of the features
 * @param bounds what the accepted bounds prove
 * @param layout where values lie in slots
 * @param levels how deep values lie
 * @param outputCenter the middle of each output's range over the sample rows
 * @param outputReach half of that range, not 0
 * @param guards whether activation inputs that are not proved to stay inside their intervals are sent back
 * @param keyPrice how many times their usual price evaluation keys cost where rotations are split into steps
 * @param pairs whether giant steps may be evaluated in pairs, which is faster and adds the noise of imaginary parts
 * @param rows rows that lie side by side in a ciphertext, a power of two
 * @param costs what operations take on the machine that will serve
 * @param privacy for how many answers at how many bits answers of the latency packing are to hide the model; null if they need not
 * @param hiddenShare how many times the noise that the noise model adds up is what answers that hide the model really have to hide
 * @param mostFlooding the largest move of a value by their flooding, in output units
 */
public record Plan(
    FittedNetwork fitted,
    FeatureBounds features,
    ValueBounds bounds,
    Layout layout,
    Levels levels,
    double[] outputCenter,
    double[] outputReach,
    boolean guards,
    double keyPrice,
    boolean pairs,
    int rows,
    CostProfile costs,
    ModelPrivacy privacy,
    double hiddenShare,
    double mostFlooding) {
  /** Returns the fewest slots of a ring that hold its rows. */
  public long leastSlots() {
    return (long) rows * layout.largestPeriod();
  }

  /** Returns the plan with giant steps one by one. */
  public Plan withoutPairs() {
    return new Plan(fitted, features, bounds, layout, levels, outputCenter, outputReach, guards, keyPrice, false, rows, costs, privacy,
        hiddenShare, mostFlooding);
  }

  /** Returns the plan with another price of keys. */
  public Plan withKeyPrice(double value) {
    return new Plan(fitted, features, bounds, layout, levels, outputCenter, outputReach, guards, value, pairs, rows, costs, privacy,
        hiddenShare, mostFlooding);
  }

  /** Returns the plan with another noise to hide. */
  public Plan withHiddenShare(double value) {
    return new Plan(fitted, features, bounds, layout, levels, outputCenter, outputReach, guards, keyPrice, pairs, rows, costs, privacy, value,
        mostFlooding);
  }
}
