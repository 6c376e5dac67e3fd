// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CompileReport;
import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.calibrate.Ranges;
import dev.tacet.compiler.internal.calibrate.SampleRows;
import dev.tacet.compiler.internal.calibrate.ValueBounds;
import dev.tacet.compiler.internal.cost.ProgramWork;
import dev.tacet.compiler.internal.emit.BatchEmission;
import dev.tacet.compiler.internal.emit.BatchPlan;
import dev.tacet.compiler.internal.emit.CoefficientEmission;
import dev.tacet.compiler.internal.emit.Costs;
import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.fit.ActivationFit;
import dev.tacet.compiler.internal.fit.ActivationFitter;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.compiler.internal.fit.FittedNetwork;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.pack.Layout;
import dev.tacet.compiler.internal.pack.Levels;
import dev.tacet.compiler.internal.params.BatchSelector;
import dev.tacet.compiler.internal.params.CoefficientSelector;
import dev.tacet.compiler.internal.params.LeastDepth;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.compiler.internal.params.ParameterSelector;
import dev.tacet.compiler.internal.params.ProgramNoise;
import dev.tacet.compiler.internal.params.Selection;
import dev.tacet.compiler.internal.simulate.HiddenNoise;
import dev.tacet.compiler.internal.simulate.NoiseTrial;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Sharing;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/**
 * Looks for degrees and parameters together: the more levels the degrees take, the coarser the noise and the larger the keys.
 *
 * <p>Rings up to 2^15 come first. The largest ring doubles a row's time and memory again, so it is taken only where the smaller
 * ones miss the accuracy and it comes much nearer.
 */
final class PlanSearch {
  /** log2 of the largest ring degree that is taken without need. */
  private static final int USUAL_LOG_RING_DEGREE = 15;

  /** The part of the accuracy that the fits aim at over the rows on which they are chosen: other rows show a little more. */
  private static final double FIT_SHARE = 0.8;

  /** What noise may do to an answer of a linear model, as a part of its range: it is the only error there. */
  private static final double LINEAR_NOISE = 1e-5;

  /** The part of the accuracy that noise may spend in other models; the rest is the fit's. */
  private static final double NOISE_SHARE = 0.02;

  /** The same where every activation is a polynomial itself: there is no fit whose error it would add to. */
  private static final double NOISE_SHARE_OF_EXACT = 0.8;

  /** The part of the fit's own error that noise may add. */
  private static final double NOISE_OF_FIT = 0.05;

  /** The part of the error that margins tolerate that noise may make. */
  private static final double NOISE_OF_MARGIN = 0.1;

  /** The same where nothing else makes an error: the bound is many deviations wide, and few rows lie where it reaches. */
  private static final double NOISE_OF_MARGIN_OF_EXACT = 2;

  /** Less noise than this part of an output's range is never asked for. */
  private static final double LEAST_NOISE = 1e-6;

  /**
   * Where the client chooses by the numbers: the most that noise may do to the worst of {@link CompileReport#NUMBERS} of them, which are
   * logits as a rule; or this part of their range, if that is more. Met only where the same ring can, within the bounds of keys.
   */
  private static final double NOISE_OF_LOGITS = 1e-2;

  private static final double NOISE_OF_LOGIT_RANGE = 5e-4;

  /** A program of less noise is not worth more times the time: rotations composed from a small budget of keys take that. */
  private static final double MOST_TIME_FOR_QUIET = 1.75;

  /** Evaluation keys beyond this many bytes are not worth a higher degree; twice as many at twice the usual ring degree. */
  private static final long MAX_KEY_BYTES = 384L << 20;

  /** The prices of keys that are tried, as multiples of the usual one, until a key budget is met: rotations are composed of fewer. */
  private static final double[] KEY_PRICES = {1, 4, 16, 64, 256, 4096, 1e6};

  /** The same where no budget is given and keys are more than the compiler takes by itself. */
  private static final double[] USUAL_KEY_PRICES = {1, 4, 16};

  /** Open rows beyond this part, with the narrower margins that fresh rows have, endanger agreement on 98 % of them. */
  private static final double SUFFICIENT_OPEN = 0.004;

  /** The same where the larger ring is one of batches, of which one takes gigabytes. */
  private static final double SUFFICIENT_OPEN_OF_BATCHES = 0.01;

