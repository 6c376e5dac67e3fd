// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.compiler.internal.params.ProgramNoise;
import dev.tacet.compiler.internal.simulate.FunctionInputs;
import dev.tacet.compiler.internal.simulate.SampleInputs;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.InterleavedEvaluator;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * A compiled program, run in the clear on packed rows, with noise of the size that encryption and the engine's arithmetic make.
 * Immutable; chunks may be run side by side.
 */
public final class Simulator {
  /** The most rows that are spread over slots and run together. */
  private static final int TOGETHER = 16;

  /** The most rows of one chunk. */
  public static final int MAX_CHUNK = 512;

  private final ModelArtifact artifact;
  private final Signature signature;
  private final boolean noise;
  private final long seed;
  private final ProgramNoise spreadNoise;
  private final InterleavedEvaluator evaluator;
  private final List<FunctionInputs.Place> places;

  /** By ciphertext of the program's outputs, the largest period of what lies in it. */
  private final int[] periods;

  /** Where the first ciphertext of each output of the program stands among all of them. */
  private final int[] start;

  private Simulator(ModelArtifact artifact, boolean noise, long seed) {
    this.artifact = artifact;
    this.signature = artifact.signature();
    this.seed = seed;
    this.noise = noise;
    this.spreadNoise =
        new ProgramNoise(artifact.program(), ProgramNoise.Kind.MEANS, ProgramNoise.Encryption.SECRET_KEY, leastPeriod(), true, seed);
    this.evaluator = new InterleavedEvaluator(artifact.program());
    this.places = FunctionInputs.of(artifact.program(), signature);
    this.start = starts(signature);
    this.periods = new int[start[start.length - 1]];
    for (CipherOutput output : signature.cipherOutputs()) {
      int at = start[output.programOutput()];
      for (int i = at; i < at + signature.ciphertexts(output); i++) {
        periods[i] = Math.max(periods[i], output.period());
      }
    }
  }

  /** The least period that the noise of a row's ciphertexts is kept for. */
  private int leastPeriod() {
    int least = 1;
    for (SignatureInput input : signature.inputs()) {
      least = Math.max(least, input.copyShift() == 0 ? input.period() : artifact.parameters().slots());
    }
    return least;
  }

  /**
   * Prepares runs.
   *
   * @param noise whether noise is added; none is in the coefficient packing
   * @param seed of the noise
   */
  public static Simulator of(ModelArtifact artifact, boolean noise, long seed) {
    return new Simulator(artifact, noise, seed);
  }

  /**
   * What some rows gave.
   *
   * @param values for each row, decrypted values by output name, before the client's own steps; of a row without an answer they mean nothing, or
   *     there are none
   * @param refused rows, from the chunk's first as 0, whose answer the client would refuse, and the output that is beyond its bound, a value
   *     or a guard
   * @param ranges of the inputs of each function of the program
   */
  public record Chunk(List<Map<String, double[]>> values, Map<Integer, CipherOutput> refused, List<LayerRange> ranges) {
    /** Returns the rows that {@link #refused} has. */
    public Set<Integer> unanswered() {
      return refused.keySet();
    }
  }

