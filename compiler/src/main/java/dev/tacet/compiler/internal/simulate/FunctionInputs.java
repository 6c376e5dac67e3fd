// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.simulate;

import dev.tacet.compiler.LayerRange;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Instruction;
import dev.tacet.he.Op;
import dev.tacet.he.Program;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The inputs of a program's squares and polynomials, watched while rows are run. */
public final class FunctionInputs {
  /**
   * A function's input.
   *
   * @param id the instruction that makes it
   * @param layer the function's layer
   * @param bound the half width of its interval, in slots
   * @param slots where elements lie; null for every slot
   */
  public record Place(int id, String layer, double bound, BitSet slots) {}

  private final List<Place> places;
  private final Map<Integer, Integer> byId = new HashMap<>();
  private final double[] low;
  private final double[] high;
  private final int[] outside;
  private final BitSet[] rowsOutside;

  /** Starts with no row. */
  public FunctionInputs(List<Place> places) {
    this.places = places;
    low = new double[places.size()];
    high = new double[places.size()];
    outside = new int[places.size()];
    rowsOutside = new BitSet[places.size()];
    for (int p = 0; p < places.size(); p++) {
      low[p] = Double.POSITIVE_INFINITY;
      high[p] = Double.NEGATIVE_INFINITY;
      rowsOutside[p] = new BitSet();
      byId.put(places.get(p).id(), p);
    }
  }

  /** Finds the squares and polynomials of a program; a square's interval is the bound of its guard, where it has one. */
  public static List<Place> of(Program program, Signature signature) {
    Map<Integer, Double> guards = new HashMap<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      for (Instruction in : program.instructions()) {
        if (output.kind().guards() && in.op() == Op.OUTPUT && in.index() == output.programOutput()) {
          Instruction value = program.instructions().get(in.argument(0));
          boolean beside = output.kind() == CipherOutput.Kind.IMAGINARY_GUARD;
          guarded(program, value.op() == Op.COMPLEX ? value.argument(beside ? 1 : 0) : in.argument(0), output.bound(), guards);
        }
      }
    }
    List<Place> places = new ArrayList<>();
    Set<Integer> seen = new HashSet<>();
    for (Instruction in : program.instructions()) {
      boolean function = in.op() == Op.POLYNOMIAL || in.op() == Op.SQUARE;
      if (function && seen.add(in.argument(0))) {
        String layer = program.layers().get(in.layer());
        Double guard = guards.get(in.argument(0));
        if (in.op() == Op.POLYNOMIAL || guard != null) {
          BitSet slots = signature.packing() == RowPacking.THROUGHPUT ? null : written(program, in.argument(0));
          places.add(new Place(in.argument(0), layer, in.op() == Op.POLYNOMIAL ? 1 : guard, slots));
        }
      }
    }
    return places;
  }

  /** Adds the bounds of the values that a guard's value is made of, alone or each in its own slots. */
  private static void guarded(Program program, int id, double bound, Map<Integer, Double> guards) {
    Instruction in = program.instructions().get(id);
    switch (in.op()) {
      case ADD -> {
        guarded(program, in.argument(0), bound, guards);
        guarded(program, in.argument(1), bound, guards);
      }
      case RESCALE, DROP_LEVEL -> guarded(program, in.argument(0), bound, guards);
      case MULTIPLY_SCALAR -> guarded(program, in.argument(0), bound / in.scalar(), guards);
      case MULTIPLY_PLAIN -> {
        double[] mask = ((Constant.Vector) program.constants().get(in.constant())).values();
        guarded(program, in.argument(0), bound / Arrays.stream(mask).max().orElse(1), guards);
      }
      default -> { }
    }
    guards.put(id, bound);
  }

  /** The slots that the linear maps before a value write; null for every slot. */
  private static BitSet written(Program program, int id) {
    Instruction in = program.instructions().get(id);
    BitSet slots = new BitSet();
    switch (in.op()) {
      case ADD, SUB -> {
        BitSet left = written(program, in.argument(0));
        BitSet right = written(program, in.argument(1));
        if (left == null || right == null) {
          return null;
        }
        slots.or(left);
        slots.or(right);
      }
      case RESCALE, ADD_PLAIN, DROP_LEVEL, RELINEARIZE -> {
        return written(program, in.argument(0));
      }
      case ROTATE_SUM, ROTATE_MEAN -> {
        BitSet before = written(program, in.argument(0));
        if (before == null) {
          return null;
        }
        before.stream().forEach(slot -> slots.set(slot % in.steps()));  // the sum repeats with the step
      }
      case MULTIPLY_PLAIN -> {
        double[] values = ((Constant.Vector) program.constants().get(in.constant())).values();
        for (int i = 0; i < values.length; i++) {
          slots.set(i, values[i] != 0);
        }
      }
      case LINEAR_TRANSFORM -> {
        if (!(program.constants().get(in.constant()) instanceof Diagonals diagonals)) {
          return null;
        }
        for (Diagonals.Term term : diagonals.terms()) {
          for (int slot : term.slots()) {
            slots.set(slot);
          }
        }
      }
      default -> {
        return null;
      }
    }
    return slots;
  }

  /**
   * Returns an observer of one run.
   *
   * @param rows of the run, one a slot where it is not 1
   */
  public ReferenceEvaluator.Observer observer(int rows) {
    return (id, period) -> {
      Integer place = byId.get(id);
      if (place != null) {
        see(place, period, rows);
      }
    };
  }

  /**
   * Returns an observer of one run of rows that are spread over slots.
   *
   * @param interleaved how many rows the run has
   * @param used how many of them count
   */
  public ReferenceEvaluator.Observer observer(int interleaved, int used) {
    return (id, values) -> {
      Integer place = byId.get(id);
      if (place != null) {
        seeInterleaved(place, values, interleaved, used);
      }
    };
  }

  private void seeInterleaved(int place, double[] values, int interleaved, int used) {
    Place at = places.get(place);
    for (int slot = 0; slot < values.length / interleaved; slot++) {
      if (at.slots() != null && !at.slots().get(slot)) {
        continue;
      }
      for (int r = 0; r < used; r++) {
        see(place, values[slot * interleaved + r] / at.bound(), r);
      }
    }
  }

  private void see(int place, double value, int row) {
    low[place] = Math.min(low[place], value);
    high[place] = Math.max(high[place], value);
    if (!(Math.abs(value) <= 1)) {
      rowsOutside[place].set(row);
    }
  }

  private void see(int place, double[] period, int rows) {
    Place at = places.get(place);
    int count = rows > 1 ? rows : period.length;
    for (int i = 0; i < count; i++) {
      if (at.slots() != null && !at.slots().get(i)) {
        continue;
      }
      see(place, period[i & (period.length - 1)] / at.bound(), rows > 1 ? i : 0);
    }
  }

  /** Ends a run: its rows are counted. */
  public void endOfRows() {
    for (int p = 0; p < outside.length; p++) {
      outside[p] += rowsOutside[p].cardinality();
      rowsOutside[p].clear();
    }
  }

  /** Returns what was seen. */
  public List<LayerRange> ranges() {
    List<LayerRange> ranges = new ArrayList<>();
    for (int p = 0; p < places.size(); p++) {
      ranges.add(new LayerRange(places.get(p).layer(), low[p], high[p], outside[p]));
    }
    return ranges;
  }
}
