// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;

/**
 * Latency packing: every vector lies in a period, a power of two, that repeats over all slots.
 *
 * @param maps where the elements of each node lie
 * @param output the same of the output, whose period is larger than its size so that at least one slot is a structural zero
 */
public record Layout(SlotMap[] maps, SlotMap output) {
  /** Chooses the maps of a network. */
  public static Layout of(Network network) {
    SlotMap[] maps = new SlotMap[network.nodes().size()];
    int room = 1;
    for (Node node : network.nodes()) {
      room = Math.max(room, SlotMap.natural(node.size()).period());
    }
    GridLayouts grids = new GridLayouts(network, room);
    for (Node node : network.nodes()) {
      maps[node.id()] = grids.choose(node, maps);
    }
    int size = network.output().size();
    return new Layout(maps, SlotMap.natural(size, 2 * Integer.highestOneBit(size)));
  }

  /** Returns the largest period, which must not exceed the slots. */
  public int largestPeriod() {
    int result = output.period();
    for (SlotMap map : maps) {
      result = Math.max(result, map.period());
    }
    return result;
  }

  /**
   * Returns how far each copy of an input is rotated against the one before, so that the copies compute different columns of the one
   * matrix that reads it; 0 where the copies are alike.
   *
   * @param slots all slots
   */
  public int copyShift(Network network, Node.Input input, int slots) {
    int readers = 0;
    Matrix matrix = null;
    SlotMap out = null;
    for (Node node : network.nodes()) {
      for (LinearForm form : node.arguments()) {
        if (form.terms().containsKey(input.id())) {
          readers++;
          matrix = form.terms().get(input.id());
          out = maps[node.id()];
        }
      }
    }
    if (network.output().terms().containsKey(input.id())) {
      readers++;
      matrix = network.output().terms().get(input.id());
      out = output;
    }
    int copies = slots / maps[input.id()].period();
    if (readers != 1 || copies < 2 || out.period() > maps[input.id()].period()) {
      return 0;
    }
    int shift = Math.max(1, out.period() / copies);
    int alike = DiagonalMap.between(matrix, maps[input.id()], out).diagonals().size();
    return shift < out.period() && shift + 2 * Integer.numberOfTrailingZeros(copies) < alike ? shift : 0;
  }
}
