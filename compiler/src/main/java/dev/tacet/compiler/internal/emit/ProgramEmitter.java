// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.calibrate.ValueBounds;
import dev.tacet.compiler.internal.fit.ActivationFit;
import dev.tacet.compiler.internal.fit.Chebyshev;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.pack.SlotMap;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Parameters;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Scale;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The pass that writes the program for a plan under given parameters: rescales, level drops, exact scales, guards. */
public final class ProgramEmitter {
  /** The layer of the last linear map. */
  public static final String OUTPUT_LAYER = "output";

  private static final String PROVED = "proved";
  private static final String NOT_GUARDED = "not guarded";

  /**
   * A square's interval is four times as wide as its input over the sample rows. So much larger its input is than it would be with
   * the interval as the unit: what the sample rows use is then about [-1, 1], and noise is small beside it.
   */
  private static final double SQUARE_GAIN = 4;

  /** The input of a square over the sample rows is at most about this much. */
  private static final double TYPICAL_SQUARE_INPUT = 0.3 * SQUARE_GAIN;

  /** Bits of the base prime above an output's bound and scale. */
  private static final double OUTPUT_ROOM = 3.5;

  /** Points at which a polynomial's slope is taken. */
  private static final int SLOPES = 400;

  /** The most bits of their scale that answers that hide the model give for bounds beyond their range: rounding of weights grows by as many. */
  private static final int MOST_HEADROOM_BITS = 3;

  private final Plan plan;
  private final Network network;
  private final Parameters parameters;
  private final ProgramBuilder builder;
  private final NoiseModel noise;
  private final FormEmitter forms;
  private final Scale scale;
  private final Map<Integer, Signal> signals = new HashMap<>();
  private final List<SignatureInput> inputs = new ArrayList<>();
  private final GuardEmitter guards;
  private final List<Emission.Layer> layers = new ArrayList<>();
  private final Set<Integer> open = new HashSet<>();
  private double valueError;
  private AnswerHider hider;  // null where answers do not hide the model
  private ModelPrivacy privacy;  // likewise
  private double flooding;
  private double modelled;

  private ProgramEmitter(Plan plan, Parameters parameters, boolean outline) {
    this.plan = plan;
    this.network = plan.fitted().network();
    this.parameters = parameters;
    this.builder = new ProgramBuilder(parameters);
    this.noise = new NoiseModel(parameters, plan.rows());
    this.guards = new GuardEmitter(builder, noise, plan.rows());
    this.forms = new FormEmitter(builder, noise, plan, outline);
    this.scale = Scale.powerOfTwo(parameters.logScale());
  }

  /** Writes the program. */
  public static Emission emit(Plan plan, Parameters parameters) {
    return new ProgramEmitter(plan, parameters, false).run();
  }

  /**
   * Writes the program's outline: its instructions, keys and noise are those of the program, its diagonals hold no values. It is
   * what parameters are compared by; writing out a convolution's diagonals takes many times longer.
   */
  public static Emission outline(Plan plan, Parameters parameters) {
    return new ProgramEmitter(plan, parameters, true).run();
  }

  private Emission run() {
    builder.layer("input");
    int offset = 0;
    for (Node.Input input : network.inputs()) {
      offset = input(input, offset);
    }
    if (plan.privacy() != null) {
      hider = new AnswerHider(builder, noise, plan, builder.input(1, inputs.get(0).scale()));
    }
    for (Node node : network.nodes()) {
      if (node instanceof Node.Activation activation) {
        activation(activation);
      } else if (node instanceof Node.Product product) {
        product(product);
      }
    }
    builder.layer(OUTPUT_LAYER);
    Answer answer = output();
    List<CipherOutput> outputs = guards.emit(answer.value, answer.described);
    return new Emission(builder.build(), inputs, outputs, guards.emitted(), layers, valueError, privacy, flooding, modelled);
  }

  private int input(Node.Input node, int offset) {
    int size = node.size();
    FeatureBounds bounds = plan.features().part(offset, size);
    double[] center = bounds.center();
    double[] halfWidth = bounds.halfWidth();
    SlotMap map = plan.layout().map(node.id());
    int period = map.period();
    int places = parameters.slots() / plan.rows();
    int copyShift = plan.layout().copyShift(network, node, places);
    int level = plan.levels().total();
    int logInput = logInputScale(period);
    Scale inputScale = Scale.powerOfTwo(logInput);
    inputs.add(new SignatureInput(
        node.name(), node.shape(), size, period * plan.rows(), copyShift * plan.rows(), plan.rows(), inputScale, level, bounds.low(),
        bounds.high(), center, halfWidth));
    signals.put(node.id(), new Signal(builder.input(level, inputScale), map, copyShift, halfWidth, center,
        // Answers hide models from the holders of secret keys only.
        plan.privacy() == null ? noise.fresh(logInput) : noise.freshSecret(logInput),
        noise.encode(copyShift == 0 ? period : places, logInput)));
    return offset + size;
  }

