// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.onnx.Shapes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Where the rows of an open batch are in each value. The graph is executed for one row, of which the batch has size 1 on whatever axis it is;
 * an operator that would mix several rows there is refused, since for one row it looks as if it did nothing. What could run for one row only
 * (a product over the axis of the rows with a constant of size 1) is not: then no two rows meet.
 */
final class OpenRows {
  private static final Set<String> JOINS = Set.of("Concat", "ai.onnx.ml.FeatureVectorizer");

  /** Operators of several tensors beside the element-wise ones of {@link BinaryOps#FUNCTIONS}. */
  private static final Set<String> SPREADS = Set.of("Where", "Mean", "Mod");

  /**
   * The place of the rows: they are the index of this axis divided by what is inside of them.
   *
   * @param outer how many elements of the axis stand around the rows: 1 but where axes were merged
   */
  private record Place(int axis, int outer) {}

  private final OnnxGraph graph;
  private final Map<String, Place> places = new HashMap<>();
  private final OpenShapes shapes = new OpenShapes();

  OpenRows(OnnxGraph graph) {
    this.graph = graph;
    for (OnnxGraph.Value input : graph.inputs()) {
      if (input.dimensions().size() > 1 && input.dimensions().get(0) < 0) {
        places.put(input.name(), new Place(0, 1));
      }
    }
  }

  /**
   * Checks a node before it runs.
   *
   * @param ofShape whether it takes numbers that come from the shape of a value, which is that of one row
   * @throws Refusal if it mixes rows
   */
  void require(OnnxNode node, List<Symbol> inputs, boolean ofShape) {
    for (int i = 0; i < (JOINS.contains(node.qualifiedType()) ? inputs.size() : Math.min(inputs.size(), 1)); i++) {
      Place place = places.get(node.inputs().get(i));
      if (place == null || inputs.get(i) == null) {
        continue;
      }
      int[] shape = inputs.get(i).shape();
      // Of the first axis the operators themselves say that it is the batch, except of parts that are whole for one row.
      boolean slices = node.opType().equals("Slice");
      if (mixes(node, inputs, shape.length, place) && (slices ? !ofShape : place.axis > 0 || shape[0] > 1)) {
        throw new Refusal("it works along axis " + place.axis + ", which counts the rows of the batch"
            + (place.axis > 0 ? ": a node before it moved them there" : shape[0] > 1 ? " with " + shape[0] + " elements of each" : ""),
            "use an axis of the features; if the model is meant for one row alone, declare its batch dimension as 1");
      }
    }
    requireSide(node, inputs);
  }

  /** Returns whether the rows are known to be on another axis than the first in each input that is not constant. */
  boolean areElsewhere(OnnxNode node, List<Symbol> inputs) {
    boolean elsewhere = true;
    for (int i = 0; i < inputs.size(); i++) {
      Place place = places.get(node.inputs().get(i));
      elsewhere &= inputs.get(i) == null || inputs.get(i) instanceof Symbol.Known || place != null && place.axis > 0;
    }
    return elsewhere;
  }

  private boolean mixes(OnnxNode node, List<Symbol> inputs, int rank, Place place) {
    String type = node.qualifiedType();
    int axis = place.axis;
    if (type.startsWith("Reduce")) {
      long[] axes = NodeAxes.numbers(node, inputs, "axes", 1);
      return axes == null || axes.length == 0 ? node.integer("noop_with_empty_axes", 0) == 0 : NodeAxes.contain(axes, axis, rank);
    }
    if (NodeAxes.ALONG_ONE.contains(type)) {
      boolean toTheEnd = type.endsWith("oftmax") && graph.opset("") < 13;
      int along = Shapes.axis(NodeAxes.along(node, graph.opset(node.domain())), rank);
      return toTheEnd ? axis >= along : axis == along;
    }
    return switch (type) {
      case "Slice" -> cuts(node, inputs, axis, rank);
      case "Pad" -> pads(node, inputs, axis, rank);
      case "Tile" -> {
        long[] repeats = NodeAxes.numbers(node, inputs, "repeats", 1);
        yield repeats != null && axis < repeats.length && repeats[axis] != 1;
      }
      case "Conv", "AveragePool", "GlobalAveragePool" -> axis > 1;
      case "DepthToSpace", "SpaceToDepth" -> axis > 0;
      default -> false;
    };
  }

