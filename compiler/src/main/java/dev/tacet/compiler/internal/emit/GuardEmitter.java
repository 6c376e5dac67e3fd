// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.Parameters;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Scale;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Sends the inputs of activations back, at level 0 and at a scale at which they cannot wrap around the base prime wherever the
 * accepted bounds allow them to be. As many as the slots hold share one ciphertext, each in a part of the period of its own.
 */
final class GuardEmitter {
  /** Bits between what an input can reach and the base prime. */
  private static final double ROOM = 1.2;

  /** The noise that a smaller scale may make of the bound. */
  private static final double NOISE_SHARE = 0.02;

  private final ProgramBuilder builder;
  private final Parameters parameters;
  private final NoiseModel noise;
  private final List<Watched> watched = new ArrayList<>();

  GuardEmitter(ProgramBuilder builder, NoiseModel noise) {
    this.builder = builder;
    this.parameters = builder.parameters();
    this.noise = noise;
  }

  /**
   * An activation's input.
   *
   * @param gain the bound of its slots in the fitted interval
   * @param reach how many times the bound the accepted features can bring it to
   */
  private record Watched(String name, int size, Signal input, double gain, double reach) {
    int period() {
      return input.map().period();
    }
  }

  /** Watches an activation's input; see {@link Watched}. */
  void add(String name, int size, Signal input, double gain, double reach) {
    watched.add(new Watched(name, size, input, gain, reach));
  }

  /** Emits the outputs and returns what they are. */
  List<CipherOutput> emit() {
    List<CipherOutput> outputs = new ArrayList<>();
    List<Watched> group = new ArrayList<>();
    int used = 0;
    for (Watched next : watched.stream().sorted(Comparator.comparingInt(Watched::period).reversed()).toList()) {
      if (used + next.period() > parameters.slots()) {
        outputs.add(emit(group));
        group.clear();
        used = 0;
      }
      group.add(next);
      used += next.period();
    }
    if (!group.isEmpty()) {
      outputs.add(emit(group));
    }
    return outputs;
  }

  private CipherOutput emit(List<Watched> group) {
    String name = "guard of " + group.stream().map(Watched::name).collect(Collectors.joining(", "));
    builder.layer(name);
    return group.size() == 1 ? alone(name, group.get(0)) : together(name, group);
  }

  private CipherOutput alone(String name, Watched guard) {
    Signal input = guard.input();
    int shift = shift(guard.gain() * guard.reach());
    double deviation = input.slotDeviation();
    ProgramBuilder.Value value = input.value();
    if (shift > 0) {
      value = builder.rescale(builder.multiplyScalar(builder.dropLevel(value, 1), 1, plainScale(shift)));
      deviation = Math.hypot(deviation, noise.rescale(parameters.logScale() - shift));
    } else {
      value = builder.dropLevel(value, 0);
    }
    return output(name, value, guard.size(), guard.period(), guard.gain(), deviation);
  }

  /** Each input, times the inverse of its bound in its own part of the period and zero in the others; their sum. */
  private CipherOutput together(String name, List<Watched> group) {
    int period = Integer.highestOneBit(2 * group.stream().mapToInt(Watched::period).sum() - 1);
    double reach = group.stream().mapToDouble(Watched::reach).max().orElse(1);
    int shift = shift(reach);
    Scale plainScale = plainScale(shift);
    ProgramBuilder.Value sum = null;
    double deviation = 0;
    int start = 0;
    for (Watched guard : group) {
      double[] mask = new double[start + guard.period()];
      Arrays.fill(mask, start, mask.length, 1 / guard.gain());
      ProgramBuilder.Value part =
          builder.multiplyPlain(builder.dropLevel(guard.input().value(), 1), new Constant.Vector(mask, period), plainScale);
      sum = sum == null ? part : builder.add(sum, part);
      double ofMask = noise.encode(period, plainScale.log2(parameters)) * guard.gain();
      deviation = Math.hypot(deviation, Math.hypot(guard.input().slotDeviation() / guard.gain(), ofMask));
      start += guard.period();
    }
    deviation = Math.hypot(deviation, noise.rescale(parameters.logScale() - shift));
    return output(name, builder.rescale(sum), group.stream().mapToInt(Watched::size).sum(), period, 1, deviation);
  }

  /** The bits that the scale has to fall by for slots of this size. */
  private int shift(double largest) {
    double logBase = Math.log(parameters.modulus(0)) / Math.log(2);
    int shift = (int) Math.max(0, Math.ceil(parameters.logScale() + Math.log(largest) / Math.log(2) + ROOM - logBase));
    double finest = Math.log(noise.rescale(0) * NoiseModel.DEVIATIONS * NoiseModel.SAFETY / NOISE_SHARE) / Math.log(2);
    return (int) Math.min(shift, Math.max(0, Math.floor(parameters.logScale() - finest)));
  }

  private static Scale plainScale(int shift) {
    return Scale.prime(1, 1).times(Scale.powerOfTwo(-shift));
  }

  private CipherOutput output(String name, ProgramBuilder.Value value, int count, int period, double bound, double deviation) {
    int number = builder.output(value);
    return new CipherOutput(CipherOutput.Kind.GUARD, number, name, count, period, 0, value.scale(), new double[0], new double[0],
        bound, NoiseModel.DEVIATIONS * NoiseModel.SAFETY * deviation, 0);
  }
}
