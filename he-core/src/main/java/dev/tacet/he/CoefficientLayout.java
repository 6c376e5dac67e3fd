// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The coefficient packing at work: rows into coefficients, checked values out of them; see {@link CoefficientBlocks}. Immutable. */
public final class CoefficientLayout {
  private final CoefficientBlocks blocks;
  private final int degree;

  /**
   * Makes the layout of a ring.
   *
   * @param degree N, at least the blocks' {@link CoefficientBlocks#coefficients()}
   */
  public CoefficientLayout(CoefficientBlocks blocks, int degree) {
    Signature.require(
        blocks.coefficients() <= degree, "the blocks take %d coefficients, the ring has %d", blocks.coefficients(), degree);
    this.blocks = blocks;
    this.degree = degree;
  }

  /**
   * Makes the layout of a signature.
   *
   * @throws IllegalArgumentException if the signature's packing is another, or it does not match the parameters
   */
  public static CoefficientLayout of(Signature signature, Parameters parameters) {
    signature.requireMatches(parameters);
    Signature.require(
        signature.packing() == RowPacking.COEFFICIENT, "model %s has packing %s, not COEFFICIENT", signature.model(),
        signature.packing());
    return new CoefficientLayout(signature.coefficientBlocks().orElseThrow(), parameters.ringDegree());
  }

  /**
   * Lays one row of an input out in coefficients.
   *
   * @param row raw features of this input
   * @return for each ciphertext its first coefficients; the others are zeros
   * @throws IllegalArgumentException if the row has another number of features
   * @throws FeatureOutOfBoundsException if a feature is not a number or outside its bounds
   */
  public List<double[]> pack(SignatureInput input, double[] row) {
    Signature.require(
        row.length == input.features(), "input %s: row has %d features, needs %d", input.name(), row.length, input.features());
    List<double[]> packed = new ArrayList<>();
    for (int start = 0; start < row.length; start += blocks.block()) {
      double[] coefficients = new double[Math.min(blocks.block(), row.length - start)];
      for (int i = 0; i < coefficients.length; i++) {
        coefficients[i] = input.normalised(start + i, row[start + i]);
      }
      packed.add(coefficients);
    }
    return packed;
  }

  /** Returns the type of each ciphertext of an input. */
  public static ValueType type(SignatureInput input) {
    return new ValueType(Encoding.COEFFICIENTS, input.level(), 2, input.scale());
  }

  /** Returns the type of each ciphertext of an output. */
  public static ValueType type(CipherOutput output) {
    return new ValueType(Encoding.EXTRACTED, output.level(), 2, output.scale());
  }

  /**
   * Checks that a ciphertext has the coefficients that it must have, no other and none less.
   *
   * @param t its number within the output
   * @throws AnswerCheckException if not
   */
  public void requireIndexes(CipherOutput output, int t, int[] extracted) {
    if (!Arrays.equals(extracted, blocks.indexes(output.count(), t))) {
      throw output.failed("ciphertext " + t + " has other coefficients than the signature says");
    }
  }

  /**
   * Checks a decrypted answer and returns its values in output units.
   *
   * <p>Checked, in each ciphertext: the largest coefficient is within q0/8; every structural zero is within the noise bound; every
   * row is within the bound.
   *
   * @param coefficients all N coefficients of each ciphertext of the output
   * @param fractions of each ciphertext, the largest |coefficient| times 8 / q0
   * @throws AnswerCheckException if a check fails; the message names the check and the bound
   */
  public double[] unpack(CipherOutput output, List<double[]> coefficients, double[] fractions) {
    int count = blocks.outputs(output.count());
    Signature.require(
        coefficients.size() == count && fractions.length == count, "output %s: %d ciphertexts, needs %d", output.name(),
        coefficients.size(), count);
    double[] sums = new double[output.count()];
    for (int t = 0; t < count; t++) {
      double[] all = coefficients.get(t);
      Signature.require(all.length == degree, "output %s: %d coefficients, the ring degree is %d", output.name(), all.length, degree);
      if (!(fractions[t] <= 1)) {
        throw output.failed("a decrypted coefficient of ciphertext " + t
            + " exceeds q0/8: the key is wrong or the computation overflowed");
      }
      int[] indexes = blocks.indexes(output.count(), t);
      int held = indexes.length - blocks.zeros();
      for (int z = held; z < indexes.length; z++) {
        if (!(Math.abs(all[indexes[z]]) <= output.slotError())) {
          throw output.failed("coefficient " + indexes[z] + " of ciphertext " + t
              + " is a structural zero and is beyond the noise bound " + output.slotError());
        }
      }
      for (int i = 0; i < held; i++) {
        double value = all[indexes[i]];
        int row = t * blocks.rows() + i;
        if (!(Math.abs(value) <= output.limit())) {
          throw output.failed("value " + row / blocks.digits() + " is beyond its bound " + output.limit());
        }
        sums[row / blocks.digits()] += value * blocks.weight(row % blocks.digits());
      }
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] = output.valueOf(i, sums[i]);
    }
    return sums;
  }

  /** Checks that a program of the signature takes and gives what this packing says; the parameters are compared elsewhere. */
  static void requireMatches(Signature signature, CoefficientBlocks blocks, Program program) {
    List<ValueType> inputs = new ArrayList<>();
    for (SignatureInput input : signature.inputs()) {
      for (int t = 0; t < blocks.inputs(input.features()); t++) {
        inputs.add(type(input));
      }
    }
    int zero = inputs.size();
    signature.modelPrivacy().ifPresent(privacy -> inputs.add(signature.zeroType()));
    Signature.require(
        inputs.equals(program.inputTypes()), "signature says inputs %s, the program has %s", inputs, program.inputTypes());
    CipherOutput output = signature.cipherOutputs().get(0);
    int count = blocks.outputs(output.count());
    Signature.require(
        program.outputTypes().size() == count, "signature says %d output ciphertexts, the program has %d", count,
        program.outputTypes().size());
    for (Instruction in : program.instructions()) {
      if (in.op() == Op.OUTPUT) {
        Signature.require(
            in.type().equals(type(output)), "output %s: signature says %s, the program has %s", output.name(), type(output), in.type());
        Instruction extract = program.instructions().get(in.argument(0));
        int[] indexes = ((Indexes) program.constants().get(extract.constant())).values();
        Signature.require(
            Arrays.equals(indexes, blocks.indexes(output.count(), in.index())),
            "output %s: ciphertext %d of the program has other coefficients than the signature says", output.name(), in.index());
        ModelPrivacy.requireFlooding(signature.modelPrivacy().orElse(null), program, extract.argument(0), zero);
      }
    }
  }
}
