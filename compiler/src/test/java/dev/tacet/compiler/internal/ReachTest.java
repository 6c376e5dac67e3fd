// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.tacet.compiler.internal.fit.AnswerMetric;
import org.junit.jupiter.api.Test;

class ReachTest {
  private static AnswerMetric.Score score(double... marginBounds) {
    return new AnswerMetric.Score(0, 1, 0, 0, new double[marginBounds.length], marginBounds);
  }

  @Test
  void boundsOfErrorsAllowForAQuarterMoreThanFarRowsHaveAndForNoise() {
    Reach reach = new Reach(1, true, new double[] {0.2, 0.2, 0.01}, new double[0], new double[0]);
    double[] near = {0.1, 0.1, 0.1};
    assertArrayEquals(new double[] {0.25, 0.28, 0.1}, reach.errorBounds(near, new double[] {0, 0.03, 0}), 1e-12);
    assertArrayEquals(new double[] {0.1, 0.1, 0.1}, near);
  }

  @Test
  void boundsOfMarginsAreThoseOfFarRowsUpToWhatTheSampleRowsAllow() {
    Reach reach = new Reach(1, true, new double[0], new double[] {0.2, 0.2, 0.01, 0.5}, new double[] {0.3, 0.15, 0.3, 0.05});
    assertArrayEquals(new double[] {0.2, 0.15, 0.1, 0.1}, reach.marginBounds(score(0.1, 0.1, 0.1, 0.1)), 1e-12);
  }

  @Test
  void errorsThatDoNotDependOnTheRowLeaveTheBoundsOfTheSampleRows() {
    Reach reach = Reach.everywhere(score(0.1));
    assertArrayEquals(new double[] {0.1}, reach.errorBounds(new double[] {0.1}, new double[] {0.05}), 1e-12);
    assertArrayEquals(new double[] {0.1}, reach.marginBounds(score(0.1)), 1e-12);
  }
}
