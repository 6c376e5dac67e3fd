// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.Arrays;
import java.util.Objects;

/**
 * One step of a program: an op, its arguments (ids of earlier instructions), its attributes and the type of its result. The id
 * of an instruction is its index.
 *
 * <p>An attribute that the op does not have reads as 0 or null. Which has which: INPUT and OUTPUT index; ADD_PLAIN,
 * MULTIPLY_PLAIN, LINEAR_TRANSFORM, POLYNOMIAL, MATRIX_PRODUCT and EXTRACT constant; ADD_SCALAR, MULTIPLY_SCALAR and FLOOD scalar; MULTIPLY_PLAIN,
 * MULTIPLY_SCALAR, LINEAR_TRANSFORM and MATRIX_PRODUCT plainScale; ROTATE, ROTATE_SUM and ROTATE_MEAN steps; the last two count; LINEAR_TRANSFORM babySteps.
 */
public final class Instruction {
  private final Op op;
  private final int layer;
  private final int[] arguments;
  private final int index;
  private final int constant;
  private final double scalar;
  private final Scale plainScale;
  private final int steps;
  private final int count;
  private final int babySteps;
  private final ValueType type;

  private Instruction(Draft draft, ValueType type) {
    op = draft.op;
    layer = draft.layer;
    arguments = draft.arguments;
    index = draft.index;
    constant = draft.constant;
    scalar = draft.scalar;
    plainScale = draft.plainScale;
    steps = draft.steps;
    count = draft.count;
    babySteps = draft.babySteps;
    this.type = Objects.requireNonNull(type, "type");
  }

  /** Returns the op. */
  public Op op() {
    return op;
  }

  /** Returns the index of its layer in {@link Program#layers()}. */
  public int layer() {
    return layer;
  }

  /** Returns how many values it takes. */
  public int argumentCount() {
    return arguments.length;
  }

  /** Returns the id of its i-th argument. */
  public int argument(int i) {
    return arguments[i];
  }

  /** Returns the number of the program's input or output. */
  public int index() {
    return index;
  }

  /** Returns the index of its constant in {@link Program#constants()}. */
  public int constant() {
    return constant;
  }

  /** Returns its number. */
  public double scalar() {
    return scalar;
  }

  /** Returns the scale that its plaintext is encoded at, or null. */
  public Scale plainScale() {
    return plainScale;
  }

  /** Returns the steps of a rotation, or the step of a rotate-and-sum. */
  public int steps() {
    return steps;
  }

  /** Returns the number of terms of a rotate-and-sum, a power of two. */
  public int count() {
    return count;
  }

  /** Returns the baby steps of a linear transform. */
  public int babySteps() {
    return babySteps;
  }

  /** Returns the type of the result. */
  public ValueType type() {
    return type;
  }

  void writeTo(BoundedWriter out, boolean arrays) {
    out.u8(op.code()).u16(layer).u8(arguments.length);
    for (int argument : arguments) {
      out.u32(argument);
    }
    switch (op) {
      case INPUT, OUTPUT -> out.u16(index);
      case ADD_PLAIN, POLYNOMIAL, EXTRACT -> out.u32(constant);
      case ADD_SCALAR, FLOOD -> out.f64(scalar);
      case MULTIPLY_PLAIN, MATRIX_PRODUCT -> plainScale.writeTo(out.u32(constant));
      case MULTIPLY_SCALAR -> plainScale.writeTo(out.f64(scalar));
      case ROTATE -> out.i32(steps);
      case ROTATE_SUM, ROTATE_MEAN -> out.u32(steps).u32(count);
      case LINEAR_TRANSFORM -> plainScale.writeTo(out.u32(constant).u32(babySteps));
      default -> { }
    }
    type.writeTo(out, arrays);
  }

  static Instruction readFrom(BoundedReader in, boolean arrays) {
    Draft draft = new Draft(Op.ofCode(in.u8("opcode")));
    draft.layer = in.u16("layer");
    draft.arguments = new int[in.u8("argument count", 0, 2)];
    for (int i = 0; i < draft.arguments.length; i++) {
      draft.arguments[i] = in.u32("argument", 0, Program.MAX_INSTRUCTIONS - 1);
    }
    switch (draft.op) {
      case INPUT, OUTPUT -> draft.index = in.u16("index");
      case ADD_PLAIN, POLYNOMIAL, EXTRACT -> draft.constant = in.u32("constant", 0, Program.MAX_CONSTANTS - 1);
      case ADD_SCALAR, FLOOD -> draft.scalar = in.f64("scalar");
      case MULTIPLY_PLAIN, MATRIX_PRODUCT -> {
        draft.constant = in.u32("constant", 0, Program.MAX_CONSTANTS - 1);
        draft.plainScale = Scale.readFrom(in);
      }
      case MULTIPLY_SCALAR -> {
        draft.scalar = in.f64("scalar");
        draft.plainScale = Scale.readFrom(in);
      }
      case ROTATE -> draft.steps = in.i32("steps");
      case ROTATE_SUM, ROTATE_MEAN -> {
        draft.steps = in.u32("step", 0, Constant.MAX_PERIOD);
        draft.count = in.u32("count", 1, Constant.MAX_PERIOD);
      }
      case LINEAR_TRANSFORM -> {
        draft.constant = in.u32("constant", 0, Program.MAX_CONSTANTS - 1);
        draft.babySteps = in.u32("baby steps", 1, Constant.MAX_PERIOD);
        draft.plainScale = Scale.readFrom(in);
      }
      default -> { }
    }
    return new Instruction(draft, ValueType.readFrom(in, arrays));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Instruction i
        && op == i.op
        && layer == i.layer
        && Arrays.equals(arguments, i.arguments)
        && index == i.index
        && constant == i.constant
        && Double.compare(scalar, i.scalar) == 0
        && Objects.equals(plainScale, i.plainScale)
        && steps == i.steps
        && count == i.count
        && babySteps == i.babySteps
        && type.equals(i.type);
  }

  @Override
  public int hashCode() {
    return Objects.hash(op, layer, Arrays.hashCode(arguments), index, constant, scalar, steps, count, type);
  }

  @Override
  public String toString() {
    return op + Arrays.toString(arguments) + " -> level " + type.level() + " scale " + type.scale();
  }

  /** The fields of an instruction before its type is known. */
  static final class Draft {
    final Op op;
    int layer;
    int[] arguments = new int[0];
    int index;
    int constant;
    double scalar;
    Scale plainScale;
    int steps;
    int count;
    int babySteps;

    Draft(Op op, int... arguments) {
      this.op = op;
      this.arguments = arguments;
    }

    /** An instruction with the type that the op gives, or the declared one where the op leaves it open. */
    Instruction typed(ValueType type) {
      return new Instruction(this, type);
    }
  }
}
