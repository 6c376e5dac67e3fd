// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a client must know of a model to use it, and all that it trusts: shapes, bounds, slot layout, scales, levels, the
 * evaluation keys needed, the meaning of each output, and the graph that turns decrypted values into the model's outputs.
 *
 * <p>Its bytes are canonical: one signature has one SHA-256, which clients pin.
 */
public final class Signature {
  private final String model;
  private final String parametersHash;
  private final int securityBits;
  private final List<SignatureInput> inputs;
  private final List<CipherOutput> cipherOutputs;
  private final Postprocessing tail;
  private final List<KeyRequirement> keys;
  private final Sharing sharing;
  private final RowPacking packing;
  private final KnownRows known;
  private final CoefficientBlocks blocks;
  private final ModelPrivacy privacy;
  private final FeatureTable table;

  /** Makes and validates a signature of the latency packing without a reserve for sharing; see the next constructor. */
  public Signature(
      String model,
      String parametersHash,
      int securityBits,
      List<SignatureInput> inputs,
      List<CipherOutput> cipherOutputs,
      Postprocessing tail,
      List<KeyRequirement> keys) {
    this(model, parametersHash, securityBits, inputs, cipherOutputs, tail, keys, Arrangement.LATENCY);
  }

  /**
   * Makes and validates a signature that says nothing of features but their bounds; see {@link #withFeatureTable}.
   *
   * @param model name of the model
   * @param parametersHash 64 hexadecimal digits, {@link Parameters#hashHex()}
   * @param securityBits bits of security that the parameters were chosen for
   * @param inputs one per program input, in order; at least one
   * @param cipherOutputs one per program output, each number once, and the guards that lie beside them; at least one VALUE
   * @param tail from the VALUE outputs to the model's named outputs
   * @param keys evaluation keys needed, ascending
   * @param arrangement how rows lie in ciphertexts
   * @throws IllegalArgumentException with the numbers, if something is inconsistent
   */
  public Signature(
      String model,
      String parametersHash,
      int securityBits,
      List<SignatureInput> inputs,
      List<CipherOutput> cipherOutputs,
      Postprocessing tail,
      List<KeyRequirement> keys,
      Arrangement arrangement) {
    this.table = FeatureTable.NONE;
    this.privacy = arrangement.privacy();
    this.sharing = arrangement.sharing();
    this.packing = arrangement.packing();
    this.known = arrangement.known();
    this.blocks = arrangement.blocks();
    this.model = Objects.requireNonNull(model, "model");
    this.parametersHash = Objects.requireNonNull(parametersHash, "parametersHash");
    this.securityBits = securityBits;
    this.inputs = List.copyOf(inputs);
    this.cipherOutputs = List.copyOf(cipherOutputs);
    this.tail = Objects.requireNonNull(tail, "tail");
    this.keys = List.copyOf(new TreeSet<>(keys));
    require(!model.isEmpty() && model.length() <= 255, "model name has %d characters, must have 1..255", model.length());
    require(parametersHash.matches("[0-9a-f]{64}"), "parameter hash is not 64 hexadecimal digits");
    require(securityBits >= 0 && securityBits <= 512, "%d security bits", securityBits);
    require(!inputs.isEmpty(), "signature has no input");
    require(this.keys.size() == keys.size(), "signature repeats a key among %d", keys.size());
    Set<String> names = new HashSet<>();
    for (SignatureInput input : inputs) {
      require(names.add(input.name()), "input name %s occurs twice", input.name());
    }
    Set<Integer> numbers = new HashSet<>();
    Set<Integer> imaginary = new HashSet<>();
    Set<String> values = new HashSet<>();
    for (CipherOutput output : cipherOutputs) {
      boolean beside = output.kind() == CipherOutput.Kind.IMAGINARY_GUARD;
      require(
          output.programOutput() < programOutputs() && (beside ? imaginary : numbers).add(output.programOutput()),
          "program output %d of %d occurs twice or does not exist", output.programOutput(), programOutputs());
      if (output.kind() == CipherOutput.Kind.VALUE) {
        require(values.add(output.name()), "output name %s occurs twice", output.name());
      }
    }
    require(!values.isEmpty(), "signature has no VALUE output");
    for (CipherOutput output : cipherOutputs) {
      CipherOutput guard = imaginaryGuard(output);
      require(guard == null || packing == RowPacking.LATENCY && guard.level() == output.level() && guard.scale().equals(output.scale()),
          "%s has an imaginary guard of another level or scale, or in packing %s", output, packing);
    }
    require(
        values.equals(Set.copyOf(tail.inputs())), "postprocessing takes %s, the VALUE outputs are %s", tail.inputs(), values);
    requirePacking();
  }