  /** The largest ring is taken if it brings the answers' distance from the accuracy to this part of what it was. */
  private static final double WORTH_THE_RING = 0.7;

  /** Where more rows than this are near a decision, their part says nothing more of how much better a ring is: margins do. */
  private static final double MANY_OPEN = 0.1;

  /** There, the largest ring is taken if it brings the margins' errors to this part of what they were. */
  private static final double WORTH_THE_MARGINS = 0.5;

  /** Less than this part of a value's size is no range. */
  private static final double LEAST_REACH = 1e-6;

  /** The part of the accuracy that noise may spend in the throughput packing, where every bit of a prime costs rows per second. */
  private static final double BATCH_NOISE_SHARE = 0.2;

  /** The part of the accuracy that the rounding of weights may spend there. */
  private static final double BATCH_ROUNDING_SHARE = 0.25;

  /** The part of the error that margins tolerate that noise may make there. */
  private static final double BATCH_NOISE_OF_MARGIN = 0.3;

  /** Less noise or rounding than this part of the accuracy is never asked for there, however small margins are. */
  private static final double BATCH_LEAST_SHARE = 0.03;

  /** The part of the fit's own error that rounding may always add. */
  private static final double BATCH_ROUNDING_OF_FIT = 0.25;

  /** Request and answer of a linear model may take so many bytes before the latency packing, with its keys, is the better choice. */
  private static final long MAX_COEFFICIENT_BYTES = 256 << 10;

  /** Where answers hide the model: how much more noise than was drawn is hidden, so that a program a little noisier than another passes. */
  private static final double HIDDEN_SPARE = 1.25;

  /** How often a search is repeated since its program has more noise than it hides. */
  private static final int HIDDEN_ROUNDS = 6;

  private final Network network;
  private final CompileOptions options;
  private final FeatureBounds features;
  private final SampleRows rows;
  private final AnswerMetric metric;
  private final ActivationFitter fitter;
  private final Layout layout;
  private final Ranges answers;
  private int needed;
  private long leastKeyBytes = Long.MAX_VALUE;
  private int levelsBeyondBudget;
  private long bytesBeyondBudget = Long.MAX_VALUE;
  private double hiddenShare = 1;
  private double mostValueError = Double.MAX_VALUE;

  /** Prepares the search; the rows on which degrees are compared are chosen here. */
  PlanSearch(Network network, CompileOptions options, FeatureBounds features, SampleRows rows) {
    this(network, options, features, rows, false);
  }

  /**
   * As the constructor before.
   *
   * @param allMargins whether errors count too where a choice is clear
   */
  PlanSearch(Network network, CompileOptions options, FeatureBounds features, SampleRows rows, boolean allMargins) {
    this.network = network;
    this.options = options;
    this.features = features;
    this.rows = rows;
    metric = ActivationFitter.searchMetric(network, rows, allMargins);
    fitter = new ActivationFitter(
        network, rows, metric, options.maxDegree(), FIT_SHARE * options.accuracy(), options.margin());
    layout = Layout.of(network);
    answers = fitter.answers();
    needed = LeastDepth.of(network).levels();
  }

  /**
   * What the search found.
   *
   * @param note why the ring is larger than usual and what that costs; empty if it is not
   * @param batch the program of the throughput packing; null in others
   * @param coefficients the program of the coefficient packing; null in others
   */
  record Found(Plan plan, Selection selection, AnswerMetric.Score score, String note, BatchEmission batch,
      CoefficientEmission coefficients) {
    private Found(Plan plan, Selection selection, AnswerMetric.Score score, String note, BatchEmission batch) {
      this(plan, selection, score, note, batch, null);
    }

    private long keyBytes() {
      return Costs.keyBytes(selection.emission().program());
    }

    private int logRingDegree() {
      return selection.parameters().logRingDegree();
    }
  }

  /** Returns the levels that the last attempt needed. */
  int needed() {
    return needed;
  }

  /** Returns the fewest bytes of evaluation keys of a program that was precise enough; empty if none was. */
  OptionalLong leastKeyBytes() {
    return leastKeyBytes == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(leastKeyBytes);
  }