  /**
   * That of the noise model. Where answers of a single layer hide the model, their noise is that of the input's rotations, of which the mean of
   * the copies stays, and the rounding of weights: the product's scale is shared so that both are alike.
   */
  private int logInputScale(int period) {
    int usual = noise.logInputScale(period);
    if (plan.privacy() == null || plan.levels().total() > 1) {
      return usual;
    }
    double product = logOutputScale(plan.bounds().of(network.output())) + log2(parameters.modulus(1));
    double rotations = log2(noise.rescale(0) * Math.sqrt((double) plan.layout().output().period() / parameters.slots()));
    return Math.min(usual, (int) Math.round((product + rotations - log2(noise.encode(period, 0) * Math.sqrt(period))) / 2));
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  private void activation(Node.Activation node) {
    ActivationFit fit = plan.fitted().fits().get(node.id());
    builder.layer(node.name());
    double gain = fit.isSquare() ? SQUARE_GAIN : 1;
    double[] inverse = Arrays.stream(fit.halfWidth()).map(half -> gain / half).toArray();
    Signal u = forms.emit(node.argument(), signals, inverse, fit.center(), plan.layout().map(node.id()), scale);
    String guarded = guard(node, fit, u, gain);
    ProgramBuilder.Value value;
    double deviation;
    double common;
    if (fit.isSquare()) {
      value = builder.rescale(builder.relinearize(builder.square(u.value())));
      double logScale = value.scale().log2(parameters);
      deviation = Math.hypot(2 * TYPICAL_SQUARE_INPUT * u.deviation(),
          Math.hypot(noise.rescale(logScale), noise.keySwitch(u.value().level(), 2.0 * parameters.logScale())));
      common = 2 * TYPICAL_SQUARE_INPUT * u.common();
    } else {
      value = builder.polynomial(
          u.value(), new Constant.Polynomial(Constant.Basis.CHEBYSHEV, fit.coefficients()), scale);
      double slope = slope(fit.coefficients());
      deviation = Math.hypot(slope * u.deviation(),
          noise.polynomial(fit.coefficients(), parameters.logScale()));
      double tail = noise.polynomialTail(fit.coefficients(), parameters.logScale());
      deviation = tail > NoiseModel.MOST_TAIL ? Math.hypot(deviation, tail) : deviation;  // no parameters that are precise
      common = slope * u.common();
    }
    double[] factors = Arrays.stream(fit.outputScale()).map(factor -> factor / (gain * gain)).toArray();
    double[] offsets = new double[node.size()];
    Arrays.fill(offsets, fit.outputOffset());
    signals.put(node.id(), new Signal(value, u.map(), 0, factors, offsets, deviation, common));
    String kind = fit.function() + (fit.isSquare() ? "" : " of degree " + fit.degree());
    layer(node.name(), kind, u.value().level() + 1, value.level(), Math.hypot(deviation, common), guarded);
  }

  /** Root of the mean square of p' over [-1, 1]. */
  private static double slope(double[] coefficients) {
    double[] x = new double[SLOPES];
    Arrays.setAll(x, i -> (i + 0.5) / SLOPES * 2 - 1);
    double sum = 0;
    for (double slope : Chebyshev.slopes(coefficients, x)) {
      sum += slope * slope / SLOPES;
    }
    return Math.sqrt(sum);
  }

  /**
   * Has an activation's input watched by a guard, unless the bounds prove it or guards are off.
   *
   * @param gain the bound of the input's slots in the fitted interval
   */
  private String guard(Node.Activation node, ActivationFit fit, Signal u, double gain) {
    double reach = plan.bounds().reach(node, fit);
    if (reach <= 1) {
      return isOpen(node) ? NOT_GUARDED : PROVED;
    }
    if (!plan.guards()) {
      open.add(node.id());
      return NOT_GUARDED;
    }
    guards.add(node, u, gain, reach, fit.sampleReach());
    return "guarded";
  }

  /**
   * Whether a node's bounds hold only as long as an activation that nothing watches stays in its interval. The bounds of all
   * others follow, by interval arithmetic, from features within their accepted bounds and from the guards: the factors of a
   * product are brought into [-1, 1] by bounds of this kind and need no guard of their own.
   */
  private boolean isOpen(Node node) {
    boolean result = open.contains(node.id());
    for (LinearForm argument : node.arguments()) {
      result |= argument.terms().keySet().stream().anyMatch(open::contains);
    }
    if (result) {
      open.add(node.id());
    }
    return result;
  }

  private void product(Node.Product node) {
    builder.layer(node.name());
    Signal left = factor(node, node.left());
    Signal right = factor(node, node.right());
    int level = Math.min(left.value().level(), right.value().level());
    ProgramBuilder.Value a = builder.dropLevel(left.value(), level);
    ProgramBuilder.Value b = builder.dropLevel(right.value(), level);
    ProgramBuilder.Value value = builder.rescale(builder.relinearize(builder.multiply(a, b)));
    double[] factor = new double[node.size()];
    for (int i = 0; i < factor.length; i++) {
      factor[i] = left.factor()[i] * right.factor()[i];
    }
    double logScale = value.scale().log2(parameters);
    double deviation = Math.hypot(Math.hypot(left.deviation(), right.deviation()),
        Math.hypot(noise.rescale(logScale), noise.keySwitch(level, 2.0 * parameters.logScale())));
    signals.put(node.id(), new Signal(value, left.map(), 0, factor, new double[node.size()], deviation,
        Math.hypot(left.common(), right.common())));
    layer(node.name(), "product", level + 1, value.level(), deviation, isOpen(node) ? NOT_GUARDED : PROVED);
  }

  /** A factor of a product, brought into [-1, 1] by what the bounds prove of it. */
  private Signal factor(Node.Product node, LinearForm form) {
    SlotMap map = plan.layout().map(node.id());
    ValueBounds.Bounds bounds = plan.bounds().of(form);
    double[] inverse = new double[node.size()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1 / Math.max(Math.max(Math.abs(bounds.low()[i]), Math.abs(bounds.high()[i])), 1e-12);
    }
    return forms.emit(form, signals, inverse, new double[node.size()], map, scale);
  }

  /** The values that the model gives, as the first output describes them. */
  private record Answer(ProgramBuilder.Value value, CipherOutput described) {}

  private Answer output() {
    LinearForm form = network.output();
    int size = form.size();
    ValueBounds.Bounds bounds = plan.bounds().of(form);
    double logBase = log2(parameters.modulus(0));
    int logScale = logOutputScale(bounds);
    double headroom = Math.pow(2, Math.floor(logBase - logScale - OUTPUT_ROOM));
    double[] factor = new double[size];
    double largest = 0;
    for (int i = 0; i < size; i++) {
      factor[i] = Math.max(2 * plan.outputReach()[i], reach(bounds, i) / headroom);
      largest = Math.max(largest, factor[i]);
    }
    double bound = 0;
    double[] inverse = new double[size];
    for (int i = 0; i < size; i++) {
      inverse[i] = 1 / factor[i];
      bound = Math.max(bound, reach(bounds, i) / factor[i]);
    }
    FormEmitter.Sum sum = forms.sum(form, signals, inverse, plan.outputCenter(), plan.layout().output(), Scale.powerOfTwo(logScale),
        hider == null ? Integer.MAX_VALUE : 1);
    double floodingOfSlots = 0;
    if (hider != null) {
      AnswerHider.Hidden hidden = hider.hide(sum);
      sum = hidden.sum();
      privacy = hidden.privacy();
      modelled = hidden.modelled();
      floodingOfSlots = hidden.deviation();
      flooding = floodingOfSlots * largest;
    }
    Signal result = forms.rescaled(sum);
    ProgramBuilder.Value value = builder.dropLevel(result.value(), 0);
    layer(OUTPUT_LAYER, "linear", result.value().level() + 1, result.value().level(), result.slotDeviation(), "");
    // The client averages the copies of answers that hide the model before it checks them.
    double slotError = NoiseModel.DEVIATIONS * (NoiseModel.SAFETY * result.slotDeviation() + floodingOfSlots);
    double copies = (double) parameters.slots() / plan.rows() / plan.layout().output().period();
    valueError = NoiseModel.DEVIATIONS * largest * Math.hypot(result.deviation() / Math.sqrt(copies), result.common());
    return new Answer(value, new CipherOutput(CipherOutput.Kind.VALUE, 0, network.outputName(), size,
        plan.layout().output().period() * plan.rows(), plan.rows(), 0, value.scale(), result.factor(), result.offset(), bound, slotError,
        slotError * largest));
  }

  /**
   * That of the program, or where answers hide the model, and noise is to be small beside the flooding that hides it, what the base prime
   * allows.
   */
  private int logOutputScale(ValueBounds.Bounds bounds) {
    if (plan.privacy() == null) {
      return parameters.logScale();
    }
    double beyond = 1;
    for (int i = 0; i < plan.outputReach().length; i++) {
      beyond = Math.max(beyond, reach(bounds, i) / (2 * plan.outputReach()[i]));
    }
    int headroom = Math.min(MOST_HEADROOM_BITS, (int) Math.ceil(log2(beyond)));
    return Math.min(parameters.logScale(), (int) Math.floor(log2(parameters.modulus(0)) - OUTPUT_ROOM) - headroom);
  }

  private double reach(ValueBounds.Bounds bounds, int i) {
    double center = plan.outputCenter()[i];
    return Math.max(Math.abs(bounds.low()[i] - center), Math.abs(bounds.high()[i] - center));
  }

  private void layer(String name, String kind, int from, int to, double deviation, String guarded) {
    double bits = -Math.log(Math.max(NoiseModel.DEVIATIONS * deviation, 1e-300)) / Math.log(2);
    layers.add(new Emission.Layer(name, kind, from, from - to, bits, guarded));
  }
}
