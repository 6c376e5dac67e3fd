// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import dev.tacet.compiler.CostProfile;
import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Instruction;
import dev.tacet.he.Op;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import java.util.Arrays;
import java.util.List;

/** The work of each layer of a program. Neighbouring operations are fused as native/src/program/fusion.cpp does it. */
public final class ProgramWork {
  /** A layer of flooding, a sample and its residues, in words that are read or written. */
  private static final double FLOOD_LAYER_WORDS = 5;

  private final Program program;
  private final Parameters parameters;
  private final List<Instruction> instructions;
  private final int[] users;
  private final boolean[] absorbed;

  private ProgramWork(Program program) {
    this.program = program;
    this.parameters = program.parameters();
    this.instructions = program.instructions();
    this.users = users(instructions);
    this.absorbed = absorbed(instructions, users);
  }

  private static int[] users(List<Instruction> instructions) {
    int[] users = new int[instructions.size()];
    for (Instruction in : instructions) {
      for (int i = 0; i < in.argumentCount(); i++) {
        users[in.argument(i)]++;
      }
    }
    return users;
  }

  /** Returns the work of each layer of {@link Program#layers()}. */
  public static Work[] byLayer(Program program) {
    ProgramWork work = new ProgramWork(program);
    Work[] layers = new Work[program.layers().size()];
    Arrays.fill(layers, Work.NONE);
    for (int id = 0; id < work.instructions.size(); id++) {
      int layer = work.instructions.get(id).layer();
      layers[layer] = layers[layer].plus(work.of(id));
    }
    return layers;
  }

  /** Returns the predicted nanoseconds of each layer on a machine; the first output's layer takes what a run takes beside its operations. */
  public static double[] nanos(Program program, CostProfile profile) {
    CostProfile.Rates rates = profile.at(program.parameters().logRingDegree());
    double[] nanos = Arrays.stream(byLayer(program)).mapToDouble(work -> work.nanos(rates)).toArray();
    program.instructions().stream().filter(in -> in.op() == Op.OUTPUT).findFirst().ifPresent(out -> nanos[out.layer()] += profile.start());
    return nanos;
  }

  /** Which instructions their only user computes: products before a relinearization, relinearizations before a rescale. */
  private static boolean[] absorbed(List<Instruction> instructions, int[] users) {
    boolean[] absorbed = new boolean[instructions.size()];
    for (Instruction in : instructions) {
      if (in.op() == Op.RELINEARIZE || in.op() == Op.RESCALE) {
        Op before = instructions.get(in.argument(0)).op();
        boolean joins = in.op() == Op.RESCALE ? before == Op.RELINEARIZE : before == Op.MULTIPLY || before == Op.SQUARE;
        absorbed[in.argument(0)] = joins && users[in.argument(0)] == 1;
      }
    }
    return absorbed;
  }

  /** Whether a rescale is part of the division that ends a linear transform and its rotate sums, in one layer. */
  private boolean endsTransform(Instruction rescale) {
    int id = rescale.argument(0);
    while (users[id] == 1 && instructions.get(id).layer() == rescale.layer() && instructions.get(id).op() == Op.ROTATE_SUM) {
      id = instructions.get(id).argument(0);
    }
    return users[id] == 1 && instructions.get(id).layer() == rescale.layer() && instructions.get(id).op() == Op.LINEAR_TRANSFORM;
  }

  private Work of(int id) {
    Instruction in = instructions.get(id);
    if (absorbed[id] || in.op() == Op.INPUT || in.op() == Op.OUTPUT || in.op() == Op.RESCALE && endsTransform(in)) {
      return Work.NONE;
    }
    Instruction argument = instructions.get(in.argument(0));
    LevelWork level = new LevelWork(parameters, argument.type().level());
    int components = argument.type().components();
    Work each = switch (in.op()) {
      case ADD, SUB, NEGATE, MULTIPLY_SCALAR -> level.words(components);
      case COMPLEX -> level.words(2.0 * components);
      case ADD_PLAIN, ADD_SCALAR -> level.words(components);
      case MULTIPLY_PLAIN -> level.words(components);
      case MULTIPLY, SQUARE -> level.words(4);
      case DROP_LEVEL -> new LevelWork(parameters, in.type().level()).words(components);
      case ROTATE, CONJUGATE -> level.keySwitch(false, false);
      case ROTATE_SUM, ROTATE_MEAN -> level.keySwitch(false, false).plus(level.words(2)).plus(Work.call())
          .times(31 - Integer.numberOfLeadingZeros(in.count()));
      case RELINEARIZE -> level.keySwitch(absorbed[in.argument(0)], false);
      case EXTRACT -> level.rescale(components);
      case FLOOD -> level.words(FLOOD_LAYER_WORDS * in.scalar()).plus(level.rescale(2 * components));  // u, errors and noise are transformed
      case RESCALE -> absorbed[in.argument(0)]
          ? level.keySwitch(absorbed[argument.argument(0)], true) : level.rescale(components);
      case POLYNOMIAL -> {
        Constant.Polynomial p = (Constant.Polynomial) program.constants().get(in.constant());
        yield PolynomialWork.of(p.coefficients(), p.basis() == Constant.Basis.CHEBYSHEV).at(parameters, argument.type().level());
      }
      case LINEAR_TRANSFORM -> transform(in, level);
      case MATRIX_PRODUCT -> product(in, argument, level);
      default -> Work.NONE;
    };
    each = each.plus(Work.call());
    return in.op() == Op.MATRIX_PRODUCT ? each : each.times(in.type().length());
  }

  private Work transform(Instruction in, LevelWork level) {
    if (program.constants().get(in.constant()) instanceof Diagonals diagonals) {
      int babies = diagonals.babySteps().size() - (diagonals.babySteps().contains(0) ? 1 : 0);
      boolean paired = diagonals.pair() != 0;
      return level.transform(diagonals.products(), babies, diagonals.rotations().size() - babies - (paired ? 1 : 0), paired);
    }
    int diagonals = ((Constant.Matrix) program.constants().get(in.constant())).diagonals();
    int babies = Math.min(in.babySteps(), diagonals);
    return level.transform(diagonals, babies - 1, (diagonals + babies - 1) / babies - 1, false);
  }

  /** Weights are words at the plain scale; a limb whose words are small enough takes one multiplication a term. Inputs come from memory. */
  private Work product(Instruction in, Instruction argument, LevelWork level) {
    Constant.Affine affine = (Constant.Affine) program.constants().get(in.constant());
    double[] weights = affine.weights();
    double low = Math.min(0, Arrays.stream(weights).min().orElse(0));
    double high = Math.max(0, Arrays.stream(weights).max().orElse(0));
    double words = Math.rint((high - low) * in.plainScale().toDouble(parameters)) + 1;
    int small = 0;
    for (int i = 0; i <= argument.type().level(); i++) {
      small += words < 0x1p32 && words * (parameters.modulus(i) - 1) < 0x1p52 ? 1 : 0;
    }
    int components = argument.type().components();
    return level.terms(MatrixWork.products(affine.rows(), affine.cols(), weights), components, small)
        .plus(level.words((double) components * affine.cols()));
  }
}
