// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A straight-line program over ciphertexts: instructions in static single assignment, constants, and layer names for reports.
 *
 * <p>Construction proves every level, scale and component count, that inputs and outputs are numbered 0.. without gaps, and
 * derives the evaluation keys needed.
 */
public final class Program {
  /** Most instructions. */
  public static final int MAX_INSTRUCTIONS = 1 << 20;

  /** Most constants. */
  public static final int MAX_CONSTANTS = 1 << 16;

  private static final int BODY_VERSION = 1;

  /** Types end with an array length; written only where there is an array. */
  private static final int ARRAY_VERSION = 2;

  private static final int MIN_INSTRUCTION_BYTES = 12;
  private static final int MIN_CONSTANT_BYTES = 7;

  private final Parameters parameters;
  private final List<String> layers;
  private final List<Constant> constants;
  private final List<Instruction> instructions;
  private final List<ValueType> inputTypes;
  private final List<ValueType> outputTypes;
  private final SortedSet<KeyRequirement> requiredKeys;

  /**
   * Makes and proves a program.
   *
   * @param layers names that instructions refer to by index; at least one
   * @throws IllegalArgumentException with the instruction's id and the numbers, if a rule of the op table is broken
   * @throws UnsupportedException if an op is not implemented in this version
   */
  public Program(
      Parameters parameters, List<String> layers, List<Constant> constants, List<Instruction> instructions) {
    this.parameters = parameters;
    this.layers = List.copyOf(layers);
    this.constants = List.copyOf(constants);
    this.instructions = List.copyOf(instructions);
    require(!layers.isEmpty() && layers.size() <= 0xffff, "%d layers, must be 1..65535", layers.size());
    require(constants.size() <= MAX_CONSTANTS, "%d constants, at most %d", constants.size(), MAX_CONSTANTS);
    require(
        !instructions.isEmpty() && instructions.size() <= MAX_INSTRUCTIONS,
        "%d instructions, must be 1..%d", instructions.size(), MAX_INSTRUCTIONS);
    ProgramChecker checker = new ProgramChecker(parameters, this.constants);
    List<ValueType> inputs = new ArrayList<>();
    List<ValueType> outputs = new ArrayList<>();
    for (int id = 0; id < this.instructions.size(); id++) {
      Instruction in = this.instructions.get(id);
      require(in.layer() < layers.size(), "instruction %d names layer %d of %d", id, in.layer(), layers.size());
      try {
        checker.check(in, this.instructions.subList(0, id));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "instruction " + id + " in layer " + this.layers.get(in.layer()) + ": " + e.getMessage(), e);
      }
      if (in.op() == Op.INPUT || in.op() == Op.OUTPUT) {
        place(in.op() == Op.INPUT ? inputs : outputs, in, id);
      }
    }
    inputTypes = complete("input", inputs);
    outputTypes = complete("output", outputs);
    SortedSet<KeyRequirement> keys = new TreeSet<>();
    checker.keys().forEach((galois, level) -> keys.add(new KeyRequirement(galois, level)));
    requiredKeys = Collections.unmodifiableSortedSet(keys);
  }

  /** Returns the parameters that it is typed for. */
  public Parameters parameters() {
    return parameters;
  }

  /** Returns the layers' names. */
  public List<String> layers() {
    return layers;
  }

  /** Returns the constants. */
  public List<Constant> constants() {
    return constants;
  }

  /** Returns the instructions; the id of one is its index. */
  public List<Instruction> instructions() {
    return instructions;
  }

  /** Returns the types of the inputs by their number. A run takes their ciphertexts in this order, arrays element after element. */
  public List<ValueType> inputTypes() {
    return inputTypes;
  }

  /** Returns the types of the outputs by their number. A run gives their ciphertexts in this order, arrays element after element. */
  public List<ValueType> outputTypes() {
    return outputTypes;
  }

  /** Returns the type of each ciphertext that a run takes, in its order. */
  public List<ValueType> inputCiphertexts() {
    return ciphertexts(inputTypes);
  }

  /** Returns the type of each ciphertext that a run gives, in its order. */
  public List<ValueType> outputCiphertexts() {
    return ciphertexts(outputTypes);
  }

  private static List<ValueType> ciphertexts(List<ValueType> types) {
    List<ValueType> each = new ArrayList<>();
    types.forEach(type -> each.addAll(Collections.nCopies(type.length(), type.withLength(1))));
    return each;
  }

  /** Returns the evaluation keys needed: one per Galois element, at the highest level that uses it. */
  public SortedSet<KeyRequirement> requiredKeys() {
    return requiredKeys;
  }

  /** Returns the PROGRAM blob. */
  public byte[] toBytes() {
    BoundedWriter out = new BoundedWriter();
    boolean arrays = hasArrays();
    out.u16(arrays ? ARRAY_VERSION : BODY_VERSION).u16(inputTypes.size()).u16(outputTypes.size()).u16(layers.size());
    layers.forEach(out::string);
    out.u32(constants.size());
    constants.forEach(constant -> constant.writeTo(out));
    out.u32(instructions.size());
    instructions.forEach(instruction -> instruction.writeTo(out, arrays));
    return Blob.write(BlobKind.PROGRAM, parameters.hash(), out.toBytes());
  }

  /**
   * Reads a PROGRAM blob and proves it.
   *
   * @throws MalformedException if the bytes are not a program for these parameters, or break a rule of the op table
   * @throws UnsupportedException if an op is not implemented in this version
   */
  public static Program fromBytes(Parameters parameters, ByteBuffer bytes) {
    BoundedReader in = new BoundedReader("program", Blob.read(bytes, BlobKind.PROGRAM, parameters).body());
    boolean arrays = in.u16("body version", BODY_VERSION, ARRAY_VERSION) == ARRAY_VERSION;
    int inputCount = in.u16("input count");
    int outputCount = in.u16("output count");
    int layerCount = in.u16("layer count", 1, 0xffff);
    in.needItems("layers", layerCount, 2);
    List<String> layers = new ArrayList<>(layerCount);
    for (int i = 0; i < layerCount; i++) {
      layers.add(in.string("layer " + i));
    }
    int constantCount = in.u32("constant count", 0, MAX_CONSTANTS);
    in.needItems("constants", constantCount, MIN_CONSTANT_BYTES);
    List<Constant> constants = new ArrayList<>(constantCount);
    for (int i = 0; i < constantCount; i++) {
      constants.add(Constant.readFrom(in));
    }
    int count = in.u32("instruction count", 1, MAX_INSTRUCTIONS);
    in.needItems("instructions", count, MIN_INSTRUCTION_BYTES);
    List<Instruction> instructions = new ArrayList<>(count);
    Program program;
    try {
      for (int i = 0; i < count; i++) {
        instructions.add(Instruction.readFrom(in, arrays));
      }
      in.end();
      program = new Program(parameters, layers, constants, instructions);
    } catch (IllegalArgumentException e) {
      throw in.malformed(e.getMessage());
    }
    if (arrays != program.hasArrays()) {
      throw in.malformed("body version " + ARRAY_VERSION + " without an array is written as version " + BODY_VERSION);
    }
    if (program.inputTypes.size() != inputCount || program.outputTypes.size() != outputCount) {
      throw in.malformed(
          "declares " + inputCount + " inputs and " + outputCount + " outputs, has " + program.inputTypes.size()
              + " and " + program.outputTypes.size());
    }
    return program;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Program p
        && parameters.equals(p.parameters)
        && layers.equals(p.layers)
        && constants.equals(p.constants)
        && instructions.equals(p.instructions);
  }

  @Override
  public int hashCode() {
    return 31 * instructions.hashCode() + constants.hashCode();
  }

  @Override
  public String toString() {
    return "Program[" + instructions.size() + " instructions, " + constants.size() + " constants, "
        + inputTypes.size() + " inputs, " + outputTypes.size() + " outputs, " + requiredKeys.size() + " keys]";
  }

  private boolean hasArrays() {
    return instructions.stream().anyMatch(instruction -> instruction.type().length() > 1);
  }

  private static void place(List<ValueType> types, Instruction in, int id) {
    require(
        in.index() >= 0 && in.index() < 0xffff, "instruction %d: %s index %d is outside 0..65534", id, in.op(), in.index());
    while (types.size() <= in.index()) {
      types.add(null);
    }
    require(types.get(in.index()) == null, "instruction %d: %s %d occurs twice", id, in.op(), in.index());
    types.set(in.index(), in.type());
  }

  private static List<ValueType> complete(String what, List<ValueType> types) {
    require(!types.isEmpty(), "program has no %s", what);
    require(!types.contains(null), "%s %d is missing, there are %d", what, types.indexOf(null), types.size());
    return List.copyOf(types);
  }

  private static void require(boolean condition, String format, Object... arguments) {
    if (!condition) {
      throw new IllegalArgumentException(String.format(format, arguments));
    }
  }
}
