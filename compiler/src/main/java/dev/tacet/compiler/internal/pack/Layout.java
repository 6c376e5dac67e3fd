// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Latency packing: every vector lies in a period, a power of two, that repeats over all slots. It depends on the network alone, and
 * so do the diagonals between its slot maps, each of which is found once.
 */
public final class Layout {
  private final SlotMap[] maps;
  private final SlotMap output;
  private final Map<Matrix, Map<Place, DiagonalMap>> diagonals = new IdentityHashMap<>();

  /** What the diagonals of a matrix depend on beside it. */
  private record Place(SlotMap in, int copyShift, SlotMap out, int slots) {}

  private Layout(SlotMap[] maps, SlotMap output) {
    this.maps = maps;
    this.output = output;
  }

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

  /** Returns where the elements of a node lie. */
  public SlotMap map(int node) {
    return maps[node];
  }

  /** Returns the same of the output, whose period is larger than its size so that at least one slot is a structural zero. */
  public SlotMap output() {
    return output;
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
   * Returns the diagonals of a matrix of the network.
   *
   * @param copyShift how far each copy of the operand is rotated against the one before; 0 where they are alike
   * @param slots all slots
   */
  public DiagonalMap diagonals(Matrix matrix, SlotMap in, int copyShift, SlotMap out, int slots) {
    Place place = new Place(in, copyShift, out, copyShift == 0 ? 0 : slots);
    return diagonals.computeIfAbsent(matrix, key -> new HashMap<>()).computeIfAbsent(place, key -> copyShift == 0
        ? DiagonalMap.between(matrix, in, out) : DiagonalMap.fromShiftedCopies(matrix, in, copyShift, out, slots));
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
    int alike = diagonals(matrix, maps[input.id()], 0, out, slots).size();
    return shift < out.period() && shift + 2 * Integer.numberOfTrailingZeros(copies) < alike ? shift : 0;
  }
}