  /**
   * Runs rows within the bounds of their features.
   *
   * @param first the number of the first row; groups of 16 from it on get noise by their first row's number
   * @param rows at most {@link #MAX_CHUNK}
   */
  public Chunk run(long first, double[][] rows) {
    if (rows.length > MAX_CHUNK) {
      throw new IllegalArgumentException(rows.length + " rows in a chunk, at most " + MAX_CHUNK);
    }
    FunctionInputs inputs = new FunctionInputs(places);
    List<Map<String, double[]>> values = new ArrayList<>();
    Map<Integer, CipherOutput> refused = new TreeMap<>();
    if (signature.packing() == RowPacking.THROUGHPUT) {
      int period = Integer.highestOneBit(Math.max(1, 2 * rows.length - 1));
      ReferenceEvaluator.Disturbance disturbance = noise
          ? new ProgramNoise(artifact.program(), ProgramNoise.Kind.SLOTS, ProgramNoise.Encryption.SECRET_KEY, period, true, seed + first) : null;
      List<double[]> slots = ReferenceEvaluator.run(artifact.program(), columns(rows, period), inputs.observer(rows.length), disturbance);
      for (int r = 0; r < rows.length; r++) {
        values.add(values(slots, r));
        refuse(refused, r, beyond(slots, r));
      }
      inputs.endOfRows();
    } else if (signature.packing() == RowPacking.COEFFICIENT) {
      for (int r = 0; r < rows.length; r++) {
        Optional<Map<String, double[]>> answer = inCoefficients(rows[r]);
        values.add(answer.orElse(Map.of()));
        refuse(refused, r, answer.isEmpty() ? signature.cipherOutputs().get(0) : null);
      }
    } else {
      for (int r = 0; r < rows.length; r += TOGETHER) {
        for (List<double[]> slots : spread(Arrays.copyOfRange(rows, r, Math.min(rows.length, r + TOGETHER)), seed + first + r, inputs)) {
          refuse(refused, values.size(), beyond(slots, 0));
          values.add(values(slots, 0));
        }
        inputs.endOfRows();
      }
    }
    return new Chunk(values, refused, inputs.ranges());
  }

  /** The decrypted values of one row that lies in coefficients, without noise; nothing if one is beyond its bound. */
  private Optional<Map<String, double[]>> inCoefficients(double[] row) {
    CoefficientLayout layout = CoefficientLayout.of(signature, artifact.parameters());
    List<double[]> packed = new ArrayList<>();
    int at = 0;
    for (SignatureInput input : signature.inputs()) {
      packed.addAll(layout.pack(input, Arrays.copyOfRange(row, at, at + input.features())));
      at += input.features();
    }
    signature.modelPrivacy().ifPresent(privacy -> packed.add(new double[1]));
    List<double[]> outputs = ReferenceEvaluator.run(artifact.program(), packed);
    Map<String, double[]> values = new LinkedHashMap<>();
    try {
      for (CipherOutput output : signature.cipherOutputs()) {
        if (output.kind() == CipherOutput.Kind.VALUE) {
          values.put(output.name(), layout.unpack(output, outputs, new double[outputs.size()]));
        }
      }
    } catch (AnswerCheckException e) {
      return Optional.empty();
    }
    return Optional.of(values);
  }

  /** For each of some rows that are spread over the slots, the slots of the program's outputs; the noise is that of the mean of their copies. */
  private List<List<double[]>> spread(double[][] rows, long noiseSeed, FunctionInputs inputs) {
    int lanes = Integer.highestOneBit(2 * rows.length - 1); // those beyond the rows hold them again
    List<List<double[]>> each = new ArrayList<>();
    for (double[] row : rows) {
      each.add(SampleInputs.of(artifact.program(), signature.inputs(), row));
    }
    List<double[]> packed = new ArrayList<>();
    for (int input = 0; input < each.get(0).size(); input++) {
      double[] together = new double[each.get(0).get(input).length * lanes];
      for (int lane = 0; lane < lanes; lane++) {
        double[] one = each.get(lane % rows.length).get(input);
        for (int slot = 0; slot < one.length; slot++) {
          together[slot * lanes + lane] = one[slot];
        }
      }
      packed.add(together);
    }
    List<double[]> outputs = evaluator.ofRows(lanes).periods(
        packed, inputs.observer(lanes, rows.length), noise ? spreadNoise.again(lanes, noiseSeed) : null);
    double[][][] apart = new double[outputs.size()][][];
    Arrays.setAll(apart, o -> apart(outputs.get(o), lanes, periods[o]));
    return IntStream.range(0, rows.length).mapToObj(r -> Arrays.stream(apart).map(lane -> lane[r]).toList()).toList();
  }

