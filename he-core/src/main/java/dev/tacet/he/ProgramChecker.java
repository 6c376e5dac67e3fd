// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The typing rules of the op table: the type of each result, and the keys that each op needs. */
final class ProgramChecker {
  private final Parameters parameters;
  private final List<Constant> constants;
  private final SortedMap<Long, Integer> keys = new TreeMap<>();

  ProgramChecker(Parameters parameters, List<Constant> constants) {
    this.parameters = parameters;
    this.constants = constants;
  }

  /** Returns the highest level at which each Galois element is used by the instructions checked so far. */
  SortedMap<Long, Integer> keys() {
    return keys;
  }

  /**
   * Proves that an instruction has the type it declares and that its attributes are in range.
   *
   * @param in the instruction
   * @param earlier the instructions before it
   * @throws IllegalArgumentException with the numbers, if a rule is broken
   * @throws UnsupportedException if the op is not implemented
   */
  void check(Instruction in, List<Instruction> earlier) {
    Op op = in.op();
    if (!op.implemented()) {
      throw new UnsupportedException("op " + op + " (" + op.code() + ") is not implemented in this version");
    }
    require(in, in.argumentCount() == op.arity(), "takes %d arguments, has %d", op.arity(), in.argumentCount());
    for (int i = 0; i < in.argumentCount(); i++) {
      require(
          in, in.argument(i) < earlier.size(), "argument %d is value %d, only %d values precede it",
          i, in.argument(i), earlier.size());
      require(
          in, earlier.get(in.argument(i)).op() != Op.OUTPUT, "argument %d is value %d, which is an OUTPUT",
          i, in.argument(i));
      require(
          in, op == Op.OUTPUT || earlier.get(in.argument(i)).type().encoding() != Encoding.EXTRACTED,
          "argument %d is value %d, which is extracted: only an OUTPUT takes it", i, in.argument(i));
      require(
          in, op == Op.OUTPUT || earlier.get(in.argument(i)).op() != Op.COMPLEX,
          "argument %d is value %d, whose slots are complex: only an OUTPUT takes it", i, in.argument(i));
    }
    ValueType first = in.argumentCount() > 0 ? earlier.get(in.argument(0)).type() : null;
    ValueType second = in.argumentCount() > 1 ? earlier.get(in.argument(1)).type() : null;
    require(
        in, second == null || first.length() == second.length(), "arrays of %d and %d", first == null ? 0 : first.length(),
        second == null ? 0 : second.length());
    ValueType expected = result(in, first, second, earlier);
    require(
        in, expected.equals(in.type()), "declares %s, its arguments give %s", in.type(), expected);
    try {
      in.type().requireIn(parameters);
      if (in.plainScale() != null) {
        in.plainScale().requirePrimesOf(parameters);
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(in.op() + ": " + e.getMessage(), e);
    }
    double scale = in.type().scale().log2(parameters);
    double modulus = parameters.logQ(in.type().level());
    require(
        in, scale <= modulus, "scale has %.2f bits at level %d, whose modulus has %.2f",
        scale, in.type().level(), modulus);
  }

  private ValueType result(Instruction in, ValueType a, ValueType b, List<Instruction> earlier) {
    return switch (in.op()) {
      case INPUT -> {
        require(in, in.type().components() == 2, "has %d components, must have 2", in.type().components());
        require(in, in.type().encoding() != Encoding.EXTRACTED, "inputs are not extracted");
        yield in.type();
      }
      case OUTPUT, NEGATE -> a;
      case ADD_SCALAR -> {
        slots(in, a);
        finite(in);
        yield a;
      }
      case ADD_PLAIN -> {
        vector(in, a);
        yield a;
      }
      case ADD, SUB -> {
        require(in, a.level() == b.level(), "levels %d and %d differ", a.level(), b.level());
        require(
            in, a.scale().equals(b.scale()), "scales %s and %s (log2 %.6f and %.6f) differ",
            a.scale(), b.scale(), logOf(a.scale()), logOf(b.scale()));
        require(in, a.encoding() == b.encoding(), "encodings %s and %s differ", a.encoding(), b.encoding());
        yield a.withComponents(Math.max(a.components(), b.components()));
      }
      case COMPLEX -> {
        slots(in, a);
        twoComponents(in, a);
        if (parameters.ringType() == RingType.CONJUGATE_INVARIANT) {
          throw new UnsupportedException("COMPLEX is not available in ring type CONJUGATE_INVARIANT, its slots are real");
        }
        require(in, a.equals(b), "%s and %s, real and imaginary parts need equal types", a, b);
        yield a;
      }
      case MULTIPLY -> product(in, a, b);
      case SQUARE -> product(in, a, a);
      case MULTIPLY_PLAIN -> {
        vector(in, a);
        if (a.encoding() == Encoding.COEFFICIENTS && parameters.ringType() == RingType.CONJUGATE_INVARIANT) {
          throw new UnsupportedException("MULTIPLY_PLAIN of coefficients is not available in ring type CONJUGATE_INVARIANT");
        }
        yield scaled(in, a);
      }
      case MULTIPLY_SCALAR -> {
        finite(in);
        double rounded = Math.rint(in.scalar());
        require(
            in, !Scale.ONE.equals(in.plainScale()) || rounded == in.scalar() && Math.abs(rounded) <= 0x1p53,
            "factor %s at plain scale 1 is not an integer", in.scalar());
        yield scaled(in, a);
      }
      case ROTATE -> {
        slots(in, a);
        twoComponents(in, a);
        key(in, parameters.galoisElement(in.steps()), a);
        yield a;
      }
      case ROTATE_SUM -> {
        slots(in, a);
        twoComponents(in, a);
        require(
            in, in.count() >= 1 && Integer.bitCount(in.count()) == 1 && in.count() <= parameters.slots(),
            "count %d is not a power of two in 1..%d", in.count(), parameters.slots());
        require(
            in, in.steps() >= 0 && in.steps() <= parameters.slots(), "step %d is outside 0..%d",
            in.steps(), parameters.slots());
        doublings(in, a);
        yield a;
      }
      case ROTATE_MEAN -> {
        slots(in, a);
        twoComponents(in, a);
        require(
            in, in.steps() >= 1 && in.steps() * (long) in.count() == parameters.slots(), "%d rotations %d apart are not the %d slots",
            in.count(), in.steps(), parameters.slots());
        doublings(in, a);
        yield a;
      }
      case CONJUGATE -> {
        slots(in, a);
        twoComponents(in, a);
        key(in, parameters.conjugationElement(), a);
        yield a;
      }
      case LINEAR_TRANSFORM -> linearTransform(in, a);
      case POLYNOMIAL -> polynomial(in, a);
      case MATRIX_PRODUCT -> matrixProduct(in, a);
      case RELINEARIZE -> {
        require(in, a.components() == 3, "argument has %d components, needs 3", a.components());
        key(in, KeyRequirement.RELINEARIZATION, a);
        yield a.withComponents(2);
      }
      case RESCALE -> {
        require(in, a.level() >= 1, "needs level 1 or more, has %d", a.level());
        yield a.withLevel(a.level() - 1).withScale(a.scale().timesPrime(a.level(), -1));
      }
      case DROP_LEVEL -> {
        int level = in.type().level();
        require(in, level <= a.level(), "drops to level %d, has only %d", level, a.level());
        yield a.withLevel(level);
      }
      case EXTRACT -> extract(in, a);
      case FLOOD -> {
        twoComponents(in, a);
        require(in, earlier.get(in.argument(1)).op() == Op.INPUT, "the encryption of zero is value %d, which is no input", in.argument(1));
        require(in, a.length() == 1, "floods one ciphertext, has an array of %d", a.length());
        require(in, a.encoding() == b.encoding(), "encodings %s and %s differ", a.encoding(), b.encoding());
        require(in, a.level() == b.level(), "levels %d and %d differ", a.level(), b.level());
        ModelPrivacy.requireFits(in.scalar(), parameters, a.level());
        yield a;
      }
      default -> throw new UnsupportedException("op " + in.op() + " is not implemented in this version");
    };
  }

  /** The keys of the rotations by a step and its doubles. */
  private void doublings(Instruction in, ValueType a) {
    for (long i = 1; i < in.count(); i *= 2) {
      key(in, parameters.galoisElement((int) (in.steps() * i % parameters.slots())), a);
    }
  }

  private ValueType product(Instruction in, ValueType a, ValueType b) {
    twoComponents(in, a);
    twoComponents(in, b);
    require(in, a.level() == b.level(), "levels %d and %d differ", a.level(), b.level());
    require(
        in, a.encoding() == Encoding.SLOTS && b.encoding() == Encoding.SLOTS, "encodings %s and %s must be SLOTS",
        a.encoding(), b.encoding());
    return a.withComponents(3).withScale(a.scale().times(b.scale()));
  }

  private ValueType scaled(Instruction in, ValueType a) {
    require(in, in.plainScale() != null, "has no plain scale");
    return a.withScale(a.scale().times(in.plainScale()));
  }

  private ValueType linearTransform(Instruction in, ValueType a) {
    twoComponents(in, a);
    slots(in, a);
    if (constant(in) instanceof Diagonals diagonals) {
      return diagonals(in, a, diagonals);
    }
    require(
        in, constant(in) instanceof Constant.Matrix, "constant %d is %s, needs a matrix or diagonals",
        in.constant(), constant(in));
    Constant.Matrix matrix = (Constant.Matrix) constant(in);
    require(
        in, Math.max(matrix.inPeriod(), matrix.outPeriod()) <= parameters.slots(),
        "periods %d -> %d exceed the %d slots", matrix.inPeriod(), matrix.outPeriod(), parameters.slots());
    int diagonals = matrix.diagonals();
    require(
        in, in.babySteps() >= 1 && in.babySteps() <= diagonals, "baby steps %d are outside 1..%d (the diagonals)",
        in.babySteps(), diagonals);
    for (int baby = 1; baby < in.babySteps(); baby++) {
      key(in, parameters.galoisElement(baby), a);
    }
    for (int giant = in.babySteps(); giant < diagonals; giant += in.babySteps()) {
      key(in, parameters.galoisElement(giant), a);
    }
    return scaled(in, a);
  }

  private ValueType diagonals(Instruction in, ValueType a, Diagonals diagonals) {
    require(
        in, diagonals.period() <= parameters.slots(), "the diagonals' period %d exceeds the %d slots",
        diagonals.period(), parameters.slots());
    require(in, in.babySteps() == 1, "baby steps %d, diagonals have their own and take 1 here", in.babySteps());
    int reach = diagonals.reach();
    require(in, reach < parameters.slots(), "a step of %d, must be less than the %d slots in size", reach, parameters.slots());
    for (int step : diagonals.rotations()) {
      key(in, parameters.galoisElement(step), a);
    }
    if (diagonals.pair() != 0) {
      key(in, parameters.conjugationElement(), a);
    }
    return scaled(in, a);
  }

  private ValueType polynomial(Instruction in, ValueType a) {
    twoComponents(in, a);
    slots(in, a);
    require(
        in, constant(in) instanceof Constant.Polynomial, "constant %d is %s, needs a polynomial",
        in.constant(), constant(in));
    Constant.Polynomial polynomial = (Constant.Polynomial) constant(in);
    require(in, polynomial.degree() >= 1, "degree is 0, needs 1 or more");
    int depth = polynomial.depth();
    require(
        in, a.level() >= depth, "degree %d takes %d levels, argument has level %d",
        polynomial.degree(), depth, a.level());
    if (polynomial.degree() >= 2) {
      key(in, KeyRequirement.RELINEARIZATION, a);
    }
    return a.withLevel(a.level() - depth).withScale(in.type().scale());
  }

  private ValueType matrixProduct(Instruction in, ValueType a) {
    slots(in, a);
    require(
        in, constant(in) instanceof Constant.Affine, "constant %d is %s, needs an affine map",
        in.constant(), constant(in));
    Constant.Affine affine = (Constant.Affine) constant(in);
    require(in, affine.cols() == a.length(), "%d columns for an array of %d", affine.cols(), a.length());
    return scaled(in, a).withLength(affine.rows());
  }

  private ValueType extract(Instruction in, ValueType a) {
    twoComponents(in, a);
    require(in, a.encoding() == Encoding.COEFFICIENTS, "argument's encoding is %s, needs COEFFICIENTS", a.encoding());
    require(in, constant(in) instanceof Indexes, "constant %d is %s, needs indexes", in.constant(), constant(in));
    int last = ((Indexes) constant(in)).last();
    require(in, last < parameters.ringDegree(), "index %d is not below the ring degree %d", last, parameters.ringDegree());
    return new ValueType(Encoding.EXTRACTED, a.level(), a.components(), a.scale(), a.length());
  }

  /** A vector that fits the argument's encoding. */
  private void vector(Instruction in, ValueType a) {
    require(
        in, constant(in) instanceof Constant.Vector, "constant %d is %s, needs a vector",
        in.constant(), constant(in));
    int period = ((Constant.Vector) constant(in)).period();
    if (a.encoding() == Encoding.SLOTS) {
      require(in, period <= parameters.slots(), "vector's period %d exceeds the %d slots", period, parameters.slots());
    } else {
      require(
          in, period == parameters.ringDegree(), "vector's period is %d, in coefficients it is the ring degree %d", period,
          parameters.ringDegree());
    }
  }

  private Constant constant(Instruction in) {
    require(
        in, in.constant() >= 0 && in.constant() < constants.size(), "constant %d does not exist, there are %d",
        in.constant(), constants.size());
    return constants.get(in.constant());
  }

  private void key(Instruction in, long galoisElement, ValueType argument) {
    if (galoisElement == 1) {
      return;
    }
    require(in, parameters.specialPrimes().length > 0, "needs key switching, the parameters have no special prime");
    keys.merge(galoisElement, argument.level(), Math::max);
  }

  private double logOf(Scale scale) {
    return scale.primeLimit() <= parameters.maxLevel() + 1 ? scale.log2(parameters) : Double.NaN;
  }

  private static void finite(Instruction in) {
    require(in, Double.isFinite(in.scalar()), "number is %s, must be finite", in.scalar());
  }

  private static void twoComponents(Instruction in, ValueType a) {
    require(in, a.components() == 2, "argument has %d components, needs 2; relinearize first", a.components());
  }

  private static void slots(Instruction in, ValueType a) {
    require(in, a.encoding() == Encoding.SLOTS, "argument's encoding is %s, needs SLOTS", a.encoding());
  }

  private static void require(Instruction in, boolean condition, String format, Object... arguments) {
    if (!condition) {
      throw new IllegalArgumentException(in.op() + ": " + String.format(format, arguments));
    }
  }
}
