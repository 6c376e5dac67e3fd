// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.pack;

import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Matrix;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The slot maps of feature maps [channels, height, width]: a pixel stays at the place of the pixels that it is computed from, so that
 * a convolution takes few diagonals. A stride leaves gaps between pixels, which take further channels (multiplexed packing: Lee et
 * al., eprint 2021/1688; with strides at one level: Ebel et al., eprint 2311.03470).
 */
final class GridLayouts {
  /** Slots that any ring that carries a few layers has. */
  private static final int USUAL_SLOTS = 1 << 12;

  /** Without padding an image shrinks as if by a larger stride: so much less is tried. */
  private static final int MAX_HIDDEN = 2;

  private final int room;
  private final Map<Integer, Grid> grids = new HashMap<>();
  private final Network network;

  /**
   * A pixel (y, x) of channel c lies at c mod copies images, and there at (y gapY + c' / gapX, x gapX + c' mod gapX) of an image of this
   * pitch, where c' = c / copies.
   */
  private record Grid(int image, int pitch, int gapY, int gapX, int copies) {
    SlotMap map(int[] shape) {
      int[] slots = new int[shape[0] * shape[1] * shape[2]];
      int at = 0;
      for (int c = 0; c < shape[0]; c++) {
        int cell = c / copies;
        for (int y = 0; y < shape[1]; y++) {
          for (int x = 0; x < shape[2]; x++) {
            slots[at++] = c % copies * image + (y * gapY + cell / gapX) * pitch + x * gapX + cell % gapX;
          }
        }
      }
      return new SlotMap(image * copies, slots);
    }

    /** Whether the channels fit into the gaps and the pixels into the image. */
    boolean holds(int[] shape) {
      int cells = (shape[0] + copies - 1) / copies;
      return cells <= gapY * gapX && shape[2] * gapX <= pitch && shape[1] * gapY * pitch <= image;
    }
  }

  GridLayouts(Network network, int largestNaturalPeriod) {
    this.network = network;
    this.room = Math.max(USUAL_SLOTS, largestNaturalPeriod);
  }

  /**
   * Chooses the map of a node.
   *
   * @param maps those of the nodes before it
   */
  SlotMap choose(Node node, SlotMap[] maps) {
    int[] shape = image(node.shape());
    SlotMap natural = SlotMap.natural(node.size());
    if (node instanceof Node.Input) {
      if (shape != null) {
        grids.put(node.id(), new Grid(SlotMap.natural(shape[1] * shape[2]).period(), shape[2], 1, 1, 1));
      }
      return natural;
    }
    if (shape == null) {
      return natural;
    }
    SlotMap best = natural;
    long fewest = diagonals(node, maps, natural);
    Grid chosen = null;
    for (LinearForm form : node.arguments()) {
      for (int source : form.terms().keySet()) {
        Grid grid = grids.get(source);
        int[] from = image(network.nodes().get(source).shape());
        for (int[] stride : grid == null ? new int[0][] : strides(from, shape)) {
          for (int copies = 1; copies * grid.image <= room; copies *= 2) {
            Grid candidate = new Grid(grid.image, grid.pitch, grid.gapY * stride[0], grid.gapX * stride[1], copies);
            if (!candidate.holds(shape)) {
              continue;
            }
            SlotMap map = candidate.map(shape);
            long count = diagonals(node, maps, map);
            if (count < fewest) {
              best = map;
              fewest = count;
              chosen = candidate;
            }
          }
        }
      }
    }
    if (chosen != null) {
      grids.put(node.id(), chosen);
    }
    return best;
  }

  /** [channels, height, width] of a shape; null for vectors. */
  private static int[] image(int[] shape) {
    return switch (shape.length) {
      case 2 -> new int[] {shape[0], 1, shape[1]};
      case 3 -> shape;
      default -> null;
    };
  }

  /** The strides from one image to another that may have been taken, of rows and columns: padding or its lack hides the true ones. */
  private static int[][] strides(int[] from, int[] to) {
    int y = Math.max(1, Math.round((float) from[1] / to[1]));
    int x = Math.max(1, Math.round((float) from[2] / to[2]));
    Set<List<Integer>> all = new LinkedHashSet<>(List.of(List.of(y, x)));
    for (int less = 1; less <= MAX_HIDDEN; less++) {
      all.add(List.of(Math.max(1, y - less), Math.max(1, x - less)));
    }
    return all.stream().map(pair -> new int[] {pair.get(0), pair.get(1)}).toArray(int[][]::new);
  }

  /** The diagonals of all forms that a node reads, where it lies so. */
  private static long diagonals(Node node, SlotMap[] maps, SlotMap out) {
    long count = 0;
    for (LinearForm form : node.arguments()) {
      for (Map.Entry<Integer, Matrix> term : form.terms().entrySet()) {
        SlotMap in = maps[term.getKey()];
        int least = Math.min(in.period(), out.period());
        boolean[] shifts = new boolean[least];
        term.getValue().forEach((row, column, value) -> shifts[in.slot(column) - out.slot(row) & least - 1] = true);
        for (boolean found : shifts) {
          count += found ? 1 : 0;
        }
      }
    }
    return count;
  }
}
