// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CompileReport;
import dev.tacet.compiler.CompileResult;
import dev.tacet.compiler.FeatureRange;
import dev.tacet.compiler.ModelDescription;
import dev.tacet.compiler.ModelProblem;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.calibrate.ValueBounds;
import dev.tacet.compiler.internal.emit.Costs;
import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.fit.ActivationFitter;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.compiler.internal.fit.FittedNetwork;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.lower.ScoreChoices;
import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.pack.Layout;
import dev.tacet.compiler.internal.pack.Levels;
import dev.tacet.compiler.internal.params.LeastDepth;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.compiler.internal.params.ParameterSelector;
import dev.tacet.compiler.internal.params.Selection;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Runs the passes: import, lower, calibrate, fit, pack, place levels, select parameters, emit, report. */
public final class CompilePipeline {
  /** What noise may do to an answer of a linear model, as a part of its range: it is the only error there. */
  private static final double LINEAR_NOISE = 1e-5;

  /** The part of the accuracy that the fits aim at over the rows on which they are chosen: other rows show a little more. */
  private static final double FIT_SHARE = 0.8;

  /** The part of the accuracy that noise may spend in other models; the rest is the fit's. */
  private static final double NOISE_SHARE = 0.02;

  /** The part of the fit's own error that noise may add. */
  private static final double NOISE_OF_FIT = 0.05;

  /** The part of the error that margins tolerate that noise may make. */
  private static final double NOISE_OF_MARGIN = 0.1;

  /** Less noise than this part of an output's range is never asked for. */
  private static final double LEAST_NOISE = 1e-6;

  /** Evaluation keys beyond this many bytes are not worth a higher degree. */
  private static final long MAX_KEY_BYTES = 256L << 20;

  private final OnnxSource source;
  private final CompileOptions options;

  /** Prepares a compilation. */
  public CompilePipeline(OnnxSource source, CompileOptions options) {
    this.source = source;
    this.options = options;
  }

  /** Runs all passes. */
  public CompileResult run() {
    if (options.packing() != CompileOptions.Packing.LATENCY) {
      throw new UncompilableModelException(List.of(new ModelProblem(name(), "model",
          "throughput packing is not supported yet", "use --packing latency")));
    }
    OnnxGraph graph = OnnxReader.read(source);
    int columns = options.calibration().isEmpty() ? 0 : options.calibration().get(0).length;
    Network network = ScoreChoices.add(Lowering.lower(graph, columns), options.task(), graph.producer());
    refuseIf(Feasibility.depth(name(), network, options));
    List<FeatureRange> ranges = ranges(network);
    FeatureBounds features = FeatureBounds.of(network, options.calibration(), ranges);
    SampleRows rows = SampleRows.of(network, options.calibration(), ranges);
    refuseIf(Feasibility.answers(graph, network, rows.data()));
    AnswerMetric search = metric(network, ActivationFitter.searchRows(rows), rows.data().size());
    ActivationFitter fitter = new ActivationFitter(
        network, rows, search, options.maxDegree(), FIT_SHARE * options.accuracy(), options.margin());
    int needed = LeastDepth.of(network).levels();
    for (int levels = ParameterSelector.mostLevels(options.security(), options.maxLogRingDegree()); levels > 0; ) {
      Optional<FittedNetwork> fitted = fitter.within(levels);
      if (fitted.isEmpty()) {
        break;
      }
      Plan plan = plan(fitted.get(), features, rows);
      needed = plan.levels().total();
      Optional<Selection> selection = ParameterSelector.select(
          plan, options.security(), options.maxLogRingDegree(), noiseTarget(plan, search, fitter.errorOf(fitted.get())));
      if (selection.isPresent() && selection.get().precise()
          && Costs.keyBytes(selection.get().emission().program()) <= MAX_KEY_BYTES) {
        return result(graph, plan, rows, selection.get());
      }
      levels = needed - 1;
    }
    refuseIf(Feasibility.answers(graph, network, rows.all()));
    throw new UncompilableModelException(List.of(new ModelProblem(name(), "model",
        "it needs " + needed + " levels or more and periods of " + Layout.of(network).largestPeriod()
            + ", more than a ring of degree 2^" + options.maxLogRingDegree() + " has room for at "
            + options.security() + " and the precision asked for",
        "use fewer or narrower layers, activations of lower degree (squares), or a looser accuracy")));
  }

  private static void refuseIf(Optional<ModelProblem> problem) {
    if (problem.isPresent()) {
      throw new UncompilableModelException(List.of(problem.get()));
    }
  }

  private static AnswerMetric metric(Network network, List<double[]> rows, int dataRows) {
    return new AnswerMetric(network, rows, Math.min(dataRows, rows.size()));
  }

