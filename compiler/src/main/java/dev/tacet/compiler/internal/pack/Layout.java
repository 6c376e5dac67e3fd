// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;

/**
 * Latency packing: every vector lies in the first slots of a period, a power of two, that repeats over all slots.
 *
 * @param periods the period of each node
 * @param outputPeriod the period of the output, larger than its size so that at least one slot is a structural zero
 * @param babySteps the number of baby steps of every linear transform: one for all, so that layers share rotations
 */
public record Layout(int[] periods, int outputPeriod, int babySteps) {
  /** Chooses the periods of a network. */
  public static Layout of(Network network) {
    int[] periods = new int[network.nodes().size()];
    for (Node node : network.nodes()) {
      periods[node.id()] = powerOfTwo(node.size());
    }
    int outputPeriod = powerOfTwo(network.output().size() + 1);
    int diagonals = 1;
    for (Node node : network.nodes()) {
      for (dev.tacet.compiler.internal.ir.LinearForm form : node.arguments()) {
        diagonals = Math.max(diagonals, widest(form, periods, periods[node.id()]));
      }
    }
    diagonals = Math.max(diagonals, widest(network.output(), periods, outputPeriod));
    int log = 31 - Integer.numberOfLeadingZeros(diagonals);
    return new Layout(periods, outputPeriod, 1 << ((log + 1) / 2));
  }

  private static int widest(dev.tacet.compiler.internal.ir.LinearForm form, int[] periods, int outPeriod) {
    int result = 1;
    for (int node : form.terms().keySet()) {
      if (!form.terms().get(node).isDiagonal() || periods[node] != outPeriod) {
        result = Math.max(result, Math.min(periods[node], outPeriod));
      }
    }
    return result;
  }

  /** Returns the largest period, which must not exceed the slots. */
  public int largestPeriod() {
    int result = outputPeriod;
    for (int period : periods) {
      result = Math.max(result, period);
    }
    return result;
  }

  private static int powerOfTwo(int size) {
    return Integer.highestOneBit(Math.max(1, 2 * size - 1));
  }
}
