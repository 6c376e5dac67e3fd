// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Builds a {@link Program} one instruction at a time; every method checks types at once and refuses with the numbers.
 *
 * <p>Not thread-safe. Equal constants are stored once.
 */
public final class ProgramBuilder {
  private final Parameters parameters;
  private final List<Constant> constants = new ArrayList<>();
  private final Map<Constant, Integer> constantIds = new HashMap<>();
  private final List<Instruction> instructions = new ArrayList<>();
  private final List<String> layers = new ArrayList<>();
  private final ProgramChecker checker;
  private int layer = -1;
  private int inputs;
  private int outputs;

  /** Starts an empty program for these parameters. */
  public ProgramBuilder(Parameters parameters) {
    this.parameters = parameters;
    this.checker = new ProgramChecker(parameters, constants);
  }

  /** A value of the program under construction. */
  public final class Value {
    private final int id;

    private Value(int id) {
      this.id = id;
    }

    /** Returns the id of the instruction that makes it. */
    public int id() {
      return id;
    }

    /** Returns its type. */
    public ValueType type() {
      return instructions.get(id).type();
    }

    /** Returns its level. */
    public int level() {
      return type().level();
    }

    /** Returns its exact scale. */
    public Scale scale() {
      return type().scale();
    }

    /** Returns its ciphertexts; more than 1 for an array. */
    public int length() {
      return type().length();
    }

    /** Returns its components, 2 or 3. */
    public int components() {
      return type().components();
    }

    private ProgramBuilder owner() {
      return ProgramBuilder.this;
    }
  }

  /** Returns the parameters. */
  public Parameters parameters() {
    return parameters;
  }

  /** Names the layer that the following instructions belong to; a name used before continues that layer. */
  public ProgramBuilder layer(String name) {
    layer = layers.indexOf(name);
    if (layer < 0) {
      layer = layers.size();
      layers.add(name);
    }
    return this;
  }

  /** Adds the next input in slots. */
  public Value input(int level, Scale scale) {
    return input(ValueType.slots(level, scale));
  }

  /** Adds the next input. */
  public Value input(ValueType type) {
    Instruction.Draft draft = draft(Op.INPUT);
    draft.index = inputs;
    Value value = add(draft, type);
    inputs++;
    return value;
  }

  /** Makes a value the next output and returns the output's number. */
  public int output(Value value) {
    Instruction.Draft draft = draft(Op.OUTPUT, value);
    draft.index = outputs;
    add(draft, value.type());
    return outputs++;
  }

  /** a + b; equal levels and scales. */
  public Value add(Value a, Value b) {
    return add(draft(Op.ADD, a, b), widest(a, b));
  }

  /** a - b; equal levels and scales. */
  public Value sub(Value a, Value b) {
    return add(draft(Op.SUB, a, b), widest(a, b));
  }

  /** a + vector, encoded at a's scale. */
  public Value addPlain(Value a, Constant.Vector vector) {
    return add(with(draft(Op.ADD_PLAIN, a), vector), a.type());
  }

  /** a + number in every slot. */
  public Value addScalar(Value a, double number) {
    Instruction.Draft draft = draft(Op.ADD_SCALAR, a);
    draft.scalar = number;
    return add(draft, a.type());
  }

  /** -a. */
  public Value negate(Value a) {
    return add(draft(Op.NEGATE, a), a.type());
  }

  /** a * b slot by slot, 3 components; equal levels. */
  public Value multiply(Value a, Value b) {
    return add(draft(Op.MULTIPLY, a, b), a.type().withComponents(3).withScale(a.scale().times(b.scale())));
  }

  /** a * a slot by slot, 3 components. */
  public Value square(Value a) {
    return add(draft(Op.SQUARE, a), a.type().withComponents(3).withScale(a.scale().times(a.scale())));
  }

  /** a * vector, encoded at plainScale; of coefficients, a times the polynomial whose coefficients the vector holds. */
  public Value multiplyPlain(Value a, Constant.Vector vector, Scale plainScale) {
    return scaled(with(draft(Op.MULTIPLY_PLAIN, a), vector), a, plainScale);
  }

  /** a * round(factor * plainScale); the scale grows by plainScale. */
  public Value multiplyScalar(Value a, double factor, Scale plainScale) {
    Instruction.Draft draft = draft(Op.MULTIPLY_SCALAR, a);
    draft.scalar = factor;
    return scaled(draft, a, plainScale);
  }

  /** Slot j of the result is slot j+steps of a. */
  public Value rotate(Value a, int steps) {
    Instruction.Draft draft = draft(Op.ROTATE, a);
    draft.steps = steps;
    return add(draft, a.type());
  }

  /** Sum over i < count of a rotated by i*step; count a power of two. */
  public Value rotateSum(Value a, int step, int count) {
    Instruction.Draft draft = draft(Op.ROTATE_SUM, a);
    draft.steps = step;
    draft.count = count;
    return add(draft, a.type());
  }

  /** The mean of a rotated by the multiples of a step, over all slots: slots a step apart are alike then. */
  public Value rotateMean(Value a, int step) {
    Instruction.Draft draft = draft(Op.ROTATE_MEAN, a);
    draft.steps = step;
    draft.count = parameters.slots() / Math.max(1, step);
    return add(draft, a.type());
  }

