// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.simulate;

import dev.tacet.compiler.NoisePrediction;
import dev.tacet.compiler.internal.params.ProgramNoise;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Instruction;
import dev.tacet.he.Op;
import dev.tacet.he.Program;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RowPacking;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A program run on sample rows without noise and with it: what noise does to each layer's result and to the answers.
 *
 * @param layers root mean square of the noise in the slots of each layer's result, by the layer's name
 * @param answers the same of decrypted values
 */
public record NoiseTrial(Map<String, Double> layers, NoisePrediction answers) {
  /** Rows that are spread over slots and run one by one; each has as many errors as slots. */
  private static final int SPREAD_ROWS = 6;

  private static final int BATCH_ROWS = 64;
  private static final int EVEN_COPIES = 8;
  private static final long SEED = 1;

  /**
   * Runs.
   *
   * @param rows sample rows within the features' bounds
   * @param slots where a layer's elements lie, by the layer's name; a layer that is missing has them in all slots
   */
  public static NoiseTrial run(Program program, List<SignatureInput> inputs, List<CipherOutput> outputs, RowPacking packing,
      List<double[]> rows, Map<String, int[]> slots) {
    return new Trial(program, inputs, outputs, slots).run(packing == RowPacking.THROUGHPUT, rows);
  }

  /** The state of a trial: squares of errors, by the instruction that ends a layer. */
  private static final class Trial {
    private final Program program;
    private final List<SignatureInput> inputs;
    private final CipherOutput value;
    private final int outputAt;
    private final Map<String, int[]> slots;
    private final Map<Integer, String> ends = new HashMap<>();
    private final Map<String, double[]> squares = new HashMap<>();
    private final double[] answers;
    private int answered;

    Trial(Program program, List<SignatureInput> inputs, List<CipherOutput> outputs, Map<String, int[]> slots) {
      this.program = program;
      this.inputs = inputs;
      this.value = outputs.get(0);
      this.slots = slots;
      int at = 0;
      for (int o = 0; o < value.programOutput(); o++) {
        at += program.outputTypes().get(o).length();
      }
      outputAt = at;
      answers = new double[value.count()];
      Map<Integer, Integer> last = new HashMap<>();
      for (int id = 0; id < program.instructions().size(); id++) {
        Instruction in = program.instructions().get(id);
        if (in.op() != Op.OUTPUT && in.op() != Op.INPUT) {
          last.put(in.layer(), id);
        }
      }
      last.forEach((layer, id) -> ends.put(id, program.layers().get(layer)));
    }

    NoiseTrial run(boolean batches, List<double[]> rows) {
      double copies = (double) program.parameters().slots() / value.period();
      boolean even = !batches && copies >= EVEN_COPIES;
      if (batches) {
        List<double[]> some = rows.subList(0, Math.min(BATCH_ROWS, rows.size()));
        int period = Integer.highestOneBit(Math.max(1, 2 * some.size() - 1));
        compare(columns(some, period), period, ProgramNoise.Kind.ALL, some.size(), 1);
      } else {
        int count = Math.min(SPREAD_ROWS, rows.size());
        for (int k = 0; k < count; k++) {
          List<double[]> packed = packed(rows.get((int) ((long) k * rows.size() / count)));
          int period = packed.stream().mapToInt(slots -> slots.length).max().orElse(1);
          compare(packed, period, ProgramNoise.Kind.OF_COPIES, 1, copies);
          compare(packed, period, ProgramNoise.Kind.COMMON, 1, 1);
          answered--;  // two kinds of noise of one answer
        }
      }
      Map<String, Double> layers = new HashMap<>();
      squares.forEach((layer, sum) -> layers.put(layer, Math.sqrt(sum[0] / sum[1])));
      double largest = 0;
      double[] factor = value.factor();
      for (int i = 0; i < answers.length; i++) {
        largest = Math.max(largest, Math.abs(factor[i]) * Math.sqrt(answers[i] / Math.max(1, answered)));
      }
      return new NoiseTrial(layers, new NoisePrediction(largest, even));
    }

    /** Runs without noise and with it; errors in the answers are averages over copies. */
    private void compare(List<double[]> packed, int period, ProgramNoise.Kind kind, int rows, double copies) {
      Map<Integer, List<double[]>> exact = new HashMap<>();
      List<double[]> clear = ReferenceEvaluator.run(program, packed, (id, slots) -> {
        if (ends.containsKey(id)) {
          exact.computeIfAbsent(id, key -> new ArrayList<>()).add(slots);
        }
      });
      Map<Integer, Integer> seen = new HashMap<>();
      List<double[]> noisy = ReferenceEvaluator.run(program, packed, (id, slots) -> {
        if (ends.containsKey(id)) {
          int element = seen.merge(id, 1, Integer::sum) - 1;
          add(ends.get(id), exact.get(id).get(element), slots, rows, kind);
        }
      }, new ProgramNoise(program, kind, period, false, SEED + answered));
      boolean array = program.outputTypes().get(value.programOutput()).length() > 1;
      for (int i = 0; i < answers.length; i++) {
        for (int r = 0; r < rows; r++) {
          double error = array || rows > 1
              ? noisy.get(outputAt + i)[r] - clear.get(outputAt + i)[r] : noisy.get(outputAt)[i] - clear.get(outputAt)[i];
          answers[i] += error * error / copies;
        }
      }
      answered += rows;
    }

    /** Both kinds of noise of a row add up in the squares; slots are counted once. */
    private void add(String layer, double[] exact, double[] noisy, int rows, ProgramNoise.Kind kind) {
      double[] sum = squares.computeIfAbsent(layer, key -> new double[2]);
      int[] places = rows > 1 ? null : slots.get(layer);
      int count = rows > 1 ? rows : places == null ? noisy.length : places.length;
      for (int i = 0; i < count; i++) {
        int slot = places == null ? i : places[i];
        double error = noisy[slot & (noisy.length - 1)] - exact[slot & (exact.length - 1)];
        sum[0] += error * error;
      }
      sum[1] += kind == ProgramNoise.Kind.COMMON ? 0 : count;
    }

    private List<double[]> packed(double[] row) {
      List<double[]> packed = new ArrayList<>();
      int at = 0;
      for (SignatureInput input : inputs) {
        double[] all = input.pack(Arrays.copyOfRange(row, at, at + input.features()), program.parameters().slots());
        packed.add(input.copyShift() == 0 ? Arrays.copyOf(all, input.period()) : all);
        at += input.features();
      }
      return packed;
    }

    private List<double[]> columns(List<double[]> rows, int period) {
      List<double[]> columns = new ArrayList<>();
      int at = 0;
      for (SignatureInput input : inputs) {
        double[] center = input.center();
        double[] halfWidth = input.halfWidth();
        for (int f = 0; f < input.features(); f++) {
          double[] column = new double[period];
          for (int r = 0; r < rows.size(); r++) {
            column[r] = (rows.get(r)[at + f] - center[f]) / halfWidth[f];
          }
          columns.add(column);
        }
        at += input.features();
      }
      return columns;
    }
  }
}
