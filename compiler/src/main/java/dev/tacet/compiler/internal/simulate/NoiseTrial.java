// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.simulate;

import dev.tacet.compiler.NoisePrediction;
import dev.tacet.compiler.internal.params.ProgramNoise;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Instruction;
import dev.tacet.he.InterleavedEvaluator;
import dev.tacet.he.Op;
import dev.tacet.he.Program;
import dev.tacet.he.RowPacking;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A program run on sample rows without noise and with it: what noise does to each layer's result and to the answers.
 *
 * @param layers root mean square of the noise in the slots of each layer's result, by the layer's name
 * @param answers the same of decrypted values, which are means over copies where rows are spread over slots
 * @param slot the same of one slot of a decrypted value, in slot units; of the value with the largest one
 */
public record NoiseTrial(Map<String, Double> layers, NoisePrediction answers, double slot) {
  /** Rows that are spread over slots and run one by one; each has as many errors as slots. */
  public static final int SPREAD_ROWS = 6;

  private static final int BATCH_ROWS = 64;
  private static final long SEED = 1;

  /**
   * Runs.
   *
   * @param rows sample rows within the features' bounds
   * @param encryption of the rows
   * @param runs how many rows that are spread over slots are run, or how often some of them where there are fewer
   * @param slots the places where a layer's elements lie, by the layer's name; a layer that is missing has them in all
   */
  public static NoiseTrial run(Program program, List<SignatureInput> inputs, List<CipherOutput> outputs, RowPacking packing,
      List<double[]> rows, ProgramNoise.Encryption encryption, int runs, Map<String, int[]> slots) {
    return new Trial(program, inputs, outputs, encryption, slots).run(packing == RowPacking.THROUGHPUT, rows, runs);
  }

  /** The state of a trial: squares of errors, by the instruction that ends a layer. */
  private static final class Trial {
    private final Program program;
    private final InterleavedEvaluator evaluator;
    private final List<SignatureInput> inputs;
    private final CipherOutput value;
    private final ProgramNoise.Encryption encryption;
    private final int outputAt;
    private final Map<String, int[]> slots;
    private final Map<Integer, String> ends = new HashMap<>();
    private final Map<String, double[]> squares = new HashMap<>();
    private final double[] answers;
    private final double[] single;
    private int answered;
    private long noises;

    Trial(Program program, List<SignatureInput> inputs, List<CipherOutput> outputs, ProgramNoise.Encryption encryption,
        Map<String, int[]> slots) {
      this.program = program;
      this.evaluator = new InterleavedEvaluator(program);
      this.inputs = inputs;
      this.encryption = encryption;
      this.value = outputs.get(0);
      this.slots = slots;
      int at = 0;
      for (int o = 0; o < value.programOutput(); o++) {
        at += program.outputTypes().get(o).length();
      }
      outputAt = at;
      answers = new double[value.count()];
      single = new double[value.count()];
      Map<Integer, Integer> last = new HashMap<>();
      for (int id = 0; id < program.instructions().size(); id++) {
        Instruction in = program.instructions().get(id);
        if (in.op() != Op.OUTPUT && in.op() != Op.INPUT) {
          last.put(in.layer(), id);
        }
      }
      last.forEach((layer, id) -> ends.put(id, program.layers().get(layer)));
    }

    NoiseTrial run(boolean batches, List<double[]> rows, int runs) {
      boolean even = !batches && program.parameters().slots() / value.period() >= ProgramNoise.EVEN_COPIES;
      if (batches) {
        List<double[]> some = rows.subList(0, Math.min(BATCH_ROWS, rows.size()));
        int period = Integer.highestOneBit(Math.max(1, 2 * some.size() - 1));
        ofBatch(clear(columns(some, period)).errors(period, ProgramNoise.Kind.SLOTS, some.size()), some.size());
      } else {
        for (int k = 0; k < runs; k++) {
          List<double[]> packed = SampleInputs.of(program, inputs, rows.get((int) ((long) k * rows.size() / runs)));
          int period = packed.stream().mapToInt(slots -> slots.length).max().orElse(1);
          Clear clear = clear(packed);
          ofSlots(clear.errors(period, ProgramNoise.Kind.SLOTS, 1)[0]);
          ofMeans(clear.errors(period, ProgramNoise.Kind.MEANS, 1)[0]);
          answered++;
        }
      }
      Map<String, Double> layers = new HashMap<>();
      squares.forEach((layer, sum) -> layers.put(layer, Math.sqrt(sum[0] / sum[1])));
      double largest = 0;
      double slot = 0;
      double[] factor = value.factor();
      for (int i = 0; i < answers.length; i++) {
        largest = Math.max(largest, Math.abs(factor[i]) * Math.sqrt(answers[i] / Math.max(1, answered)));
        slot = Math.max(slot, Math.sqrt(single[i] / Math.max(1, answered)));
      }
      return new NoiseTrial(layers, new NoisePrediction(largest, even), slot);
    }

