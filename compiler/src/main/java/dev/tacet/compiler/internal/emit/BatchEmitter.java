// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.calibrate.ValueBounds;
import dev.tacet.compiler.internal.emit.BatchForms.Value;
import dev.tacet.compiler.internal.fit.ActivationFit;
import dev.tacet.compiler.internal.fit.Chebyshev;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.Instruction;
import dev.tacet.he.Op;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Scale;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The pass that writes the program of the throughput packing: arrays of features, one row a slot, no rotation. */
public final class BatchEmitter {
  private static final String OUTPUT_LAYER = "output";

  /** The work of a coefficient's butterflies in a key switch, in products of coefficients of a matrix product. */
  private static final double TRANSFORM_WORK = 1.5;

  /**
   * What rounding at a scale below that of the powers adds to a polynomial: every partial polynomial is rounded at that scale. Found
   * by measuring polynomials of degree 31 to 127.
   */
  private static final double COARSE_TERMS = 4;

  /** Bits between what a guarded input can reach and the base prime. */
  private static final double GUARD_ROOM = 1.2;

  /** Bits between a slot at its bound and the base prime: the client refuses coefficients beyond q0/8. */
  private static final int SPARE_BITS = 3;

  private static final double STEEPEST_WITHIN = 0.95;

  /** Parts of that interval between which a polynomial's slope is taken. */
  private static final int SLOPES = 800;

  /** A square's interval is four times as wide as its input over the sample rows, so that the input is at most this much. */
  private static final double TYPICAL_SQUARE_INPUT = 0.3;

  private final Plan plan;
  private final Network network;
  private final Parameters parameters;
  private final BatchShape shape;
  private final ProgramBuilder builder;
  private final NoiseModel noise;
  private final BatchForms forms;
  private final Map<Integer, Value> values = new HashMap<>();
  private final List<SignatureInput> inputs = new ArrayList<>();
  private final List<CipherOutput> guards = new ArrayList<>();
  private final List<Guard> proofs = new ArrayList<>();
  private final List<ProgramBuilder.Value> guardValues = new ArrayList<>();
  private final List<Emission.Layer> layers = new ArrayList<>();
  private double valueError;

  private BatchEmitter(BatchPlan plan, Parameters parameters, BatchShape shape) {
    this.plan = plan.plan();
    this.network = plan.plan().fitted().network();
    this.parameters = parameters;
    this.shape = shape;
    this.builder = new ProgramBuilder(parameters);
    this.noise = new NoiseModel(parameters);
    this.forms = new BatchForms(builder, noise, plan);
  }

  /** Writes the program. */
  public static BatchEmission emit(BatchPlan plan, Parameters parameters, BatchShape shape) {
    return new BatchEmitter(plan, parameters, shape).run();
  }

  private BatchEmission run() {
    builder.layer("input");
    int offset = 0;
    for (Node.Input input : network.inputs()) {
      offset = input(input, offset);
    }
    for (Node node : network.nodes()) {
      if (node instanceof Node.Activation activation) {
        activation(activation);
      } else if (node instanceof Node.Product product) {
        product(product);
      }
    }
    builder.layer(OUTPUT_LAYER);
    CipherOutput value = output();
    List<CipherOutput> outputs = new ArrayList<>(List.of(value));
    for (int i = 0; i < guards.size(); i++) {
      builder.layer(guards.get(i).name());
      builder.output(guardValues.get(i));
      outputs.add(guards.get(i));
    }
    Program program = builder.build();
    Emission emission = new Emission(program, inputs, outputs, proofs, layers, valueError);
    return new BatchEmission(
        emission, shape, forms.work() + switchWork(program), forms.smallShare());
  }

  private double switchWork(Program program) {
    double work = 0;
    for (Instruction in : program.instructions()) {
      if (in.op() == Op.RELINEARIZE || in.op() == Op.POLYNOMIAL) {
        int level = program.instructions().get(in.argument(0)).type().level();
        int degree = in.op() == Op.RELINEARIZE ? 1
            : ((Constant.Polynomial) program.constants().get(in.constant())).degree();
        double switches = degree == 1 ? 1 : 2 * Math.sqrt(degree) + Math.log(degree);
        double transforms = parameters.digits(level) * (level + 1.0 + parameters.specialPrimes().length) + 2 * level;
        work += in.type().length() * switches * transforms * TRANSFORM_WORK * parameters.ringDegree() * parameters.logRingDegree();
      }
    }
    return work;
  }