  /** a + i b in one ciphertext; see {@link Op#COMPLEX}. */
  public Value complex(Value a, Value b) {
    return add(draft(Op.COMPLEX, a, b), a.type());
  }

  /**
   * a, re-randomised and flooded; see {@link Op#FLOOD}.
   *
   * @param zero an input that is a seeded encryption of zero, of a's level and encoding
   * @param bits see {@link ModelPrivacy#deviation}
   */
  public Value flood(Value a, Value zero, int bits) {
    Instruction.Draft draft = draft(Op.FLOOD, a, zero);
    draft.scalar = bits;
    return add(draft, a.type());
  }

  /** Complex conjugate of every slot. */
  public Value conjugate(Value a) {
    return add(draft(Op.CONJUGATE, a), a.type());
  }

  /** The diagonals of a matrix applied to a, without the final sum of a wide matrix; see {@link Op#LINEAR_TRANSFORM}. */
  public Value linearTransform(Value a, Constant.Matrix matrix, int babySteps, Scale plainScale) {
    Instruction.Draft draft = with(draft(Op.LINEAR_TRANSFORM, a), matrix);
    draft.babySteps = babySteps;
    return scaled(draft, a, plainScale);
  }

  /** A map by its diagonals applied to a; see {@link Diagonals}. */
  public Value linearTransform(Value a, Diagonals diagonals, Scale plainScale) {
    Instruction.Draft draft = with(draft(Op.LINEAR_TRANSFORM, a), diagonals);
    draft.babySteps = 1;
    return scaled(draft, a, plainScale);
  }

  /** A polynomial of every slot, to exactly the target scale, ceil(log2(degree+1)) levels down. */
  public Value polynomial(Value a, Constant.Polynomial polynomial, Scale target) {
    int level = a.level() - polynomial.depth();
    if (level < 0) {
      throw new IllegalArgumentException(
          "POLYNOMIAL: degree " + polynomial.degree() + " takes " + polynomial.depth() + " levels, argument has level "
              + a.level());
    }
    return add(with(draft(Op.POLYNOMIAL, a), polynomial), a.type().withLevel(level).withScale(target));
  }

  /** An affine map of the array a, weights encoded at plainScale and the bias at the result's scale. */
  public Value matrixProduct(Value a, Constant.Affine affine, Scale plainScale) {
    Instruction.Draft draft = with(draft(Op.MATRIX_PRODUCT, a), affine);
    draft.plainScale = plainScale;
    return add(draft, a.type().withScale(a.scale().times(plainScale)).withLength(affine.rows()));
  }

  /** 3 components to 2. */
  public Value relinearize(Value a) {
    return add(draft(Op.RELINEARIZE, a), a.type().withComponents(2));
  }

  /** Division by the prime of a's level. */
  public Value rescale(Value a) {
    if (a.level() < 1) {
      throw new IllegalArgumentException("RESCALE: needs level 1 or more, has 0");
    }
    return add(
        draft(Op.RESCALE, a),
        a.type().withLevel(a.level() - 1).withScale(a.scale().timesPrime(a.level(), -1)));
  }

  /** Removal of primes down to a level; a itself when it is there already. */
  public Value dropLevel(Value a, int level) {
    if (level == a.level()) {
      return a;
    }
    return add(draft(Op.DROP_LEVEL, a), a.type().withLevel(level));
  }

  /** Keeps some coefficients of a, which is in coefficients; only an output takes the result. */
  public Value extract(Value a, Indexes indexes) {
    ValueType type = a.type();
    return add(
        with(draft(Op.EXTRACT, a), indexes),
        new ValueType(Encoding.EXTRACTED, type.level(), type.components(), type.scale(), type.length()));
  }

  /** Returns the program, proved once more as a whole. */
  public Program build() {
    return new Program(parameters, layers, constants, instructions);
  }

  private Instruction.Draft draft(Op op, Value... arguments) {
    int[] ids = new int[arguments.length];
    for (int i = 0; i < ids.length; i++) {
      if (arguments[i].owner() != this) {
        throw new IllegalArgumentException(op + ": argument " + i + " is a value of another builder");
      }
      ids[i] = arguments[i].id;
    }
    if (layer < 0) {
      layer("program");
    }
    Instruction.Draft draft = new Instruction.Draft(op, ids);
    draft.layer = layer;
    return draft;
  }

  private Instruction.Draft with(Instruction.Draft draft, Constant constant) {
    draft.constant = constantIds.computeIfAbsent(constant, key -> {
      constants.add(key);
      return constants.size() - 1;
    });
    return draft;
  }

  private Value scaled(Instruction.Draft draft, Value a, Scale plainScale) {
    draft.plainScale = plainScale;
    return add(draft, a.type().withScale(a.scale().times(plainScale)));
  }

  private static ValueType widest(Value a, Value b) {
    return a.components() >= b.components() ? a.type() : b.type();
  }

  private Value add(Instruction.Draft draft, ValueType type) {
    Instruction instruction = draft.typed(type);
    checker.check(instruction, instructions);
    instructions.add(instruction);
    return new Value(instructions.size() - 1);
  }
}
