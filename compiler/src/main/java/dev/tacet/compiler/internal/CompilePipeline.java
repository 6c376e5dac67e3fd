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
import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.fit.ActivationFitter;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.lower.ScoreChoices;
import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.pack.Layout;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.compiler.internal.params.Selection;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Sharing;
import dev.tacet.he.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Runs the passes: import, lower, calibrate, fit, pack, place levels, select parameters, emit, report. */
public final class CompilePipeline {
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
    PlanSearch search = new PlanSearch(network, options, features, rows);
    Optional<PlanSearch.Found> found = search.run();
    if (found.isPresent()) {
      return result(graph, found.get(), rows);
    }
    refuseIf(Feasibility.answers(graph, network, rows.all()));
    throw new UncompilableModelException(List.of(new ModelProblem(name(), "model",
        "it needs " + search.needed() + " levels or more and periods of " + Layout.of(network).largestPeriod()
            + ", more than a ring of degree 2^" + options.maxLogRingDegree() + " has room for at "
            + options.security() + " and the precision asked for" + (options.sharing() == null ? "" : String.format(Locale.ROOT,
                ", of which flooding for %d shared results at %d statistical bits takes %.1f bits", options.sharing().results(),
                options.sharing().statisticalBits(), options.sharing().logFactor(network.output().size()))),
        "use fewer or narrower layers, activations of lower degree (squares), " + (options.sharing() == null ? "" : "fewer shared"
            + " results or statistical bits, ") + "or a looser accuracy")));
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

  private CompileResult result(OnnxGraph graph, PlanSearch.Found found, SampleRows rows) {
    Plan plan = found.plan();
    Selection selection = found.selection();
    Emission emission = selection.emission();
    Network network = plan.fitted().network();
    List<double[]> all = rows.all();
    AnswerMetric metric = metric(network, all, rows.data().size());
    double noise = emission.valueError() * NoiseModel.ANSWER_SAFETY;
    AnswerMetric.Score score = metric.score(plan.fitted(), noise);
    double errorBound = Math.max(ActivationFitter.ERROR_FACTOR * score.valueError() + noise, emission.checkError());
    List<CipherOutput> outputs = new ArrayList<>();
    for (CipherOutput output : emission.outputs()) {
      outputs.add(output.kind() == CipherOutput.Kind.VALUE ? withErrorBound(output, errorBound) : output);
    }
    Signature signature = new Signature(name(), selection.parameters().hashHex(), selection.parameters().security().bits(),
        emission.inputs(), outputs, AnswerMetric.withMarginBounds(network.tail(), score.marginBounds()), List.copyOf(emission.program().requiredKeys()),
        sharing(emission, noise));
    AnswerMetric.Score onData = metric(network, rows.data(), rows.data().size())
        .score(plan.fitted(), noise);
    CompileReport report = ReportBuilder.build(name(), options, plan, selection, onData, errorBound,
        ProgramTrial.run(emission, network, rows, metric), found.note(),
        signature);
    String provenance = ReportBuilder.provenance(source, graph, options);
    ModelArtifact artifact = new ModelArtifact(
        selection.parameters(), signature, emission.program(), provenance, report.toJson());
    return new CompileResult(artifact, report);
  }

  /** The reserve for shared results, with the noise of the VALUE output's means in slot units. */
  private Sharing sharing(Emission emission, double noise) {
    double largest = Arrays.stream(emission.outputs().get(0).factor()).map(Math::abs).max().orElse(1);
    return options.sharing() == null ? null : options.sharing().withNoise(noise / largest);
  }

  private static CipherOutput withErrorBound(CipherOutput o, double errorBound) {
    return new CipherOutput(o.kind(), o.programOutput(), o.name(), o.count(), o.period(), o.level(), o.scale(), o.factor(),
        o.offset(), o.bound(), o.slotError(), errorBound);
  }
}
