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
import dev.tacet.compiler.internal.calibrate.Columns;
import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.calibrate.Outliers;
import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.emit.BatchEmission;
import dev.tacet.compiler.internal.emit.CoefficientEmission;
import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.fit.ActivationFitter;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.compiler.internal.fit.DefinedRows;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.lower.ScoreChoices;
import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.pack.Layout;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.compiler.internal.params.Selection;
import dev.tacet.compiler.internal.simulate.AnswerNoise;
import dev.tacet.he.Arrangement;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.KnownRows;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Sharing;
import dev.tacet.he.Signature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/** Runs the passes: import, lower, calibrate, fit, pack, place levels, select parameters, emit, report. */
public final class CompilePipeline {
  /** Intervals as close as the sample rows allow are worth the rows that leave them where they make answers better by this factor. */
  private static final double WORTH_CLOSE = 0.7;

  /**
   * Where bounds of margins leave a larger part of rows undecided than this, finer fits are looked for with a part of the accuracy: of
   * fresh rows it is often several times the part, since models know their sample rows.
   */
  private static final double SUFFICIENT_OPEN = 0.005;

  /** A larger part is told. */
  private static final double MUCH_OPEN = 0.01;

  private static final double FINER_ACCURACY = 0.1;

  /** They are worth a slower program if they bring that part to this much of it. */
  private static final double WORTH_FINER = 0.5;

  /** Multiplications of a row up to which several searches take seconds. */
  private static final long MOST_WORK_FOR_ROOM = 2_000_000;

  private final OnnxSource source;
  private CompileOptions options;

  /** Prepares a compilation. */
  public CompilePipeline(OnnxSource source, CompileOptions options) {
    this.source = source;
    this.options = options;
  }

  /** Runs all passes. */
  public CompileResult run() {
    OnnxGraph graph = OnnxReader.read(source);
    int columns = options.calibration().isEmpty() ? 0 : options.calibration().get(0).length;
    Network network = ScoreChoices.add(Lowering.lower(graph, columns), options.task(), graph.producer());
    options = Columns.ordered(network, options);
    refuseIf(Feasibility.privacy(name(), options));
    if (options.packing() == CompileOptions.Packing.THROUGHPUT) {
      refuseIf(Feasibility.batches(name(), network, options));
    }
    refuseIf(Feasibility.sideBySide(name(), network, options));
    boolean inCoefficients = options.packing() == CompileOptions.Packing.COEFFICIENT;
    if (inCoefficients) {
      refuseIf(Feasibility.coefficients(name(), network, options));
    }
    refuseIf(Feasibility.depth(name(), network, options));
    List<FeatureRange> ranges = ranges(network);
    FeatureBounds features = FeatureBounds.of(network, options.calibration(), ranges);
    SampleRows rows = DefinedRows.of(network, SampleRows.of(network, options.calibration(), ranges));
    refuseIf(Feasibility.answers(graph, network, rows.data()));
    PlanSearch search = new PlanSearch(network, options, features, rows);
    Optional<PlanSearch.Found> found = search.run();
    if (found.isPresent() && !rows.near() && rows.data().size() >= SampleRows.ENOUGH_FOR_NEAR && search.isShortOfDegree(found.get())) {
      SampleRows nearRows = DefinedRows.of(network, SampleRows.of(network, options.calibration(), ranges, true));
      Optional<PlanSearch.Found> near = new PlanSearch(network, options, features, nearRows).run();
      if (near.isPresent() && cost(near.get(), rows.data()) < WORTH_CLOSE * cost(found.get(), rows.data())) {
        return useful(network, outcome(graph, near.get(), nearRows).result);
      }
    }
    if (found.isPresent()) {
      Outcome outcome = outcome(graph, found.get(), rows);
      if (!outcome.reach.near() && outcome.margins.length > 0) {
        outcome = closer(graph, new PlanSearch(network, options, features, rows, true), rows, outcome);
      }
      boolean finest = network.activations().isEmpty()
          || outcome.result.artifact().parameters().logRingDegree() >= options.maxLogRingDegree();
      return useful(network, outcome.open <= SUFFICIENT_OPEN || finest ? outcome.result
          : finer(graph, new PlanSearch(network, options.withAccuracy(FINER_ACCURACY * options.accuracy()), features, rows), rows, outcome).result);
    }
    refuseIf(Feasibility.answers(graph, network, rows.all()));
    if (inCoefficients) {
      throw new UncompilableModelException(List.of(new ModelProblem(name(), "model",
          "no ring of degree up to 2^" + options.maxLogRingDegree() + " holds the map of " + network.features() + " features to "
              + network.output().size() + " values in coefficients at " + options.security() + " and the precision asked for"
              + (options.modelPrivacy() == null ? "" : ", flooding included"),
          options.modelPrivacy() == null ? "use --packing latency, or a looser accuracy"
              : "use fewer private answers or statistical bits, or a looser accuracy")));
    }
    refuseIf(Feasibility.keys(name(), options, search.leastKeyBytes()));
    throw new UncompilableModelException(List.of(new ModelProblem(name(), "model",
        "it needs " + search.needed() + " levels or more and periods of "
            + (long) options.rowsPerRequest() * Layout.of(network).largestPeriod()
            + (options.rowsPerRequest() == 1 ? "" : " slots for " + options.rowsPerRequest() + " rows side by side")
            + ", more than a ring of degree 2^" + options.maxLogRingDegree() + " has room for at "
            + options.security() + " and the precision asked for" + flooding(search, network, features, rows),
        "use " + (options.rowsPerRequest() == 1 ? "" : "fewer rows side by side, ")
            + "fewer or narrower layers, activations of lower degree (squares), "
            + (options.sharing() == null ? "" : "fewer shared results or statistical bits, ")
            + (options.modelPrivacy() == null ? "" : "fewer private answers or statistical bits, ") + "or a looser accuracy")));
  }