  /**
   * Returns whether a slice may put one row beside others, as the first one alone does that is spread over all, or turn their order. One that
   * keeps more rows, though not all of a large batch, does neither: what is kept is each in its place.
   */
  private static boolean cuts(OnnxNode node, List<Symbol> inputs, int axis, int rank) {
    long[] starts = NodeAxes.numbers(node, inputs, "starts", 1);
    long[] ends = NodeAxes.numbers(node, inputs, "ends", 2);
    long[] axes = NodeAxes.numbers(node, inputs, "axes", 3);
    long[] steps = NodeAxes.numbers(node, inputs, "steps", 4);
    for (int i = 0; starts != null && ends != null && i < Math.min(starts.length, ends.length); i++) {
      int at = axes == null ? i : i < axes.length ? Shapes.axis(axes[i], rank) : -1;
      boolean whole = starts[i] == 0 && ends[i] > 1 && (steps == null || i < steps.length && steps[i] == 1);
      if (at == axis && !whole) {
        return true;
      }
    }
    return false;
  }

  private static boolean pads(OnnxNode node, List<Symbol> inputs, int axis, int rank) {
    long[] pads = NodeAxes.numbers(node, inputs, node.has("paddings") ? "paddings" : "pads", 1);
    long[] axes = NodeAxes.numbers(node, inputs, "", 3);
    int count = axes == null ? rank : axes.length;
    for (int i = 0; pads != null && pads.length == 2 * count && i < count; i++) {
      if ((axes == null ? i : Shapes.axis(axes[i], rank)) == axis && (pads[i] != 0 || pads[count + i] != 0)) {
        return true;
      }
    }
    return false;
  }

  /** Two values that an operator spreads over each other have their rows on the same axis, counted from the last. */
  private void requireSide(OnnxNode node, List<Symbol> inputs) {
    if (!BinaryOps.FUNCTIONS.containsKey(node.opType()) && !SPREADS.contains(node.opType())) {
      return;
    }
    int from = Integer.MIN_VALUE;
    for (int i = 0; i < inputs.size(); i++) {
      Place place = places.get(node.inputs().get(i));
      if (place == null || inputs.get(i) == null) {
        continue;
      }
      int fromEnd = inputs.get(i).shape().length - place.axis;
      if (from != Integer.MIN_VALUE && from != fromEnd) {
        throw new Refusal("its operands have the rows of the batch on different axes, so that every row would meet every other",
            "bring the batch to the first dimension of both; if the model is meant for one row alone, declare its batch dimension as 1");
      }
      from = fromEnd;
    }
  }

  /**
   * Notes where the rows are in what a node made.
   *
   * @param inputs before anything was changed for one row
   * @param run runs the node on other constants
   */
  void made(OnnxNode node, List<Symbol> inputs, List<Symbol> outputs, UnaryOperator<List<Symbol>> run) {
    Place first = node.inputs().isEmpty() ? null : places.get(node.inputs().get(0));
    shapes.made(node, inputs, first == null ? -1 : first.axis, run);
    for (int i = 0; i < inputs.size(); i++) {
      Place place = places.get(node.inputs().get(i));
      if (place == null || inputs.get(i) == null) {
        continue;
      }
      for (int o = 0; o < Math.min(outputs.size(), node.outputs().size()); o++) {
        Symbol output = outputs.get(o);
        Place next = output instanceof Symbol.Known || output instanceof Symbol.Failed ? null
            : moved(node, inputs, i, inputs.get(i).shape(), place, output.shape());
        if (next != null && next.axis >= 0 && next.axis < output.shape().length) {
          places.put(node.outputs().get(o), next);
        }
      }
      return;
    }
  }

