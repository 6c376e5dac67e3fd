// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.compiler.LayerRange;
import dev.tacet.compiler.Simulator;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * A compiled program run in the clear on every row.
 *
 * @param outputs what the program gives, postprocessed
 * @param clearOutputs what onnxruntime gives
 * @param comparison of both
 * @param clamped rows with a feature moved to its bound
 * @param failed rows whose answer the client would refuse, so that there is none
 * @param refusedBy for each guard that is the first beyond its bound, or else the values, of how many of these rows
 * @param layers what the rows drive each function's input to
 * @param seconds that the program took for all rows, on all cores; onnxruntime is not in them
 */
public record Simulation(
    OutputTable outputs, OutputTable clearOutputs, Comparison comparison, List<Integer> clamped, List<Integer> failed,
    Map<String, Integer> refusedBy, List<LayerRange> layers, double seconds) {
  private static final int SPREAD_CHUNK = 16;

  /**
   * Runs every row.
   *
   * @param samples the rows that the program was compiled for; may be empty
   * @param noise whether noise of the size of encryption and the engine's arithmetic is added
   */
  public static Simulation run(ModelArtifact artifact, Rows rows, List<double[]> samples, ClearModel clearModel, boolean noise,
      LongConsumer step) {
    Signature signature = artifact.signature();
    ClampedRows inside = ClampedRows.of(signature, rows);
    OutputTable clear = clearModel.run(rows.values());
    boolean batches = signature.packing() == RowPacking.THROUGHPUT;
    int together = batches ? Math.min(Simulator.MAX_CHUNK, signature.rowsPerRequest(artifact.parameters())) : SPREAD_CHUNK;
    Simulator simulator = Simulator.of(artifact, noise, 1);
    AtomicLong done = new AtomicLong();
    long start = System.nanoTime();
    List<Simulator.Chunk> chunks = IntStream.range(0, (rows.count() + together - 1) / together).parallel().mapToObj(c -> {
      int end = Math.min(rows.count(), (c + 1) * together);
      Simulator.Chunk chunk = simulator.run((long) c * together, Arrays.copyOfRange(inside.values(), c * together, end));
      step.accept(done.addAndGet(end - c * together));
      return chunk;
    }).toList();
    double seconds = (System.nanoTime() - start) / 1e9;
    OutputTable outputs = new OutputTable();
    boolean[] undecided = new boolean[rows.count()];
    Map<String, LayerRange> layers = new LinkedHashMap<>();
    Map<String, double[]> errorBounds = simulator.errorBounds();
    List<Integer> failed = new ArrayList<>();
    Map<String, Integer> refusedBy = new LinkedHashMap<>();
    for (Simulator.Chunk chunk : chunks) {
      for (int r = 0; r < chunk.values().size(); r++) {
        int row = outputs.rows();
        if (chunk.unanswered().contains(r)) {
          failed.add(row);
          CipherOutput beyond = chunk.refused().get(r);
          refusedBy.merge(beyond.kind().guards() ? beyond.name() : "bound of the answer", 1, Integer::sum);
          outputs.add(Answers.none(clear.row(row)));
        } else {
          Postprocessing.Result result = signature.tail().runMeasured(chunk.values().get(r), errorBounds);
          outputs.add(Answers.row(result.outputs()));
          undecided[row] = !result.undecided().isEmpty();
        }
      }
      chunk.ranges().forEach(range -> layers.merge(range.layer(), range, LayerRange::and));
    }
    Comparison comparison =
        Comparison.of(outputs, inside.clear(clearModel, clear), clearModel.runSamples(samples), undecided, Comparison.kindOf(signature));
    return new Simulation(outputs, clear, comparison, inside.moved(), failed, refusedBy, new ArrayList<>(layers.values()), seconds);
  }

  /** How the rows missed the target, as {@link Trial#miss} says it. */
  public Optional<String> miss() {
    return comparison.meetsTarget() ? Optional.empty() : Optional.of(comparison.miss(failed.size()));
  }

  /** Rows over the program's time. */
  public double rowsPerSecond() {
    return outputs.rows() / seconds;
  }

  /** How good the program's answers are by what is true of each row: share of right classes, or R². */
  public double accuracy(double[] truths) {
    boolean[] undecided = new boolean[outputs.rows()];
    comparison.undecided().forEach(r -> undecided[r] = true);
    return Accuracy.of(outputs, truths, comparison.kind(), undecided);
  }

  /** The same of onnxruntime's answers. */
  public double accuracyClear(double[] truths) {
    return Accuracy.of(clearOutputs, truths, comparison.kind(), new boolean[clearOutputs.rows()]);
  }
}