  private Signature(Signature other, FeatureTable table) {
    this.model = other.model;
    this.parametersHash = other.parametersHash;
    this.securityBits = other.securityBits;
    this.inputs = other.inputs;
    this.cipherOutputs = other.cipherOutputs;
    this.tail = other.tail;
    this.keys = other.keys;
    this.sharing = other.sharing;
    this.packing = other.packing;
    this.known = other.known;
    this.blocks = other.blocks;
    this.privacy = other.privacy;
    this.table = table;
  }

  /**
   * Returns the same signature with what it says of features.
   *
   * @throws IllegalArgumentException if the table is of other features or inputs
   */
  public Signature withFeatureTable(FeatureTable value) {
    value.requireMatches(inputs, features());
    return new Signature(this, value);
  }

  private void requirePacking() {
    boolean batches = packing == RowPacking.THROUGHPUT;
    int rows = rows();
    require(
        inputs.stream().allMatch(input -> input.rows() == rows) && cipherOutputs.stream().allMatch(output -> output.rows() == rows),
        "inputs and outputs have other numbers of rows side by side than %d", rows);
    require(
        rows == 1 || packing == RowPacking.LATENCY && sharing == null && privacy == null, "%d rows side by side in packing %s%s%s", rows,
        packing, sharing == null ? "" : " with a reserve for sharing", privacy == null ? "" : " with answers that hide the model");
    if (packing == RowPacking.COEFFICIENT) {
      requireCoefficients();
      return;
    }
    for (SignatureInput input : inputs) {
      require(
          batches ? input.period() == 1 && input.copyShift() == 0 && input.features() <= ValueType.MAX_LENGTH
              : input.features() <= input.period(), "input %s: %d features of period %d in packing %s",
          input.name(), input.features(), input.period(), packing);
    }
    for (CipherOutput output : cipherOutputs) {
      boolean fits = batches ? output.period() == 1 && output.count() >= 1
          : output.count() <= output.period() && (output.kind() != CipherOutput.Kind.VALUE || output.count() < output.period());
      require(fits, "output %s: %d values in a period of %d in packing %s%s", output.name(), output.count(), output.period(), packing,
          batches ? "" : ", at least one slot must be a structural zero");
    }
    if (packing == RowPacking.LATENCY && privacy != null) {
      CipherOutput output = cipherOutputs.get(0);
      require(
          cipherOutputs.size() == 1 && output.level() < Parameters.MAX_CHAIN_LENGTH - 1,
          "answers that hide the model are one VALUE below the highest level, guards tell more; there are %d outputs, the first at level %d",
          cipherOutputs.size(), output.level());
    }
    if (batches) {
      known.requireFor(cipherOutputs.stream().filter(output -> output.kind() == CipherOutput.Kind.VALUE).toList());
    }
  }

  private void requireCoefficients() {
    for (SignatureInput input : inputs) {
      require(input.period() == 1, "input %s: period %d in packing %s, must be 1", input.name(), input.period(), packing);
    }
    CipherOutput output = cipherOutputs.get(0);
    require(
        cipherOutputs.size() == 1 && output.kind() == CipherOutput.Kind.VALUE && output.period() == 1,
        "packing %s has one output, a VALUE of period 1; there are %d, the first a %s of period %d", packing, cipherOutputs.size(),
        output.kind(), output.period());
    require(
        output.count() * (long) blocks.digits() <= Constant.MAX_PERIOD, "%d values of %d digits, at most %d rows are accepted",
        output.count(), blocks.digits(), Constant.MAX_PERIOD);
    require(keys.isEmpty(), "packing %s takes no evaluation key, %d are listed", packing, keys.size());
  }

  /**
   * Checks a row before it is laid out.
   *
   * @param row the features of all inputs, one input after the other
   * @throws IllegalArgumentException if it has another number of features
   * @throws FeatureOutOfBoundsException if a feature is not a number, outside its bounds, or not whole where the model takes integers
   */
  public void requireAcceptable(double[] row) {
    require(row.length == features(), "row has %d features, model %s needs %d", row.length, model, features());
    int start = 0;
    for (SignatureInput input : inputs) {
      for (int f = 0; f < input.features(); f++) {
        input.normalised(f, row[start + f]);
      }
      start += input.features();
    }
    requireWhole(row);
  }