  /** Returns where the rows go, or null where only one row could go on. */
  private Place moved(OnnxNode node, List<Symbol> inputs, int input, int[] shape, Place place, int[] result) {
    int axis = place.axis;
    int rank = shape.length;
    switch (node.qualifiedType()) {
      case "Transpose" -> {
        long[] order = node.integers("perm");
        for (int i = 0; i < rank; i++) {
          if ((order == null ? rank - 1 - i : Shapes.axis(order[i], rank)) == axis) {
            return new Place(i, place.outer);
          }
        }
        return null;
      }
      case "Unsqueeze" -> {
        long[] axes = NodeAxes.numbers(node, inputs, "axes", 1);
        for (int i = 0, from = 0; axes != null && i < result.length; i++) {
          if (!NodeAxes.contain(axes, i, result.length) && from++ == axis) {
            return new Place(i, place.outer);
          }
        }
        return null;
      }
      case "Squeeze" -> {
        long[] axes = NodeAxes.numbers(node, inputs, "axes", 1);
        return axes == null || NodeAxes.contain(axes, axis, rank) ? (axes == null && axis == 0 ? place : null)
            : new Place(axis - (int) Arrays.stream(axes).map(a -> Shapes.axis(a, rank)).distinct().filter(a -> a < axis).count(), place.outer);
      }
      case "Flatten" -> {
        int at = (int) node.integer("axis", 1);
        int split = at < 0 ? at + rank : at;
        return axis < split ? new Place(0, around(shape, 0, place)) : new Place(1, around(shape, split, place));
      }
      case "Conv" -> {
        return axis == 0 ? place : null;
      }
      case "Reshape" -> {
        return reshaped(node, inputs, shape, place, result);
      }
      case "Gather" -> {
        int at = Shapes.axis(node.integer("axis", 0), inputs.get(0).shape().length);
        return input == 1 ? new Place(at + axis, place.outer) : axis > at ? new Place(axis + result.length - rank, place.outer) : place;
      }
      case "MatMul" -> {
        boolean contracted = input == 0 ? axis == rank - 1 : axis == Math.max(rank - 2, 0);
        return contracted ? null : new Place(axis + result.length - rank, place.outer);
      }
      case "Gemm" -> {
        boolean turned = input == 0 && node.integer("transA", 0) != 0;
        return input != 0 ? place : axis == (turned ? 1 : 0) ? new Place(0, place.outer) : null;
      }
      default -> {
        boolean drops = result.length < rank && (node.opType().startsWith("Reduce") || node.opType().startsWith("Arg"));
        return drops ? reduced(node, inputs, place, rank) : new Place(axis + result.length - rank, place.outer);
      }
    }
  }

  private static Place reduced(OnnxNode node, List<Symbol> inputs, Place place, int rank) {
    long[] axes = node.opType().startsWith("Arg") ? new long[] {node.integer("axis", 0)} : NodeAxes.numbers(node, inputs, "axes", 1);
    return axes == null ? null
        : new Place(place.axis - (int) Arrays.stream(axes).map(a -> Shapes.axis(a, rank)).distinct().filter(a -> a < place.axis).count(), place.outer);
  }

  /**
   * Of a Reshape the rows go to the dimension that counts them, is kept, or is open; elements keep their order, so those around the rows must
   * fit.
   */
  private Place reshaped(OnnxNode node, List<Symbol> inputs, int[] shape, Place place, int[] result) {
    long[] target = NodeAxes.numbers(node, inputs, "shape", 1);
    int counted = target == null || node.inputs().size() < 2 ? -1 : shapes.placeOfRows(node.inputs().get(1), target);
    int around = around(shape, 0, place);
    int before = 1;
    for (int i = 0; target != null && i < result.length; i++) {
      boolean kept = target[i] == 0 && i == place.axis && node.integer("allowzero", 0) == 0;
      boolean open = target[i] == -1 && !(keeps(target, place.axis) && node.integer("allowzero", 0) == 0);
      boolean fits = around % before == 0 && result[i] % (around / before) == 0;
      if (counted >= 0 ? i == counted : kept || open) {
        if (!fits) {
          throw new Refusal("it makes " + Arrays.toString(target) + " of the shape " + Arrays.toString(shape) + ", in which axis " + place.axis
              + " counts the rows of the batch: several rows would be mixed",
              "keep the batch as the first dimension; if the model is meant for one row alone, declare its batch dimension as 1");
        }
        return new Place(i, around / before);
      }
      before *= Math.max(result[i], 1);
    }
    return null;
  }

  private static boolean keeps(long[] target, int axis) {
    return axis < target.length && target[axis] == 0;
  }

  /** The elements of the axes from one on that stand around the rows. */
  private static int around(int[] shape, int from, Place place) {
    int around = place.outer;
    for (int i = from; i < place.axis; i++) {
      around *= Math.max(shape[i], 1);
    }
    return around;
  }
}