  /** Returns the best plan with its parameters and its program; nothing if no ring has room. */
  Optional<Found> run() {
    if (options.packing() == CompileOptions.Packing.COEFFICIENT) {
      return coefficients(Long.MAX_VALUE / 16);
    }
    if (options.packing() == CompileOptions.Packing.AUTO && options.rowsPerRequest() == 1
        && Feasibility.coefficients("", network, options).isEmpty()) {
      Optional<Found> found = coefficients(options.modelPrivacy() == null ? MAX_COEFFICIENT_BYTES : Long.MAX_VALUE / 16);
      if (found.isPresent()) {
        return found;
      }
    }
    return search().map(this::withBudgetNote).map(found -> found.batch != null ? found : quieter(complete(found, found.note)));
  }

  private static Found complete(Found found, String note) {
    return new Found(found.plan, found.selection.complete(found.plan), found.score, note, null);
  }

  /**
   * The program at finer scales, if noise, drawn and carried by the program itself, does more to the numbers of a choice than it may:
   * the word of the noise model, by which parameters are chosen, is too good for deep programs.
   */
  private Found quieter(Found found) {
    if (!network.tail().chooses() || options.modelPrivacy() != null || options.sharing() != null) {
      return found;
    }
    Emission emission = found.selection.emission();
    double widest = Arrays.stream(found.plan.outputReach()).max().orElse(1);
    double most = Math.max(NOISE_OF_LOGITS, NOISE_OF_LOGIT_RANGE * 2 * widest);
    double noise = NoiseTrial.run(emission.program(), emission.inputs(), emission.outputs(), RowPacking.LATENCY, rows.data(),
        ProgramNoise.Encryption.SECRET_KEY, NoiseTrial.SPREAD_ROWS, Map.of()).answers().largest(CompileReport.NUMBERS);
    if (noise <= most) {
      return found;
    }
    mostValueError = emission.valueError() * most / noise;
    int ring = found.logRingDegree();
    long keyBytes = ring > USUAL_LOG_RING_DEGREE ? 2 * MAX_KEY_BYTES : MAX_KEY_BYTES;
    return priced(found.plan, ring, keyBytes, noiseTarget(found.plan, fitter.errorOf(found.plan.fitted())))
        .map(quiet -> complete(quiet, found.note)).filter(quiet -> nanos(quiet) <= MOST_TIME_FOR_QUIET * nanos(found)).orElse(found);
  }

  private double nanos(Found found) {
    return Arrays.stream(ProgramWork.nanos(found.selection.emission().program(), options.costs())).sum();
  }

  private Optional<Found> search() {
    Optional<Found> usual = within(Math.min(USUAL_LOG_RING_DEGREE, options.maxLogRingDegree()), MAX_KEY_BYTES);
    if (options.maxLogRingDegree() <= USUAL_LOG_RING_DEGREE || usual.isPresent() && meets(usual.get())) {
      return usual;
    }
    if (usual.isPresent() && usual.get().batch != null && usual.get().score.serves(options.accuracy(), SUFFICIENT_OPEN_OF_BATCHES)) {
      return usual;
    }
    Optional<Found> large = within(options.maxLogRingDegree(), 2 * MAX_KEY_BYTES);
    if (large.isEmpty() || large.get().logRingDegree() <= USUAL_LOG_RING_DEGREE) {
      return usual.isEmpty() || large.isPresent() && cost(large.get()) < cost(usual.get()) ? large : usual;
    }
    if (usual.isPresent() && !meets(large.get()) && !isWorthIt(usual.get(), large.get())) {
      return usual;
    }
    return large.map(found -> new Found(found.plan, found.selection, found.score, note(usual, found), found.batch));
  }

  private boolean isWorthIt(Found usual, Found large) {
    boolean closer = usual.score.open() > MANY_OPEN
        && large.score.widestMargin() <= WORTH_THE_MARGINS * usual.score.widestMargin();
    return closer || cost(large) <= WORTH_THE_RING * cost(usual);
  }

  /** Returns whether a program misses the accuracy, and a function in it has the highest degree that is allowed. */
  boolean isShortOfDegree(Found found) {
    int deepest = Integer.numberOfLeadingZeros(options.maxDegree() + 1);
    return !meets(found) && found.plan.fitted().fits().values().stream()
        .anyMatch(fit -> !fit.exact() && Integer.numberOfLeadingZeros(fit.degree()) <= deepest + 1);
  }