  /**
   * Checks of a row, which has as many numbers as there are features, that those of integer inputs are whole.
   *
   * @throws FeatureOutOfBoundsException naming the feature, if one is not
   */
  public void requireWhole(double[] row) {
    table.requireWhole(inputs, row);
  }

  /** Returns the names of the features, and which of them are whole numbers. */
  public FeatureTable featureTable() {
    return table;
  }

  /**
   * Finds the columns of rows whose columns have names, those of the {@link #featureTable} or of the inputs; see {@link FeatureTable#columns}
   * and {@link FeatureTable#ofInputs}.
   */
  public int[] columns(List<String> columns, boolean byName) {
    FeatureTable ofInputs =
        FeatureTable.ofInputs(inputs.stream().map(SignatureInput::name).toList(), inputs.stream().map(SignatureInput::features).toList());
    boolean called = table.names().isEmpty() || Set.copyOf(ofInputs.names()).equals(new HashSet<>(columns));
    return (called ? ofInputs : table).columns(columns, byName);
  }

  /** Returns how many rows lie side by side in the slots of a ciphertext; 1 but in the latency packing. */
  int rows() {
    return inputs.get(0).rows();
  }

  /** Returns where numbers lie in coefficients; empty but in the coefficient packing. */
  public Optional<CoefficientBlocks> coefficientBlocks() {
    return Optional.ofNullable(blocks);
  }

  /** Returns how rows lie in ciphertexts. */
  public RowPacking packing() {
    return packing;
  }

  /** Returns the known rows of every batch; empty but in the throughput packing. */
  public Optional<KnownRows> knownRows() {
    return Optional.ofNullable(known);
  }

  /** Returns how many ciphertexts an input takes. */
  public int ciphertexts(SignatureInput input) {
    return blocks == null ? length(input.features()) : blocks.inputs(input.features());
  }

  /** Returns how many outputs the program has. */
  private int programOutputs() {
    return (int) cipherOutputs.stream().filter(output -> output.kind() != CipherOutput.Kind.IMAGINARY_GUARD).count();
  }

  /** The guard in the imaginary parts of an output's slots; null if there is none. */
  private CipherOutput imaginaryGuard(CipherOutput output) {
    for (CipherOutput other : cipherOutputs) {
      if (other.kind() == CipherOutput.Kind.IMAGINARY_GUARD && output.kind() != CipherOutput.Kind.IMAGINARY_GUARD
          && other.programOutput() == output.programOutput()) {
        return other;
      }
    }
    return null;
  }

  /**
   * Makes every check of a decrypted answer of the latency packing, that of a guard in its imaginary parts too, and returns the values
   * of one row. Where answers hide the model, noise of all coefficients floods every slot, and the checks are those of the means of copies.
   *
   * @param output one of {@link #cipherOutputs()}
   * @param row 0.. less than the rows that lie side by side
   * @throws AnswerCheckException if a check fails; see {@link CipherOutput#unpack}
   */
  public double[] unpack(CipherOutput output, int row, double[] real, double[] imaginary, double coefficientFraction) {
    if (privacy != null) {
      return output.unpackMeans(real, imaginary, coefficientFraction);
    }
    if (output.kind() == CipherOutput.Kind.IMAGINARY_GUARD) {
      return output.unpack(row, imaginary, null, coefficientFraction);
    }
    CipherOutput guard = imaginaryGuard(output);
    if (guard != null) {
      require(imaginary != null, "output %s has no imaginary parts, where its guard is", output.name());
      guard.unpack(row, imaginary, null, coefficientFraction);
    }
    return output.unpack(row, real, guard == null ? imaginary : null, coefficientFraction);
  }

  /** As {@link #unpack(CipherOutput, int, double[], double[], double)}, of the first row. */
  public double[] unpack(CipherOutput output, double[] real, double[] imaginary, double coefficientFraction) {
    return unpack(output, 0, real, imaginary, coefficientFraction);
  }

  /** Returns how many ciphertexts an output gives; none where its guard lies in another output's ciphertext. */
  public int ciphertexts(CipherOutput output) {
    if (output.kind() == CipherOutput.Kind.IMAGINARY_GUARD) {
      return 0;
    }
    return blocks == null ? length(output.count()) : blocks.outputs(output.count());
  }

  /** Returns the most rows of one request. */
  public int rowsPerRequest(Parameters parameters) {
    return packing == RowPacking.THROUGHPUT ? parameters.slots() - known.rows() : rows();
  }

  /** Returns the model's name. */
  public String model() {
    return model;
  }

  /** Returns the parameter hash, 64 hexadecimal digits. */
  public String parametersHash() {
    return parametersHash;
  }