    private Clear clear(List<double[]> packed) {
      Map<Integer, List<double[]>> exact = new HashMap<>();
      List<double[]> outputs = evaluator.run(packed, (id, slots) -> {
        if (ends.containsKey(id)) {
          exact.computeIfAbsent(id, key -> new ArrayList<>()).add(slots);
        }
      }, null);
      return new Clear(packed, exact, outputs);
    }

    /** A run without noise: its inputs, the results of its layers, its outputs. */
    private final class Clear {
      private final List<double[]> packed;
      private final Map<Integer, List<double[]>> exact;
      private final List<double[]> outputs;

      Clear(List<double[]> packed, Map<Integer, List<double[]>> exact, List<double[]> outputs) {
        this.packed = packed;
        this.exact = exact;
        this.outputs = outputs;
      }

      /** Errors of the decrypted slots, by element, of a run with noise; layers count those of slots. */
      double[][] errors(int period, ProgramNoise.Kind kind, int rows) {
        Map<Integer, Integer> seen = new HashMap<>();
        List<double[]> noisy = evaluator.run(packed, (id, slots) -> {
          if (kind == ProgramNoise.Kind.SLOTS && ends.containsKey(id)) {
            int element = seen.merge(id, 1, Integer::sum) - 1;
            add(ends.get(id), exact.get(id).get(element), slots, rows);
          }
        }, new ProgramNoise(program, kind, encryption, period, false, SEED + noises++));
        double[][] errors = new double[program.outputTypes().get(value.programOutput()).length()][];
        for (int e = 0; e < errors.length; e++) {
          int all = program.parameters().slots();
          double[] clear = value.slotsOf(outputs.get(outputAt + e), all);
          errors[e] = value.slotsOf(noisy.get(outputAt + e), all).clone();
          for (int j = 0; j < errors[e].length; j++) {
            errors[e][j] -= clear[j];
          }
        }
        return errors;
      }
    }

    private void ofSlots(double[] errors) {
      int copies = errors.length / value.period();
      for (int i = 0; i < single.length; i++) {
        for (int j = i * value.rows(); j < errors.length; j += value.period()) {
          single[i] += errors[j] * errors[j] / copies;
        }
      }
    }

    private void ofMeans(double[] errors) {
      int copies = errors.length / value.period();
      for (int i = 0; i < answers.length; i++) {
        double mean = 0;
        for (int j = i * value.rows(); j < errors.length; j += value.period()) {
          mean += errors[j] / copies;
        }
        answers[i] += mean * mean;
      }
    }

    /** A row a slot. */
    private void ofBatch(double[][] errors, int rows) {
      for (int i = 0; i < answers.length; i++) {
        for (int r = 0; r < rows; r++) {
          double error = errors.length > 1 ? errors[i][r] : errors[0][r];
          answers[i] += error * error;
          single[i] += error * error;
        }
      }
      answered += rows;
    }

    private void add(String layer, double[] exact, double[] noisy, int rows) {
      double[] sum = squares.computeIfAbsent(layer, key -> new double[2]);
      int[] places = rows > 1 ? null : slots.get(layer);
      int count = rows > 1 ? rows : places == null ? noisy.length : places.length;
      for (int i = 0; i < count; i++) {
        int slot = places == null ? i : places[i] * value.rows();
        double error = noisy[slot & (noisy.length - 1)] - exact[slot & (exact.length - 1)];
        sum[0] += error * error;
      }
      sum[1] += count;
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