  private boolean meets(Found found) {
    return found.score.serves(options.accuracy(), SUFFICIENT_OPEN);
  }

  private double cost(Found found) {
    return found.score.cost(options.accuracy());
  }

  private static String note(Optional<Found> usual, Found large) {
    String cost = String.format(Locale.ROOT, "a row takes several times as long as at 2^%d, and keys take %d MiB",
        USUAL_LOG_RING_DEGREE, large.keyBytes() >> 20);
    if (usual.isEmpty()) {
      return String.format(Locale.ROOT, "N = 2^%d, since 2^%d has no room for %d levels: %s", large.logRingDegree(),
          USUAL_LOG_RING_DEGREE, large.plan.levels().total(), cost);
    }
    Found small = usual.get();
    return String.format(Locale.ROOT, "N = 2^%d for the accuracy: %d levels instead of %d bring the largest error of a number"
            + " from %.2g to %.2g of its range and rows near a decision from %.2g %% to %.2g %%; %s, %d MiB %s",
        large.logRingDegree(), large.plan.levels().total(), small.plan.levels().total(), small.score.numberError(),
        large.score.numberError(), 100 * small.score.open(), 100 * large.score.open(), cost,
        Math.abs(large.keyBytes() - small.keyBytes()) >> 20, large.keyBytes() < small.keyBytes() ? "less" : "more");
  }

  /** The most levels whose noise and keys are in bounds. */
  private Optional<Found> within(int maxLogRingDegree, long maxKeyBytes) {
    for (int levels = ParameterSelector.mostLevels(options.security(), maxLogRingDegree); levels > 0; ) {
      Optional<FittedNetwork> fitted = fitter.within(levels);
      if (fitted.isEmpty()) {
        return Optional.empty();
      }
      Plan plan = plan(fitted.get());
      needed = plan.levels().total();
      if (options.packing() == CompileOptions.Packing.THROUGHPUT) {
        Optional<Found> found = batches(plan, maxLogRingDegree, fitter.errorOf(fitted.get()));
        if (found.isPresent()) {
          return found;
        }
        levels = needed - 1;
        continue;
      }
      double noiseTarget = noiseTarget(plan, fitter.errorOf(fitted.get()));
      Optional<Found> found = options.modelPrivacy() == null ? priced(plan, maxLogRingDegree, maxKeyBytes, noiseTarget)
          : hidden(plan, maxLogRingDegree, maxKeyBytes, noiseTarget);
      if (found.isPresent()) {
        return options.modelPrivacy() == null ? finer(found.get(), maxKeyBytes).or(() -> found) : found;
      }
      levels = needed - 1;
    }
    return Optional.empty();
  }

  /** A program of finer fits, where the same ring has room for it and it leaves fewer rows undecided. */
  private Optional<Found> finer(Found found, long maxKeyBytes) {
    int ring = found.logRingDegree();
    return fitter.finer(ParameterSelector.mostLevels(options.security(), ring)).flatMap(fitted -> {
      Plan plan = plan(fitted);
      return priced(plan, ring, maxKeyBytes, noiseTarget(plan, fitter.errorOf(fitted)));
    }).filter(finer -> finer.score.open() < found.score.open());
  }

  /**
   * As {@link #priced}, where answers hide the model. What has to be hidden is drawn on a program that is written out, in the ring
   * that the noise model's word leads to; the search is repeated until the program found has no more than it hides.
   */
  private Optional<Found> hidden(Plan plan, int maxLogRingDegree, long maxKeyBytes, double noiseTarget) {
    Optional<Selection> first = ParameterSelector.select(
        plan.withoutPairs(), options.security(), ring(), maxLogRingDegree, noiseTarget, Double.MAX_VALUE);
    if (first.isEmpty()) {
      return Optional.empty();
    }
    hiddenShare = HIDDEN_SPARE * HiddenNoise.share(first.get().complete(plan.withoutPairs()).emission(), rows.data());
    double tooLittle = 0;
    double tooMuch = Double.POSITIVE_INFINITY;
    for (int round = 0; round < HIDDEN_ROUNDS; round++) {
      Optional<Found> found = priced(plan.withHiddenShare(hiddenShare), maxLogRingDegree, maxKeyBytes, noiseTarget);
      double next;
      if (found.isEmpty()) {
        tooMuch = hiddenShare;
        next = hiddenShare / 2;
      } else {
        double share = HiddenNoise.share(found.get().selection.complete(found.get().plan).emission(), rows.data());
        if (share <= hiddenShare) {
          return found;
        }
        tooLittle = hiddenShare;
        next = HIDDEN_SPARE * share;
      }
      // A program of finer scales has less of the noise that the noise model does not see: what lies between may do.
      hiddenShare = next > tooLittle && next < tooMuch ? next : Math.sqrt(tooLittle * tooMuch);
    }
    return Optional.empty();
  }