  /** What flooding takes of the precision, in words; nothing if there is none. */
  private String flooding(PlanSearch search, Network network, FeatureBounds features, SampleRows rows) {
    Sharing sharing = options.sharing();
    ModelPrivacy privacy = options.modelPrivacy();
    if (sharing == null && privacy == null) {
      return "";
    }
    String taken = String.format(Locale.ROOT, ", of which flooding for %d %s at %d statistical bits takes %.1f bits",
        sharing != null ? sharing.results() : privacy.answers(), sharing != null ? "shared results" : "answers that hide the model",
        sharing != null ? sharing.statisticalBits() : privacy.statisticalBits(), Math.log(search.floodingFactor()) / Math.log(2));
    return taken + (privacy == null || network.work() > MOST_WORK_FOR_ROOM ? "" : roomFor(fewer ->
        new PlanSearch(network, options.withModelPrivacy(new ModelPrivacy(fewer, privacy.statisticalBits(), privacy.floodBits())), features, rows)));
  }

  /**
   * For how many private answers there is room, the largest power of ten for which a search finds a program that meets the accuracy; in words.
   */
  private String roomFor(LongFunction<PlanSearch> ofAnswers) {
    int room = 0;
    int none = (int) Math.ceil(Math.log10(options.modelPrivacy().answers()));
    while (room + 1 < none) {
      int middle = (room + none) / 2;
      if (ofAnswers.apply((long) Math.pow(10, middle)).run()
          .filter(found -> found.score().isNotShownToMiss(options.accuracy(), ReportBuilder.MAX_OPEN)).isPresent()) {
        room = middle;
      } else {
        none = middle;
      }
    }
    return room == 0 ? "; there is not even room for 10 such answers within the accuracy asked for" : String.format(Locale.ROOT, "; there is room for %.0f such answers", Math.pow(10, room));
  }

