// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.client.KeySetInfo;
import dev.tacet.client.Prediction;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.TacetClient;
import dev.tacet.client.Timings;
import dev.tacet.he.Instruction;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Program;
import dev.tacet.he.PublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.ToLongFunction;

/** Every row of a file encrypted, evaluated by a host, decrypted and compared with the clear model. */
public final class Trial {
  private final ModelArtifact artifact;
  private final RemoteModel model;
  private final KeySetInfo keys;
  private final OutputTable outputs = new OutputTable();
  private final List<Timings> timings = new ArrayList<>();
  private final List<Integer> clamped = new ArrayList<>();
  private final List<Integer> failed = new ArrayList<>();
  private boolean[] undecided;
  private OutputTable clear;
  private Comparison comparison;

  private Trial(ModelArtifact artifact, RemoteModel model, KeySetInfo keys) {
    this.artifact = artifact;
    this.model = model;
    this.keys = keys;
  }

  /** Fetches the model from the host, makes the keys and uploads them. */
  public static Trial prepare(TacetClient client, ModelArtifact artifact) {
    RemoteModel model = client.model(artifact.signature().model());
    return new Trial(artifact, model, model.prepare());
  }

  /**
   * Predicts every row, then compares.
   *
   * @param rows as many features each as the model takes
   * @param clearOutputs what onnxruntime computes for the same rows
   * @param compared what it computes for the rows as the client clamps them
   * @param samples clear outputs of other rows of the same kind; may be empty ({@link Comparison#of})
   * @param kind classifier or regressor
   * @param step hears how many rows are done
   */
  public Trial run(
      Rows rows, OutputTable clearOutputs, OutputTable compared, OutputTable samples, Comparison.Kind kind, LongConsumer step) {
    clear = clearOutputs;
    undecided = new boolean[rows.count()];
    List<Integer> moved = ClampedRows.of(artifact.signature(), rows).moved();
    for (int start = 0; start < rows.count(); start += model.rowsPerRequest()) {
      int end = Math.min(rows.count(), start + model.rowsPerRequest());
      RemoteModel.Batch batch = model.predictEach(Arrays.copyOfRange(rows.values(), start, end));
      batch.predictions().stream().filter(Objects::nonNull).findFirst().ifPresent(p -> timings.add(p.timings()));
      for (int r = start; r < end; r++) {
        take(r, batch.predictions().get(r - start), moved);
      }
      step.accept(end);
    }
    comparison = Comparison.of(outputs, compared, samples, undecided, kind);
    return this;
  }

  /** A row without an answer does not say what the client moved: {@code moved} does. */
  private void take(int row, Prediction prediction, List<Integer> moved) {
    if (prediction == null) {
      failed.add(row);
      outputs.add(Answers.none(clear.row(row)));
      if (moved.contains(row)) {
        clamped.add(row);
      }
      return;
    }
    outputs.add(Answers.row(prediction.outputs()));
    if (prediction.clamped()) {
      clamped.add(row);
    }
    undecided[row] = prediction.undecided();
  }

  /** Rows over the host's time for them, in the throughput packing; null in others. */
  private Double rowsPerSecond() {
    double seconds = timings.stream().mapToLong(Timings::serverNanos).sum() / 1e9;
    return model.rowsPerRequest() == 1 || seconds == 0 ? null : (outputs.rows() - failed.size()) / seconds;
  }

  /** All decrypted numbers, row after row, in one array; labels are left out. */
  public double[] numbers() {
    return outputs.outputs().values().stream()
        .filter(rows -> !Comparison.isLabel(rows.get(0)))
        .flatMap(List::stream)
        .flatMap(List::stream)
        .mapToDouble(value -> value == null ? Double.NaN : ((Number) value).doubleValue())
        .toArray();
  }

  /** The decrypted outputs. */
  public OutputTable outputs() {
    return outputs;
  }

  /** The clear outputs. */
  public OutputTable clearOutputs() {
    return clear;
  }

  /** The comparison. */
  public Comparison comparison() {
    return comparison;
  }

  /** How the rows missed the target, in one line; nothing if they met it; a row without an answer does not agree. */
  public Optional<String> miss() {
    return comparison.meetsTarget() ? Optional.empty() : Optional.of(comparison.miss(failed.size()));
  }

  /** The model as the client sees it. */
  public RemoteModel model() {
    return model;
  }

  /**
   * The report.
   *
   * @param compileMilliseconds what compiling took
   * @param truths what is true of each row, or null
   */
  public TrialReport report(double compileMilliseconds, double[] truths) {
    Comparison.Kind kind = comparison.kind();
    return new TrialReport(
        artifact.signature().model(),
        kind == Comparison.Kind.CLASSIFIER ? "classifier" : "regressor",
        outputs.rows(),
        truths == null ? null : Accuracy.of(clear, truths, kind, new boolean[outputs.rows()]),
        truths == null ? null : Accuracy.of(outputs, truths, kind, undecided),
        comparison.agreement(),
        comparison.finiteMaxError(),
        clamped,
        comparison.undecided(),
        failed,
        comparison.far(),
        TrialReport.ParameterReport.of(artifact),
        bytes(),
        artifact.signature().packing().name().toLowerCase(Locale.ROOT),
        model.rowsPerRequest(),
        rowsPerSecond(),
        new TrialReport.Milliseconds(
            Spread.once(compileMilliseconds),
            Spread.once(keys.generateNanos() / 1e6),
            Spread.once(keys.uploadNanos() / 1e6),
            spread(Timings::encryptNanos),
            spread(Timings::serverNanos),
            spread(Timings::decryptNanos)),
        layers(),
        outputs.outputs(),
        clear.outputs());
  }

  private TrialReport.Bytes bytes() {
    long publicKeyBytes;
    try (PublicKey key = model.publicKey()) {
      publicKeyBytes = key.toBytes().length;
    }
    return new TrialReport.Bytes(
        publicKeyBytes,
        keys.bytes(),
        timings.isEmpty() ? 0 : timings.get(0).inputBytes(),
        timings.isEmpty() ? 0 : timings.get(0).resultBytes());
  }

  private Spread spread(ToLongFunction<Timings> part) {
    return Spread.ofNanos(timings.stream().map(part::applyAsLong).toList());
  }

  private List<TrialReport.Layer> layers() {
    Map<String, Integer> levels = new LinkedHashMap<>();
    Program program = artifact.program();
    for (Instruction instruction : program.instructions()) {
      int level = instruction.type().level();
      for (int i = 0; i < instruction.argumentCount(); i++) {
        level = Math.max(level, program.instructions().get(instruction.argument(i)).type().level());
      }
      levels.merge(program.layers().get(instruction.layer()), level, Math::max);
    }
    List<TrialReport.Layer> layers = new ArrayList<>();
    levels.forEach(
        (name, level) ->
            layers.add(
                new TrialReport.Layer(
                    name,
                    level,
                    Spread.ofNanos(timings.stream().map(t -> t.layerNanos().getOrDefault(name, 0L)).toList()).median())));
    return layers;
  }
}
