// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.CostProfile;
import dev.tacet.compiler.internal.cost.LevelWork;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;

/**
 * What the steps of a linear transform cost at a level, in nanoseconds of the machine whose cost profile the compilation is given:
 * not of the one that compiles.
 */
public final class StepCosts {
  /** What a megabyte of evaluation keys may save, once a program needs another key: 50 microseconds. */
  private static final double MEGABYTE_OF_KEYS = 50_000;

  private final double diagonal;
  private final double decomposition;
  private final double baby;
  private final double giant;
  private final double down;
  private final double rotation;
  private final double keyBytes;
  private final double pairing;
  private final boolean pairs;

  /** Makes the costs of transforms at a level. */
  public StepCosts(CostProfile profile, Parameters parameters, int level) {
    LevelWork work = new LevelWork(parameters, level);
    CostProfile.Rates rates = profile.at(parameters.logRingDegree());
    diagonal = work.diagonal().nanos(rates);
    decomposition = work.decomposition().nanos(rates);
    baby = work.babyStep().nanos(rates);
    giant = work.giantStep().nanos(rates);
    down = work.modDown(2).nanos(rates);
    rotation = work.keySwitch(false, false).nanos(rates);
    pairing = work.pairing().nanos(rates);
    pairs = parameters.ringType() == RingType.STANDARD;
    keyBytes = parameters.digits(level) * (double) parameters.ringDegree()
        * (parameters.logQP() - parameters.logQ() + parameters.logQ(level)) / 8;
  }

  /**
   * Returns the cost of a transform of so many diagonals, rotations by baby steps and rotations of sums by giant steps.
   *
   * @param paired whether giant steps are paired
   */
  public double transform(int diagonals, int babies, int giants, boolean paired) {
    return diagonals * diagonal + (babies > 0 ? decomposition : 0) + babies * baby + giants * giant + down + (paired ? pairing : 0);
  }

  /** Returns whether the ring has the complex slots that pairs of giant steps need. */
  public boolean pairs() {
    return pairs;
  }

  /** Returns the cost of one rotation by itself. */
  public double rotation() {
    return rotation;
  }

  /** Returns the price of one key more. */
  public double newKey() {
    return keyBytes / (1 << 20) * MEGABYTE_OF_KEYS;
  }
}