  /** The largest error that is to be expected of {@link CompileReport#NUMBERS} decrypted values without noise, by those of the sample rows. */
  private static double fitError(List<double[]> computed, AnswerMetric exact) {
    return LargestError.of(IntStream.range(0, computed.size()).boxed().flatMapToDouble(r -> {
      double[] right = exact.exact(r);
      return IntStream.range(0, right.length).mapToDouble(i -> Math.abs(computed.get(r)[i] - right[i]));
    }).toArray(), CompileReport.NUMBERS);
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

  private double cost(PlanSearch.Found found, List<double[]> data) {
    return metric(found.plan().fitted().network(), data, data.size()).score(found.plan().fitted()).cost(options.accuracy());
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

  /**
   * A compiled model.
   *
   * @param margins the bounds of the choices' margins
   * @param open the part of rows like the sample rows that these are expected to leave undecided
   */
  private record Outcome(CompileResult result, Reach reach, double[] margins, double open) {
    private double widestMargin() {
      return Arrays.stream(margins).max().orElse(0);
    }
  }

  /** The result, if it gives at least every other sample row its class. */
  private CompileResult useful(Network network, CompileResult result) {
    refuseIf(Feasibility.decided(name(), network, options, result.report()));
    return result;
  }

  /** Another search's outcome where its choices are much closer for rows unlike the sample rows. */
  private Outcome closer(OnnxGraph graph, PlanSearch search, SampleRows rows, Outcome usual) {
    return search.run().map(found -> outcome(graph, found, rows))
        .filter(outcome -> outcome.widestMargin() < WORTH_CLOSE * usual.widestMargin()).orElse(usual);
  }

  /** Another search's outcome where it leaves far fewer rows undecided, which is worth a slower program where these are many. */
  private Outcome finer(OnnxGraph graph, PlanSearch search, SampleRows rows, Outcome usual) {
    return search.run().map(found -> outcome(graph, found, rows))
        .filter(outcome -> outcome.open <= WORTH_FINER * usual.open).orElse(usual);
  }

  private Outcome outcome(OnnxGraph graph, PlanSearch.Found found, SampleRows rows) {
    Plan plan = found.plan();
    Selection selection = found.selection();
    Emission emission = selection.emission();
    Network network = plan.fitted().network();
    List<double[]> all = rows.all();
    AnswerMetric metric = metric(network, all, rows.data().size());
    AnswerMetric dataMetric = metric(network, rows.data(), rows.data().size());
    List<String> notes = new ArrayList<>(found.note().isEmpty() ? List.of() : List.of(found.note()));
    if (rows.near() && !network.takesImages()) {
      notes.add("polynomials of degree " + options.maxDegree() + " are too coarse for the usual intervals: those of the functions are as close as the "
          + rows.data().size() + " sample rows allow, and a row that is less like them than one in a thousand may get no answer");
    }
    BatchTrial trial = found.batch() == null ? null : new BatchTrial(emission, all, rows.data().size());
    CoefficientEmission coefficients = found.coefficients();
    List<double[]> computed =
        coefficients != null ? coefficients.outputs(plan, all) : trial == null ? plan.fitted().outputs(all) : trial.outputs();
    double programError;
    if (coefficients != null) {
      programError = CoefficientTrial.run(coefficients, rows, metric);
    } else if (trial == null) {
      programError = ProgramTrial.run(emission, network, rows, metric);
    } else {
      programError = trial.largestDifference(network.output().evaluateAll(network.evaluateAll(rows.data())));
      notes.add(batchNote(found.batch()));
    }
    RowPacking packing = coefficients != null ? RowPacking.COEFFICIENT : trial == null ? RowPacking.LATENCY : RowPacking.THROUGHPUT;
    AnswerNoise answerNoise = AnswerNoise.of(emission, packing, rows.data());
    double noise = answerNoise.bound();
    AnswerMetric.Score score = metric.score(computed, emission.noiseOfElements(noise));
    double[] noises = emission.noiseOfElements(noise);
    CipherOutput value = emission.outputs().get(0).withSlotError(answerNoise.slotError());
    boolean eachCopy = packing == RowPacking.LATENCY && emission.privacy() == null;
    double copies = eachCopy ? (double) selection.parameters().slots() / value.period() : 1;
    double[] nearBounds = errorBounds(value, score.valueErrors(), noises, value.leastErrorBounds(copies));
    // Of the throughput packing, rounded weights make errors that grow with the row in linear models too.
    boolean alike = coefficients != null || trial == null && network.activations().isEmpty();
    Reach reach = alike ? Reach.everywhere(score) : Reach.of(plan, emission, rows, metric, score, nearBounds, noises,
        far -> trial == null ? plan.fitted().outputs(far) : new BatchTrial(emission, far, 0).outputs());
    double[] errorBounds = reach.errorBounds(nearBounds, noises);
    double[] marginBounds = reach.marginBounds(score);
    notes.addAll(reach.notes(marginBounds));
    double open = dataMetric.openWithin(marginBounds);
    if (open > MUCH_OPEN) {
      notes.add(String.format(Locale.ROOT, "about %.1f %% of rows like the sample rows are to be expected undecided, as a quarter of those"
          + " that lead by less than four times what a class has to; a smaller accuracy may have fewer", 100 * open));
    }
    List<CipherOutput> outputs = emission.outputs(reach.width());
    outputs.replaceAll(output -> output.kind().guards() && answerNoise.guardError() > output.slotError()
        ? output.withSlotError(answerNoise.guardError()) : output);
    if (!Arrays.stream(errorBounds).allMatch(Double::isFinite)) {
      throw new UncompilableModelException(List.of(new ModelProblem(name(), "model",
          "rows like the sample rows drive its values beyond what numbers hold",
          Outliers.note(plan.fitted().network(), options.calibration(), !options.ranges().isEmpty()).orElse("look for numbers in the sample rows that are too large"))));
    }
    outputs.set(0, value.withErrors(value.slotError(), errorBounds));
    Signature signature = new Signature(name(), selection.parameters().hashHex(), selection.parameters().security().bits(),
        emission.inputs(), outputs, AnswerMetric.withMarginBounds(network.tail(), marginBounds),
        List.copyOf(emission.program().requiredKeys()), switch (packing) {
          case LATENCY -> emission.privacy() == null ? Arrangement.latency(sharing(emission)) : Arrangement.latency(emission.privacy());
          case THROUGHPUT -> Arrangement.throughput(knownRows(trial, outputs));
          case COEFFICIENT -> Arrangement.coefficients(coefficients.blocks(), coefficients.privacy());
        }).withFeatureTable(Columns.table(graph, network, options));
    AnswerMetric.Score onData = dataMetric.score(computed.subList(0, rows.data().size()), emission.noiseOfElements(noise));
    CompileReport report = ReportBuilder.build(name(), options, plan, selection, onData, outputs.get(0).errorBound(),
        Math.max(programError, onData.valueError()), fitError(computed.subList(0, rows.data().size()), dataMetric), notes, signature, rows.data());
    String provenance = ReportBuilder.provenance(source, graph, options);
    ModelArtifact artifact = new ModelArtifact(
        selection.parameters(), signature, emission.program(), provenance, report.toJson());
    return new Outcome(new CompileResult(artifact, report), reach, marginBounds, open);
  }

  /**
   * The error bound of each value: noise, and what the sample rows show of the fits. A value's own rows are few: it counts as the worst of
   * all values do, in output units or in proportion to each value's unit, whichever is less.
   */
  private static double[] errorBounds(CipherOutput value, double[] errors, double[] noise, double[] least) {
    double[] unit = Arrays.stream(value.factor()).map(Math::abs).toArray();
    double worst = 0;
    double worstOfUnit = 0;
    for (int i = 0; i < errors.length; i++) {
      worst = Math.max(worst, errors[i]);
      worstOfUnit = Math.max(worstOfUnit, errors[i] == 0 ? 0 : errors[i] / unit[i]);
    }
    double[] bounds = new double[errors.length];
    for (int i = 0; i < bounds.length; i++) {
      double fit = unit[i] == 0 ? errors[i] : Math.min(worst, unit[i] * worstOfUnit);
      bounds[i] = Math.max(ActivationFitter.ERROR_FACTOR * Math.max(errors[i], fit) + noise[i], least[i]);
    }
    return bounds;
  }

  private KnownRows knownRows(BatchTrial trial, List<CipherOutput> outputs) {
    return trial.knownRows(outputs).orElseThrow(() -> new UncompilableModelException(List.of(new ModelProblem(name(), "model",
        "every batch of the throughput packing ends with rows whose answers are known, and no row around the middle or the ends of the"
            + " features' ranges stays inside the program's own bounds",
        options.calibration().stream().allMatch(row -> Arrays.equals(row, options.calibration().get(0)))
            ? "give sample rows that differ: there is one, or they are all equal; or use --packing latency" : "use --packing latency, or a larger --margin"))));
  }

  private static String batchNote(BatchEmission batch) {
    return String.format(Locale.ROOT,
        "weights are rounded to multiples of 2^-%d (first layer) and 2^-%d of their layer's range; %.0f %% of the host's products take"
            + " one machine instruction", batch.shape().inputWeightBits(), batch.shape().weightBits(), 100 * batch.smallShare());
  }

  /**
   * The reserve for shared results, with the noise of the VALUE output's means in slot units: what flooding hides must not be
   * larger, so that it is the wider bound.
   */
  private Sharing sharing(Emission emission) {
    double largest = Arrays.stream(emission.outputs().get(0).factor()).map(Math::abs).max().orElse(1);
    return options.sharing() == null ? null
        : options.sharing().withNoise(NoiseModel.ANSWER_SAFETY * emission.valueError() / largest);
  }
}