  private String name() {
    return options.model() != null ? options.model() : source.name();
  }

  /** Declared ranges, one per feature in the model's input order; empty if none are declared. */
  private List<FeatureRange> ranges(Network network) {
    List<FeatureRange> result = new ArrayList<>();
    if (options.ranges().isEmpty()) {
      return result;
    }
    for (Node.Input input : network.inputs()) {
      ModelDescription.InputRange found = null;
      for (ModelDescription.InputRange range : options.ranges()) {
        if (range.input().equals(input.name()) || options.ranges().size() == 1 && network.inputs().size() == 1) {
          found = range;
        }
      }
      if (found == null) {
        throw new IllegalArgumentException("ranges are declared for other inputs, but not for input " + input.name());
      }
      double[] low = found.lows(input.size());
      double[] high = found.highs(input.size());
      for (int i = 0; i < low.length; i++) {
        result.add(new FeatureRange(low[i], high[i]));
      }
    }
    return result;
  }

  private Plan plan(FittedNetwork fitted, FeatureBounds features, SampleRows rows) {
    Network network = fitted.network();
    int size = network.output().size();
    double[] low = new double[size];
    double[] high = new double[size];
    java.util.Arrays.fill(low, Double.POSITIVE_INFINITY);
    java.util.Arrays.fill(high, Double.NEGATIVE_INFINITY);
    for (double[] row : rows.all()) {
      double[] output = network.output().evaluate(network.evaluate(row));
      for (int i = 0; i < size; i++) {
        low[i] = Math.min(low[i], output[i]);
        high[i] = Math.max(high[i], output[i]);
      }
    }
    double[] center = new double[size];
    double[] reach = new double[size];
    for (int i = 0; i < size; i++) {
      center[i] = (low[i] + high[i]) / 2;
      reach[i] = Math.max((high[i] - low[i]) / 2, 1e-6 * (1 + Math.abs(center[i])));
    }
    return new Plan(fitted, features, ValueBounds.of(fitted, features), Layout.of(network), Levels.of(fitted), center,
        reach, options.guards());
  }

  /**
   * What noise may do to a decrypted value: a part of its range and, where a class is chosen, of the margins that rows have; where
   * the fit itself errs by more than it should, a part of that.
   */
  private double noiseTarget(Plan plan, AnswerMetric metric, double fitError) {
    double widest = java.util.Arrays.stream(plan.outputReach()).max().orElse(1);
    double share = plan.fitted().network().isLinear()
        ? Math.min(LINEAR_NOISE, options.accuracy())
        : NOISE_SHARE * options.accuracy();
    double ofMargins = Math.max(NOISE_OF_MARGIN * metric.tolerableError(), LEAST_NOISE * 2 * widest);
    return Math.max(Math.min(share * 2 * widest, ofMargins), NOISE_OF_FIT * fitError);
  }

  private CompileResult result(OnnxGraph graph, Plan plan, SampleRows rows, Selection selection) {
    Emission emission = selection.emission();
    Network network = plan.fitted().network();
    List<double[]> all = rows.all();
    AnswerMetric metric = metric(network, all, rows.data().size());
    double noise = emission.valueError() * NoiseModel.ANSWER_SAFETY;
    AnswerMetric.Score score = metric.score(plan.fitted()::output, noise);
    double errorBound = Math.max(ActivationFitter.ERROR_FACTOR * score.valueError() + noise, emission.checkError());
    List<CipherOutput> outputs = new ArrayList<>();
    for (CipherOutput output : emission.outputs()) {
      outputs.add(output.kind() == CipherOutput.Kind.VALUE ? withErrorBound(output, errorBound) : output);
    }
    Signature signature = new Signature(name(), selection.parameters().hashHex(), selection.parameters().security().bits(),
        emission.inputs(), outputs, AnswerMetric.withMarginBounds(network.tail(), score.marginBounds()), List.copyOf(emission.program().requiredKeys()));
    AnswerMetric.Score onData = metric(network, rows.data(), rows.data().size())
        .score(plan.fitted()::output, noise);
    CompileReport report = ReportBuilder.build(name(), options, plan, selection, onData, errorBound,
        ProgramTrial.run(emission, network, rows, metric));
    String provenance = ReportBuilder.provenance(source, graph, options);
    ModelArtifact artifact = new ModelArtifact(
        selection.parameters(), signature, emission.program(), provenance, report.toJson());
    return new CompileResult(artifact, report);
  }

  private static CipherOutput withErrorBound(CipherOutput o, double errorBound) {
    return new CipherOutput(o.kind(), o.programOutput(), o.name(), o.count(), o.period(), o.level(), o.scale(), o.factor(),
        o.offset(), o.bound(), o.slotError(), errorBound);
  }
}