  /** Returns the bits of security that the parameters were chosen for. */
  public int securityBits() {
    return securityBits;
  }

  /** Returns the inputs; number i is the program's input i. */
  public List<SignatureInput> inputs() {
    return inputs;
  }

  /** Returns the encrypted outputs. */
  public List<CipherOutput> cipherOutputs() {
    return cipherOutputs;
  }

  /** Returns the postprocessing. */
  public Postprocessing tail() {
    return tail;
  }

  /** Returns the evaluation keys needed, ascending. */
  public List<KeyRequirement> keys() {
    return keys;
  }

  /** Returns the reserve for decrypted values that are shown to others; empty if the model was compiled without one. */
  public Optional<Sharing> sharing() {
    return Optional.ofNullable(sharing);
  }

  /**
   * Returns how answers hide the model's weights; empty if they do not. If they do, a request ends with a seeded encryption of zero of
   * type {@link #zeroType}.
   */
  public Optional<ModelPrivacy> modelPrivacy() {
    return Optional.ofNullable(privacy);
  }

  /**
   * Returns the type of the encryption of zero that a request ends with where answers hide the model. In the coefficient packing it is the
   * inputs' type; in the latency packing answers are flooded right before their last rescale, so its level is one above theirs.
   */
  public ValueType zeroType() {
    SignatureInput input = inputs.get(0);
    return packing == RowPacking.COEFFICIENT ? CoefficientLayout.type(input)
        : new ValueType(Encoding.SLOTS, cipherOutputs.get(0).level() + 1, 2, input.scale());
  }

  /** Returns the numbers of one answer over all VALUE outputs. */
  public int values() {
    return cipherOutputs.stream().filter(o -> o.kind() == CipherOutput.Kind.VALUE).mapToInt(CipherOutput::count).sum();
  }

  /** Returns the features of one row over all inputs. */
  public int features() {
    return inputs.stream().mapToInt(SignatureInput::features).sum();
  }