  private int input(Node.Input node, int offset) {
    int size = node.size();
    FeatureBounds bounds = plan.features().part(offset, size);
    double[] center = bounds.center();
    double[] halfWidth = bounds.halfWidth();
    int level = shape.levels().total();
    int logScale = shape.logInput(leastTarget(node.id()));
    int[] dimensions = node.shape();
    Scale scale = Scale.powerOfTwo(logScale);
    inputs.add(new SignatureInput(node.name(), dimensions, size, 1, scale, level, bounds.low(), bounds.high(), center, halfWidth));
    ProgramBuilder.Value value = builder.input(dev.tacet.he.ValueType.slots(level, scale).withLength(size));
    double deviation = Math.hypot(noise.fresh(logScale), noise.encode(parameters.slots(), logScale));
    values.put(node.id(), new Value(value, shape.levels().owing()[node.id()], halfWidth, center, deviation));
    return offset + size;
  }

  /** Log2 of the smallest scale among the forms that read a node. */
  private int leastTarget(int node) {
    int least = Integer.MAX_VALUE;
    for (Node reader : network.nodes()) {
      for (LinearForm argument : reader.arguments()) {
        if (argument.terms().containsKey(node)) {
          least = Math.min(least, target(reader));
        }
      }
    }
    if (network.output().terms().containsKey(node)) {
      least = Math.min(least, shape.logOutput(network.output()));
    }
    return least == Integer.MAX_VALUE ? shape.primeBits() : least;
  }

  private int target(Node reader) {
    boolean polynomial = reader instanceof Node.Activation && !plan.fitted().fits().get(reader.id()).isSquare();
    return shape.logScale(polynomial);
  }

  private void activation(Node.Activation node) {
    ActivationFit fit = plan.fitted().fits().get(node.id());
    builder.layer(node.name());
    double[] inverse = Arrays.stream(fit.halfWidth()).map(half -> 1 / half).toArray();
    Value u = forms.emit(node.argument(), values, inverse, fit.center(), Scale.powerOfTwo(target(node)));
    String guarded = guard(node, fit, u);
    double slope = fit.isSquare() ? 2 * TYPICAL_SQUARE_INPUT : steepest(fit.coefficients());
    double deviation = slope * u.deviation();
    ProgramBuilder.Value value;
    if (fit.isSquare()) {
      value = builder.square(u.value());
    } else {
      boolean full = shape.levels().owing()[node.id()];
      int logScale = full ? shape.primeBits() : leastTarget(node.id()) - shape.weightBits();
      value = builder.polynomial(u.value(), new Constant.Polynomial(Constant.Basis.CHEBYSHEV, fit.coefficients()),
          Scale.powerOfTwo(logScale));
      double own = Math.hypot(noise.polynomialOfMany(fit.coefficients(), logScale),
          noise.polynomialTail(fit.coefficients(), shape.primeBits()) / (NoiseModel.DEVIATIONS * NoiseModel.SAFETY));
      deviation = Math.hypot(deviation, full ? own : own + COARSE_TERMS * Math.sqrt(fit.degree()) * noise.rescale(logScale));
    }
    double[] offsets = new double[node.size()];
    Arrays.fill(offsets, fit.outputOffset());
    values.put(node.id(), new Value(value, shape.levels().owing()[node.id()], fit.outputScale(), offsets, deviation));
    String kind = fit.function() + (fit.isSquare() ? "" : " of degree " + fit.degree());
    layer(node.name(), kind, highest(node.argument()), value.level(), deviation, guarded);
  }

  /** The largest |p'| but at the ends of [-1, 1]: a batch has rows, the known ones among them, wherever a polynomial is steep. */
  private static double steepest(double[] coefficients) {
    double[] x = new double[SLOPES - 1];
    Arrays.setAll(x, i -> STEEPEST_WITHIN * (2.0 * (i + 1) / SLOPES - 1));
    return Arrays.stream(Chebyshev.slopes(coefficients, x)).map(Math::abs).max().orElse(0);
  }

  private int highest(LinearForm form) {
    return form.terms().keySet().stream().mapToInt(id -> values.get(id).value().level()).min().orElse(0);
  }

