// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.pack.SideBySide;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.Parameters;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Sends the inputs of activations back, at level 0 and at a scale at which they cannot wrap around the base prime wherever the
 * accepted bounds allow them to be. As many as the slots hold share one part, real or imaginary, of one ciphertext, each in a part of
 * the period of its own.
 *
 * <p>What wraps around the base prime q0 takes q0 / scale times an integer polynomial k from the slots. A guard in imaginary parts
 * survives that of an answer beside it, however far the answer overflows: what the guard can reach and what its check allows
 * are less than q0 / (2 scale) together ({@link #ROOM}, {@link #SPARE_BITS}), so a wrong guard that passes would need every
 * imaginary part of k below 1/2. Then k less its conjugate is an integer polynomial below 1 at every root, which is 0: k is real
 * in every slot, and the guard is what it was.
 */
final class GuardEmitter {
  /** Bits between what an input can reach and the base prime. */
  private static final double ROOM = 1.6;

  /** The most activations that a guard's name lists. */
  private static final int MOST_NAMED = 20;

  /** Bits between a guard's bound and the base prime: both parts together stay within an eighth of it. */
  private static final double SPARE_BITS = 3.5;

  /** The noise that a smaller scale may make of the bound. */
  private static final double NOISE_SHARE = 0.02;

  private final ProgramBuilder builder;
  private final Parameters parameters;
  private final NoiseModel noise;
  private final SideBySide rows;
  private final List<Watched> watched = new ArrayList<>();
  private final List<Guard> emitted = new ArrayList<>();

  GuardEmitter(ProgramBuilder builder, NoiseModel noise, int rows) {
    this.rows = new SideBySide(rows);
    this.builder = builder;
    this.parameters = builder.parameters();
    this.noise = noise;
  }

  /**
   * An activation's input.
   *
   * @param activation its id
   * @param gain the bound of its slots in the fitted interval
   * @param reach how many times the bound the accepted features can bring it to
   * @param sampleReach the same of the sample rows
   */
  private record Watched(int activation, String name, int size, Signal input, double gain, double reach, double sampleReach) {
    int period() {
      return input.map().period();
    }
  }

  /** Watches an activation's input; see {@link Watched}. */
  void add(Node.Activation node, Signal input, double gain, double reach, double sampleReach) {
    watched.add(new Watched(node.id(), node.name(), node.size(), input, gain, reach, sampleReach));
  }

  /** Returns what the guards that were emitted prove, in the order of their outputs. */
  List<Guard> emitted() {
    return emitted;
  }

  /** A guard's value at level 0, and what it is in its output. */
  private record Part(ProgramBuilder.Value value, CipherOutput described) {}

  /**
   * Emits all outputs, the answer and the guards, and returns what they are. Where slots are complex, every second one lies in the
   * imaginary parts of the one before: the first guard in those of the answer.
   *
   * @param answer the values that the model gives, at level 0
   * @param described what they are, as output 0
   */
  List<CipherOutput> emit(ProgramBuilder.Value answer, CipherOutput described) {
    boolean complex = parameters.ringType() == RingType.STANDARD;
    List<CipherOutput> outputs = new ArrayList<>(List.of(described));
    ProgramBuilder.Value pending = answer;
    boolean taken = !complex;  // whether its imaginary parts are
    int number = 0;
    for (List<Watched> group : groups()) {
      String name = "guard of " + group.stream().limit(MOST_NAMED).map(Watched::name).collect(Collectors.joining(", "))
          + (group.size() > MOST_NAMED ? " and " + (group.size() - MOST_NAMED) + " more" : "");
      Part part;
      if (taken) {
        builder.output(pending);
        number++;
        builder.layer(name);
        part = part(name, group, new Place(CipherOutput.Kind.GUARD, number, null));
        pending = part.value;
        taken = !complex;
      } else {
        builder.layer(name);
        part = part(name, group, new Place(CipherOutput.Kind.IMAGINARY_GUARD, number, pending.scale()));
        pending = builder.complex(pending, part.value);
        taken = true;
        // Noise has a real and an imaginary part, whatever the value that it comes with.
        CipherOutput real = outputs.remove(outputs.size() - 1);
        double error = Math.hypot(real.slotError(), part.described.slotError());
        outputs.add(real.withSlotError(error));
        part = new Part(part.value, part.described.withSlotError(error));
      }
      outputs.add(part.described);
    }
    builder.output(pending);
    return outputs;
  }

  /** The guards that share the slots of one part of a ciphertext, widest first. */
  private List<List<Watched>> groups() {
    List<List<Watched>> groups = new ArrayList<>();
    int places = parameters.slots() / rows.rows();
    int used = places;
    for (Watched next : watched.stream().sorted(Comparator.comparingInt(Watched::period).reversed()).toList()) {
      if (used + next.period() > places) {
        groups.add(new ArrayList<>());
        used = 0;
      }
      groups.get(groups.size() - 1).add(next);
      used += next.period();
    }
    return groups;
  }

  /**
   * Where a guard goes.
   *
   * @param scale the scale that it must have; null if any will do
   */
  private record Place(CipherOutput.Kind kind, int number, Scale scale) {}

  /** How a guard is brought into bounds: by a smaller scale where that is free, else by a smaller factor. */
  private record Fitting(Scale scale, double factor) {}

  /**
   * @param bound of the true slots
   * @param largest what the slots can reach
   */
  private Fitting fitting(Place place, Scale own, double bound, double largest) {
    double bits = Math.max(log2(largest) + ROOM, log2(bound) + SPARE_BITS);
    if (place.scale == null) {
      int shift = shift(own, bits);
      return new Fitting(own.times(Scale.powerOfTwo(-shift)), 1);
    }
    return new Fitting(place.scale, Math.scalb(1.0, -shift(place.scale, bits)));
  }

  private Part part(String name, List<Watched> group, Place place) {
    return group.size() == 1 ? alone(name, group.get(0), place) : together(name, group, place);
  }

  private Part alone(String name, Watched guard, Place place) {
    Signal input = guard.input();
    Scale own = input.value().scale();
    Fitting fitting = fitting(place, own, guard.gain(), guard.gain() * guard.reach());
    double deviation = input.slotDeviation() * fitting.factor;
    ProgramBuilder.Value value;
    if (fitting.factor == 1 && fitting.scale.equals(own)) {
      value = builder.dropLevel(input.value(), 0);
    } else {
      value = builder.rescale(builder.multiplyScalar(
          builder.dropLevel(input.value(), 1), fitting.factor, fitting.scale.timesPrime(1, 1).dividedBy(own)));
      deviation = Math.hypot(deviation, noise.rescale(fitting.scale.log2(parameters)));
    }
    return described(name, value, place, List.of(guard), guard.period(), guard.gain() * fitting.factor, deviation);
  }

  /** Each input, times the inverse of its bound in its own part of the period and zero in the others; their sum. */
  private Part together(String name, List<Watched> group, Place place) {
    int period = Integer.highestOneBit(2 * group.stream().mapToInt(Watched::period).sum() - 1);
    double reach = group.stream().mapToDouble(Watched::reach).max().orElse(1);
    Fitting fitting = fitting(place, Scale.powerOfTwo(parameters.logScale()), 1, reach);
    ProgramBuilder.Value sum = null;
    double deviation = 0;
    int start = 0;
    for (Watched guard : group) {
      ProgramBuilder.Value input = builder.dropLevel(guard.input().value(), 1);
      Scale plainScale = fitting.scale.timesPrime(1, 1).dividedBy(input.scale());
      double[] mask = new double[start + guard.period()];
      Arrays.fill(mask, start, mask.length, fitting.factor / guard.gain());
      ProgramBuilder.Value part = builder.multiplyPlain(input, rows.spread(new Constant.Vector(mask, period)), plainScale);
      sum = sum == null ? part : builder.add(sum, part);
      double ofMask = noise.encode(period, plainScale.log2(parameters)) * guard.gain();
      deviation = Math.hypot(deviation, Math.hypot(guard.input().slotDeviation() * fitting.factor / guard.gain(), ofMask));
      start += guard.period();
    }
    deviation = Math.hypot(deviation, noise.rescale(fitting.scale.log2(parameters)));
    return described(name, builder.rescale(sum), place, group, period, fitting.factor, deviation);
  }

  /** The bits by which scale or slots have to fall, for so many bits between the scale and the base prime. */
  private int shift(Scale scale, double bits) {
    double logScale = scale.log2(parameters);
    int shift = (int) Math.max(0, Math.ceil(logScale + bits - log2(parameters.modulus(0))));
    double finest = log2(noise.rescale(0) * NoiseModel.DEVIATIONS * NoiseModel.SAFETY / NOISE_SHARE);
    return (int) Math.min(shift, Math.max(0, Math.floor(logScale - finest)));
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  private Part described(String name, ProgramBuilder.Value value, Place place, List<Watched> group, int period, double end, double deviation) {
    Guard guard = new Guard(group.stream().map(Watched::activation).toList(), end,
        group.stream().mapToDouble(Watched::sampleReach).max().orElse(0), deviation);
    emitted.add(guard);
    return new Part(value, new CipherOutput(place.kind, place.number, name, group.stream().mapToInt(Watched::size).sum(), rows.step(period),
        rows.rows(), 0, value.scale(), new double[0], new double[0], guard.bound(1), guard.slotError(), 0));
  }
}