  /**
   * Checks that this signature belongs to these parameters (hash, security bits, levels, scales, periods, keys) and that the
   * tolerances of its outputs leave the checks of an answer a meaning; runs the postprocessing once on numbers of no meaning.
   *
   * @throws IllegalArgumentException with the numbers, if not
   */
  public void requireMatches(Parameters parameters) {
    require(
        parametersHash.equals(parameters.hashHex()), "signature is for parameters %s, these are %s",
        parametersHash, parameters.hashHex());
    require(
        securityBits == parameters.security().bits(), "signature declares %d security bits, the parameters have %d",
        securityBits, parameters.security().bits());
    for (SignatureInput input : inputs) {
      requireIn(parameters, "input " + input.name(), input.period(), input.level(), input.scale());
    }
    require(
        known == null || known.rows() < parameters.slots(), "%d known rows leave no slot of %d to others",
        known == null ? 0 : known.rows(), parameters.slots());
    require(
        blocks == null || parameters.ringType() == RingType.STANDARD && blocks.coefficients() <= parameters.ringDegree(),
        "the coefficient packing takes %d coefficients in the standard ring, the ring is %s with %d",
        blocks == null ? 0 : blocks.coefficients(), parameters.ringType(), parameters.ringDegree());
    for (CipherOutput output : cipherOutputs) {
      require(parameters.ringType() == RingType.STANDARD || output.kind() != CipherOutput.Kind.IMAGINARY_GUARD,
          "output %s lies in imaginary parts, ring %s has none", output.name(), parameters.ringType());
      requireIn(parameters, "output " + output.name(), output.period(), output.level(), output.scale());
      output.requireMeaningful(
          parameters, packing == RowPacking.LATENCY && privacy == null ? (double) parameters.slots() / output.period() : 1);
    }
    require(
        privacy == null || zeroType().level() <= parameters.maxLevel(), "the encryption of zero has level %d, the parameters end at %d",
        zeroType().level(), parameters.maxLevel());
    // Shapes that do not fit are found before a key is made and not after an answer came.
    Map<String, double[]> sample = new HashMap<>();
    for (CipherOutput output : cipherOutputs) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        double[] values = new double[output.count()];
        Arrays.fill(values, 0.5);
        sample.put(output.name(), values);
      }
    }
    tail.run(sample);
    for (KeyRequirement key : keys) {
      require(
          key.level() <= parameters.maxLevel()
              && (key.galoisElement() == KeyRequirement.RELINEARIZATION || parameters.isGaloisElement(key.galoisElement())),
          "key for Galois element %d at level %d is outside the parameters (modulus %d, level %d)",
          key.galoisElement(), key.level(), parameters.galoisModulus(), parameters.maxLevel());
    }
    require(
        keys.isEmpty() || parameters.specialPrimes().length > 0, "%d keys are needed, the parameters have no special prime",
        keys.size());
  }

  /**
   * Checks that this signature describes this program: parameters, types of inputs and outputs, keys.
   *
   * @throws IllegalArgumentException with the numbers, if not
   */
  public void requireMatches(Program program) {
    requireMatches(program.parameters());
    requireKeys(program);
    if (blocks != null) {
      CoefficientLayout.requireMatches(this, blocks, program);
      return;
    }
    int ciphertexts = inputs.size() + (privacy == null ? 0 : 1);
    require(
        ciphertexts == program.inputTypes().size(), "signature has %d inputs, the program %d", ciphertexts, program.inputTypes().size());
    if (privacy != null) {
      require(program.inputTypes().get(inputs.size()).equals(zeroType()), "the encryption of zero: signature says %s, the program has %s",
          zeroType(), program.inputTypes().get(inputs.size()));
    }
    for (Instruction in : program.instructions()) {
      if (in.op() == Op.OUTPUT) {
        ModelPrivacy.requireFlooding(privacy, program, in.argument(0), inputs.size());
      }
    }
    require(
        programOutputs() == program.outputTypes().size(), "signature has %d outputs, the program %d",
        programOutputs(), program.outputTypes().size());
    for (int i = 0; i < inputs.size(); i++) {
      requireType("input " + inputs.get(i).name(), inputs.get(i).level(), inputs.get(i).scale(),
          length(inputs.get(i).features()), program.inputTypes().get(i));
    }
    for (CipherOutput output : cipherOutputs) {
      requireType(
          "output " + output.name(), output.level(), output.scale(), length(output.count()),
          program.outputTypes().get(output.programOutput()));
    }
  }

  private void requireKeys(Program program) {
    require(
        keys.equals(List.copyOf(program.requiredKeys())), "signature lists %d keys, the program needs %d or others",
        keys.size(), program.requiredKeys().size());
  }

  boolean hasShifts() {
    return inputs.stream().anyMatch(input -> input.copyShift() != 0);
  }

  /** Returns the ciphertexts of an input or output of so many numbers. */
  private int length(int numbers) {
    return packing == RowPacking.THROUGHPUT ? numbers : 1;
  }

  /** Returns the SIGNATURE blob; the bytes are canonical. */
  public byte[] toBytes() {
    return SignatureCodec.write(this);
  }

  /** Returns the SHA-256 of the SIGNATURE blob in 64 hexadecimal digits. */
  public String sha256() {
    return Blob.sha256Hex(toBytes());
  }

  /**
   * Reads a SIGNATURE blob.
   *
   * @throws MalformedException if the bytes are not a canonical, consistent signature
   */
  public static Signature fromBytes(ByteBuffer bytes) {
    return SignatureCodec.read(bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Signature s && Arrays.equals(toBytes(), s.toBytes());
  }

  @Override
  public int hashCode() {
    return Objects.hash(model, parametersHash, inputs, cipherOutputs);
  }

  @Override
  public String toString() {
    return "Signature[" + model + ", " + inputs + " -> " + tail.outputs() + ", " + keys.size() + " keys]";
  }

  private static void requireIn(Parameters parameters, String what, int period, int level, Scale scale) {
    require(period <= parameters.slots(), "%s: period %d exceeds the %d slots", what, period, parameters.slots());
    require(level <= parameters.maxLevel(), "%s: level %d is above %d", what, level, parameters.maxLevel());
    scale.requirePrimesOf(parameters);
  }

  private static void requireType(String what, int level, Scale scale, int length, ValueType type) {
    require(
        type.equals(ValueType.slots(level, scale).withLength(length)),
        "%s: signature says level %d, scale %s, %d ciphertexts, the program has %s", what, level, scale, length, type);
  }

  static void requirePeriod(String what, int period) {
    require(
        period >= 1 && period <= Constant.MAX_PERIOD && Integer.bitCount(period) == 1,
        "%s: period %d is not a power of two in 1..%d", what, period, Constant.MAX_PERIOD);
  }

  static void requireRows(String what, int rows, int period) {
    require(
        rows >= 1 && rows <= period && Integer.bitCount(rows) == 1, "%s: %d rows side by side, must be a power of two up to the period %d",
        what, rows, period);
  }

  static void require(boolean condition, String format, Object... arguments) {
    if (!condition) {
      throw new IllegalArgumentException(String.format(format, arguments));
    }
  }
}