  /** The cheapest program of a plan whose keys are in bounds; nothing if there is none that is precise. */
  private Optional<Found> priced(Plan plan, int maxLogRingDegree, long maxKeyBytes, double target) {
    double noiseTarget = options.sharing() == null ? target : Math.min(target, mostBeforeFlooding(plan));
    for (double keyPrice : options.keyBudget() > 0 ? KEY_PRICES : USUAL_KEY_PRICES) {
      Plan priced = plan.withKeyPrice(keyPrice);
      Optional<Selection> selection = selection(priced, maxLogRingDegree, noiseTarget).filter(Selection::precise);
      int smaller = selection.map(s -> s.parameters().logRingDegree() - 1).orElse(maxLogRingDegree);
      Optional<Selection> single = selection(priced.withoutPairs(), smaller, noiseTarget).filter(Selection::precise);
      if (single.isPresent()) {  // the noise of pairs would ask for a larger ring, or for more than there is
        priced = priced.withoutPairs();
        selection = single;
      }
      if (selection.isEmpty()) {
        break;
      }
      long keyBytes = Costs.keyBytes(selection.get().emission().program());
      leastKeyBytes = Math.min(leastKeyBytes, keyBytes);
      if (keyBytes <= (options.keyBudget() > 0 ? options.keyBudget() : maxKeyBytes)) {
        Emission emission = selection.get().emission();
        AnswerMetric.Score score =
            metric.score(plan.fitted().outputs(metric.rows()), emission.noiseOfElements(emission.noiseBound(1)));
        return Optional.of(new Found(priced, selection.get(), score, "", null));
      }
      int total = plan.levels().total();
      if (options.keyBudget() > 0 && total >= levelsBeyondBudget) {
        bytesBeyondBudget = total > levelsBeyondBudget ? keyBytes : Math.min(bytesBeyondBudget, keyBytes);
        levelsBeyondBudget = total;
      }
    }
    return Optional.empty();
  }

  /** What a key budget costs beside time: where no program of the levels that the accuracy asks for met it. */
  private Found withBudgetNote(Found found) {
    if (levelsBeyondBudget <= found.plan.levels().total() || found.batch != null || found.coefficients != null) {
      return found;
    }
    String note = String.format(Locale.ROOT, "%s%.1f MB leaves %d levels for polynomials of lower degree, whose answers are less exact; keys for"
            + " the %d levels of the degrees that the accuracy asks for take %.1f MB or a little less",
        CompileReport.KEY_BUDGET, options.keyBudget() / 1e6, found.plan.levels().total(), levelsBeyondBudget, bytesBeyondBudget / 1e6);
    return new Found(found.plan, found.selection, found.score, found.note.isEmpty() ? note : found.note + "; " + note, found.batch);
  }

  /** The parameters for a noise target, or those for half of it where the same ring has room for them: fewer rows lie near a decision. */
  private Optional<Selection> selection(Plan plan, int maxLogRingDegree, double noiseTarget) {
    Optional<Selection> enough = ParameterSelector.select(
        plan, options.security(), ring(), maxLogRingDegree, noiseTarget, mostValueError);
    if (enough.isEmpty() || !enough.get().precise() || !isExact(plan)) {
      return enough;
    }
    Optional<Selection> better = ParameterSelector.select(
        plan, options.security(), ring(), enough.get().parameters().logRingDegree(), noiseTarget / 2, mostValueError);
    return better.filter(Selection::precise).or(() -> enough);
  }

