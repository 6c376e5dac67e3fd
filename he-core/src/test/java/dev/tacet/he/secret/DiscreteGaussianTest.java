// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class DiscreteGaussianTest {
  @Test
  void smallSamplesHaveTheProbabilitiesOfTheFormula() {
    long sigma = 2;
    int reach = 6;
    int samples = 40_000;
    double total = 0;
    for (int k = -40; k <= 40; k++) {
      total += Math.exp(-k * k / (2.0 * sigma * sigma));
    }
    DiscreteGaussian gaussian = new DiscreteGaussian(new Random(1));
    int[] counts = new int[2 * reach + 1];
    int beyond = 0;
    for (int i = 0; i < samples; i++) {
      long k = gaussian.sampleVariableTime(sigma);
      if (Math.abs(k) <= reach) {
        counts[(int) k + reach]++;
      } else {
        beyond++;
      }
    }
    double chiSquare = 0;
    double rest = samples;
    for (int k = -reach; k <= reach; k++) {
      double expected = samples * Math.exp(-k * k / (2.0 * sigma * sigma)) / total;
      rest -= expected;
      chiSquare += Math.pow(counts[k + reach] - expected, 2) / expected;
    }
    chiSquare += Math.pow(beyond - rest, 2) / rest;
    assertTrue(chiSquare < 34.5, "chi square of 13 degrees of freedom is " + chiSquare + ", beyond 34.5 once in a thousand");
  }

  @Test
  void largeSamplesHaveTheDeviationAndTheQuartilesOfTheNormalDistribution() {
    long sigma = 1 << 20;
    int samples = 20_000;
    double sum = 0;
    double squares = 0;
    int inner = 0;
    DiscreteGaussian gaussian = new DiscreteGaussian(new Random(2));
    for (int i = 0; i < samples; i++) {
      double x = (double) gaussian.sampleVariableTime(sigma) / sigma;
      sum += x;
      squares += x * x;
      inner += Math.abs(x) < 0.67449 ? 1 : 0;
    }
    assertEquals(0, sum / samples, 5 / Math.sqrt(samples));
    assertEquals(1, Math.sqrt(squares / samples), 5 / Math.sqrt(2.0 * samples));
    assertEquals(0.5, (double) inner / samples, 2.5 / Math.sqrt(samples));
  }

  @Test
  void aParameterOutOfRangeIsRefused() {
    DiscreteGaussian gaussian = new DiscreteGaussian(new Random(3));
    assertThrows(IllegalArgumentException.class, () -> gaussian.sampleVariableTime(0));
    assertThrows(IllegalArgumentException.class, () -> gaussian.sampleVariableTime((1L << 31) + 1));
  }
}