  /** Each row's slots, at least one period of what they hold. */
  private static double[][] apart(double[] interleaved, int lanes, int period) {
    double[][] rows = new double[lanes][Math.max(interleaved.length / lanes, period)];
    for (int slot = 0; slot < rows[0].length; slot++) {
      int from = slot * lanes & (interleaved.length - 1);
      for (int lane = 0; lane < lanes; lane++) {
        rows[lane][slot] = interleaved[from + lane];
      }
    }
    return rows;
  }

  /** One period of each element's slots, a row a slot. */
  private List<double[]> columns(double[][] rows, int period) {
    List<double[]> columns = new ArrayList<>();
    int at = 0;
    for (SignatureInput input : signature.inputs()) {
      double[] center = input.center();
      double[] halfWidth = input.halfWidth();
      for (int f = 0; f < input.features(); f++) {
        double[] column = new double[period];
        for (int r = 0; r < rows.length; r++) {
          column[r] = (rows[r][at + f] - center[f]) / halfWidth[f];
        }
        columns.add(column);
      }
      at += input.features();
    }
    return columns;
  }

  private static int[] starts(Signature signature) {
    int[] start = new int[signature.cipherOutputs().size() + 1];
    for (CipherOutput output : signature.cipherOutputs()) {
      start[output.programOutput() + 1] += signature.ciphertexts(output);
    }
    Arrays.parallelPrefix(start, Integer::sum);
    return start;
  }

  private static void refuse(Map<Integer, CipherOutput> refused, int row, CipherOutput beyond) {
    if (beyond != null) {
      refused.put(row, beyond);
    }
  }

  /** A guard of a row that is beyond the bound that the client checks, as {@link CipherOutput#unpack} does, else such a value; null for none. */
  private CipherOutput beyond(List<double[]> slots, int slot) {
    CipherOutput value = null;
    for (CipherOutput output : signature.cipherOutputs()) {
      if (!isWithin(output, slots, slot)) {
        if (output.kind().guards()) {
          return output;
        }
        value = output;
      }
    }
    return value;
  }

  private boolean isWithin(CipherOutput output, List<double[]> slots, int slot) {
    int at = start[output.programOutput()];
    double limit = output.limit();
    if (signature.packing() == RowPacking.THROUGHPUT) {
      for (int i = 0; i < output.count(); i++) {
        if (!(Math.abs(slots.get(at + i)[slot]) <= limit)) {
          return false;
        }
      }
      return true;
    }
    double[] part = output.slotsOf(slots.get(at), artifact.parameters().slots());
    int used = output.kind().guards() ? output.period() : output.count() * output.rows();
    for (int copy = 0; copy < part.length; copy += output.period()) {
      for (int j = copy; j < Math.min(copy + used, part.length); j += output.rows()) {
        if (!(Math.abs(part[j]) <= limit)) {
          return false;
        }
      }
    }
    return true;
  }

  private Map<String, double[]> values(List<double[]> slots, int slot) {
    boolean batches = signature.packing() == RowPacking.THROUGHPUT;
    Map<String, double[]> values = new LinkedHashMap<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        int at = start[output.programOutput()];
        double[] factor = output.factor();
        double[] offset = output.offset();
        double[] value = new double[output.count()];
        double[] part = batches ? null : output.slotsOf(slots.get(at), artifact.parameters().slots());
        for (int i = 0; i < value.length; i++) {
          value[i] = factor[i] * (batches ? slots.get(at + i)[slot] : meanOfCopies(part, i * output.rows(), output.period())) + offset[i];
        }
        values.put(output.name(), value);
      }
    }
    return values;
  }

  private static double meanOfCopies(double[] slots, int first, int period) {
    double sum = 0;
    for (int j = first; j < slots.length; j += period) {
      sum += slots[j];
    }
    return sum * period / slots.length;
  }

  /** Returns the bound of each decrypted value's error, by output name. */
  public Map<String, double[]> errorBounds() {
    Map<String, double[]> errors = new LinkedHashMap<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        errors.put(output.name(), output.errorBounds());
      }
    }
    return errors;
  }
}