  /** Answers hide models in the standard ring. */
  private CompileOptions.Ring ring() {
    return options.modelPrivacy() == null ? options.ring() : CompileOptions.Ring.STANDARD;
  }

  private static boolean isExact(Plan plan) {
    return plan.fitted().fits().values().stream().allMatch(ActivationFit::exact);
  }

  private double ofAccuracy(Plan plan) {
    return 2 * Arrays.stream(plan.outputReach()).max().orElse(1) * options.accuracy();
  }

  /** What noise may do where bits of precision cost rows per second, or bytes of every request. */
  private double batchNoiseTarget(Plan plan, double fitError) {
    double ofAccuracy = ofAccuracy(plan);
    return Math.max(noiseTarget(plan, fitError),
        Math.min(BATCH_NOISE_SHARE * ofAccuracy,
            Math.max(BATCH_LEAST_SHARE * ofAccuracy, BATCH_NOISE_OF_MARGIN * metric.tolerableError())));
  }

  /** The throughput packing of a plan; nothing if no ring is precise enough for it. */
  private Optional<Found> batches(Plan plan, int maxLogRingDegree, double fitError) {
    double ofAccuracy = ofAccuracy(plan);
    double noiseTarget = batchNoiseTarget(plan, fitError);
    double mostRounding = Math.max(BATCH_ROUNDING_SHARE * ofAccuracy, BATCH_ROUNDING_OF_FIT * fitError);
    double leastRounding = Math.max(Math.min(mostRounding, BATCH_NOISE_OF_MARGIN * metric.tolerableError()),
        Math.max(BATCH_LEAST_SHARE * ofAccuracy, BATCH_ROUNDING_OF_FIT * fitError));
    List<double[]> fitted = plan.fitted().outputs(metric.rows());
    BatchPlan batch = BatchPlan.of(plan, rows);
    Function<BatchEmission, BatchSelector.Rounding> rounding = emission -> {
      BatchTrial trial = new BatchTrial(emission.emission(), metric.rows(), 0);
      double difference = trial.largestDifference(fitted);
      boolean fine = difference <= leastRounding || difference <= mostRounding && metric
          .score(trial.outputs(), emission.emission().noiseOfElements(emission.emission().valueError() * NoiseModel.ANSWER_SAFETY))
          .meets(options.accuracy());
      return fine ? BatchSelector.Rounding.FINE
          : difference <= mostRounding ? BatchSelector.Rounding.COARSE : BatchSelector.Rounding.TOO_COARSE;
    };
    Optional<BatchSelector.Choice> choice =
        BatchSelector.select(batch, options.security(), options.ring(), maxLogRingDegree, noiseTarget, rounding);
    // A linear model has one prime: where the usual ring's noise leaves its weights too few bits the standard one's, half of that, may do,
    // and where there is none either, more of the accuracy goes to noise before the model is refused.
    if (network.isLinear() && options.ring() != CompileOptions.Ring.CONJUGATE_INVARIANT
        && choice.filter(found -> rounding.apply(found.emission()) == BatchSelector.Rounding.FINE).isEmpty()) {
      Optional<BatchSelector.Choice> usual = choice;
      choice = BatchSelector.select(batch, options.security(), CompileOptions.Ring.STANDARD, maxLogRingDegree, noiseTarget, rounding)
          .filter(found -> usual.isEmpty() || rounding.apply(found.emission()) == BatchSelector.Rounding.FINE).or(() -> usual);
    }
    if (network.isLinear() && choice.isEmpty()) {
      choice = BatchSelector.select(batch, options.security(), options.ring(), maxLogRingDegree,
          Math.max(noiseTarget, BATCH_NOISE_SHARE * ofAccuracy), rounding);
    }
    return choice.map(found -> {
      Emission emission = found.emission().emission();
      List<double[]> outputs = new BatchTrial(emission, metric.rows(), 0).outputs();
      return new Found(plan, new Selection(found.parameters(), emission, true), metric.score(outputs, emission.noiseOfElements(emission.valueError())), "",
          found.emission());
    }).filter(found -> {
      leastKeyBytes = Math.min(leastKeyBytes, found.keyBytes());
      return options.keyBudget() == 0 || found.keyBytes() <= options.keyBudget();
    });
  }