  /** As {@link ProgramEmitter} does: at level 0, at a scale at which the input cannot wrap around the base prime. */
  private String guard(Node.Activation node, ActivationFit fit, Value u) {
    double reach = plan.bounds().reach(node, fit);
    if (reach <= 1) {
      return "proved";
    }
    if (!plan.guards()) {
      return "not guarded";
    }
    double logScale = u.value().scale().log2(parameters);
    double logReach = Math.log(reach) / Math.log(2);
    double room = Math.max(logReach + GUARD_ROOM, SPARE_BITS);
    int shift = (int) Math.max(0, Math.ceil(logScale + room - Math.log(parameters.modulus(0)) / Math.log(2)));
    ProgramBuilder.Value value = u.value();
    double deviation = u.deviation();
    if (shift > 0) {
      double finest = Math.log(noise.rescale(0) * NoiseModel.DEVIATIONS * NoiseModel.SAFETY / 0.02) / Math.log(2);
      shift = (int) Math.min(shift, Math.max(0, Math.floor(logScale - finest)));
      value = builder.dropLevel(value, 1);
      Scale plainScale = Scale.prime(1, 1).times(Scale.powerOfTwo(-shift));
      value = builder.rescale(builder.multiplyScalar(value, 1, plainScale));
      deviation = Math.hypot(deviation, noise.rescale(logScale - shift));
    } else {
      value = builder.dropLevel(value, 0);
    }
    guardValues.add(value);
    Guard guard = new Guard(List.of(node.id()), 1, fit.sampleReach(), deviation);
    proofs.add(guard);
    guards.add(new CipherOutput(CipherOutput.Kind.GUARD, guards.size() + 1, "guard of " + node.name(), node.size(), 1, 0,
        value.scale(), new double[0], new double[0], guard.bound(1), guard.slotError(), 0));
    return "guarded";
  }

  private void product(Node.Product node) {
    builder.layer(node.name());
    int from = Math.min(highest(node.left()), highest(node.right()));
    Value left = factor(node, node.left());
    Value right = factor(node, node.right());
    int level = Math.min(left.value().level(), right.value().level());
    ProgramBuilder.Value value =
        builder.multiply(builder.dropLevel(left.value(), level), builder.dropLevel(right.value(), level));
    double[] factor = new double[node.size()];
    for (int i = 0; i < factor.length; i++) {
      factor[i] = left.factor()[i] * right.factor()[i];
    }
    double deviation = Math.hypot(left.deviation(), right.deviation());
    values.put(node.id(), new Value(value, true, factor, new double[node.size()], deviation));
    layer(node.name(), "product", from, level, deviation, "");
  }

  /** A factor of a product, brought into [-1, 1] by what the bounds prove of it. */
  private Value factor(Node.Product node, LinearForm form) {
    ValueBounds.Bounds bounds = plan.bounds().of(form);
    double[] inverse = new double[node.size()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[i] = 1 / Math.max(Math.max(Math.abs(bounds.low()[i]), Math.abs(bounds.high()[i])), 1e-12);
    }
    return forms.emit(form, values, inverse, new double[node.size()], Scale.powerOfTwo(target(node)));
  }

  private CipherOutput output() {
    LinearForm form = network.output();
    int size = form.size();
    int logScale = shape.logOutput(form);
    ValueBounds.Bounds bounds = plan.bounds().of(form);
    double headroom = Math.pow(2, Math.floor(Math.log(parameters.modulus(0)) / Math.log(2) - logScale - 3.5));
    double[] inverse = new double[size];
    double largest = 0;
    double bound = 0;
    for (int i = 0; i < size; i++) {
      double reach = Math.max(Math.abs(bounds.low()[i] - plan.outputCenter()[i]), Math.abs(bounds.high()[i] - plan.outputCenter()[i]));
      double factor = Math.max(2 * plan.outputReach()[i], reach / headroom);
      inverse[i] = 1 / factor;
      largest = Math.max(largest, factor);
      bound = Math.max(bound, reach / factor);
    }
    int from = highest(form);
    Value result = forms.emit(form, values, inverse, plan.outputCenter(), Scale.powerOfTwo(logScale));
    ProgramBuilder.Value value = builder.dropLevel(result.value(), 0);
    int number = builder.output(value);
    layer(OUTPUT_LAYER, "linear", from, value.level(), result.deviation(), "");
    double slotError = NoiseModel.DEVIATIONS * NoiseModel.SAFETY * result.deviation();
    valueError = NoiseModel.DEVIATIONS * largest * result.deviation();
    return new CipherOutput(CipherOutput.Kind.VALUE, number, network.outputName(), size, 1, 0, value.scale(), result.factor(),
        result.offset(), bound, slotError, slotError * largest);
  }

  private void layer(String name, String kind, int from, int to, double deviation, String guarded) {
    double bits = -Math.log(Math.max(NoiseModel.DEVIATIONS * deviation, 1e-300)) / Math.log(2);
    layers.add(new Emission.Layer(name, kind, from, from - to, bits, guarded));
  }
}