  /** The coefficient packing of a linear network; nothing if no ring is precise enough, or request and answer take more bytes. */
  private Optional<Found> coefficients(long maxBytes) {
    Plan plan = plan(new FittedNetwork(network, Map.of()));
    return CoefficientSelector.select(
        plan, options.security(), options.modelPrivacy(), options.maxLogRingDegree(), batchNoiseTarget(plan, 0), maxBytes).map(choice -> {
          Emission emission = choice.emission().emission();
          List<double[]> outputs = choice.emission().outputs(plan, metric.rows());
          return new Found(plan, new Selection(choice.parameters(), emission, true), metric.score(outputs, emission.noiseOfElements(emission.valueError())), "", null,
              choice.emission());
        });
  }

  private Plan plan(FittedNetwork fitted) {
    int size = network.output().size();
    double[] low = answers.low();
    double[] high = answers.high();
    ValueBounds bounds = ValueBounds.of(fitted, features);
    ValueBounds.Bounds proved = bounds.of(network.output());
    double[] center = new double[size];
    double[] reach = new double[size];
    double[] scales = Ranges.scales(low, high);
    boolean equalRows = rows.data().stream().allMatch(row -> Arrays.equals(row, rows.data().get(0)));
    for (int i = 0; i < size; i++) {
      center[i] = (low[i] + high[i]) / 2;
      double magnitude = Math.max(Math.abs(center[i]), (proved.high()[i] - proved.low()[i]) / 2);
      double least = LEAST_REACH * (magnitude > 0 ? Math.min(magnitude, 1 + Math.abs(center[i])) : 1);
      reach[i] = (high[i] - low[i]) / 2;
      if (reach[i] < least) {  // equal rows say nothing of the range: what the accepted features can reach stands in for it
        reach[i] = equalRows ? (proved.high()[i] - proved.low()[i]) / 2 : scales[i] / 2;
      }
      reach[i] = Math.max(reach[i], least);
    }
    return new Plan(fitted, features, bounds, layout, Levels.of(fitted), center,
        reach, options.guards() && options.modelPrivacy() == null, 1, true, options.rowsPerRequest(), options.costs(), options.modelPrivacy(),
        hiddenShare, options.accuracy() * 2 * Arrays.stream(reach).min().orElse(1));
  }

  /**
   * What noise may do to a decrypted value: a part of its range and, where a class is chosen, of the margins that rows have; where
   * the fit itself errs by more than it should, a part of that.
   */
  private double noiseTarget(Plan plan, double fitError) {
    double widest = Arrays.stream(plan.outputReach()).max().orElse(1);
    boolean linear = plan.fitted().network().isLinear();
    boolean exact = isExact(plan);
    double share = linear
        ? Math.min(LINEAR_NOISE, options.accuracy())
        : (exact ? NOISE_SHARE_OF_EXACT : NOISE_SHARE) * options.accuracy();
    double ofMargin = exact && !linear ? NOISE_OF_MARGIN_OF_EXACT : NOISE_OF_MARGIN;
    double ofMargins = Math.max(ofMargin * metric.tolerableError(), LEAST_NOISE * 2 * widest);
    return Math.max(Math.min(share * 2 * widest, ofMargins), NOISE_OF_FIT * fitError);
  }

  /** The noise in a value of the latency packing whose flooding stays within the accuracy. */
  private double mostBeforeFlooding(Plan plan) {
    double narrowest = 2 * Arrays.stream(plan.outputReach()).min().orElse(1);
    return options.accuracy() * narrowest / (NoiseModel.ANSWER_SAFETY * Sharing.DEVIATIONS * floodingFactor() * plan.hiddenShare());
  }

  /**
   * How many times a value's noise bound the flooding's deviation is, that of shared results or of answers that hide the model; 0 without.
   * The latter hides the noise of all slots of a period at once.
   */
  double floodingFactor() {
    if (options.modelPrivacy() != null) {
      return new Sharing(options.modelPrivacy().answers(), options.modelPrivacy().statisticalBits(), 0).factor(layout.output().period())
          * NoiseModel.SAFETY / (NoiseModel.ANSWER_SAFETY * NoiseModel.DEVIATIONS);
    }
    return options.sharing() == null ? 0 : options.sharing().factor(network.output().size());
  }
}
