// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A random linear map in the coefficient packing: signature and program. The accepted features are -1..1, and so are the values. */
final class LinearSample {
  static final int LOG_INPUT = 32;
  static final int LOG_WEIGHT = 14;

  final Parameters parameters;
  final CoefficientBlocks blocks;
  final double[][] weights;
  final double[] bias;
  final Program program;
  final Signature signature;

  /**
   * Makes a sample.
   *
   * @param inputs features of each input
   * @param values values of the output
   * @param levels 0, or 1 for two primes and a rescale
   */
  LinearSample(int logN, int levels, int[] inputs, int values, CoefficientBlocks blocks, long seed) {
    this.blocks = blocks;
    parameters = ModulusChain.select(logN, RingType.STANDARD, 50, 30, levels, 40, 0)
        .security(logN < 11 ? SecurityLevel.UNCHECKED_FOR_TESTS : SecurityLevel.CLASSICAL_128).build();
    Random random = new Random(seed);
    int features = Arrays.stream(inputs).sum();
    weights = new double[values][features];
    bias = new double[values];
    for (int i = 0; i < values; i++) {
      for (int j = 0; j < features; j++) {
        weights[i][j] = (2 * random.nextDouble() - 1) * 0.75 / features;
      }
      bias[i] = (2 * random.nextDouble() - 1) * 0.2;
    }
    ProgramBuilder b = new ProgramBuilder(parameters).layer("linear");
    ValueType in = new ValueType(Encoding.COEFFICIENTS, levels, 2, Scale.powerOfTwo(LOG_INPUT + 30 * levels));
    List<ProgramBuilder.Value> ciphertexts = new ArrayList<>();
    List<int[]> ranges = new ArrayList<>();
    int at = 0;
    List<SignatureInput> described = new ArrayList<>();
    for (int size : inputs) {
      for (int start = at; start < at + size; start += blocks.block()) {
        ciphertexts.add(b.input(in));
        ranges.add(new int[] {start, Math.min(start + blocks.block(), at + size)});
      }
      at += size;
      double[] ones = new double[size];
      Arrays.fill(ones, 1);
      double[] low = new double[size];
      Arrays.fill(low, -1);
      described.add(new SignatureInput("x" + described.size(), new int[] {size}, size, 1, in.scale(), levels, low, ones, new double[size], ones));
    }
    int rows = values * blocks.digits();
    Scale scale = null;
    for (int t = 0; t < blocks.outputs(values); t++) {
      int first = t * blocks.rows();
      int count = Math.min(blocks.rows(), rows - first);
      ProgramBuilder.Value sum = null;
      for (int c = 0; c < ciphertexts.size(); c++) {
        double[] plain = new double[count * blocks.block()];
        for (int r = 0; r < count; r++) {
          for (int j = ranges.get(c)[0]; j < ranges.get(c)[1]; j++) {
            plain[(r + 1) * blocks.block() - 1 - (j - ranges.get(c)[0])] = digit(first + r, j);
          }
        }
        ProgramBuilder.Value term = b.multiplyPlain(
            ciphertexts.get(c), new Constant.Vector(plain, parameters.ringDegree()), Scale.powerOfTwo(LOG_WEIGHT));
        sum = sum == null ? term : b.add(sum, term);
      }
      ProgramBuilder.Value product = levels == 0 ? sum : b.rescale(sum);
      double[] added = new double[count * blocks.block()];
      for (int r = 0; r < count; r++) {
        added[(r + 1) * blocks.block() - 1] = (first + r) % blocks.digits() == 0 ? bias[(first + r) / blocks.digits()] : 0;
      }
      ProgramBuilder.Value value = b.addPlain(product, new Constant.Vector(added, parameters.ringDegree()));
      scale = value.scale();
      b.output(b.extract(value, new Indexes(blocks.indexes(values, t))));
    }
    program = b.build();
    double[] factor = new double[values];
    Arrays.fill(factor, 10);
    double[] offset = new double[values];
    Arrays.fill(offset, -3);
    CipherOutput output = new CipherOutput(CipherOutput.Kind.VALUE, 0, "y", values, 1, 0, scale, factor, offset, 1, 1e-4, 1e-2);
    signature = new Signature("linear", parameters.hashHex(), parameters.security().bits(), described, List.of(output),
        Postprocessing.identity(List.of("y")), List.of(), Arrangement.coefficients(blocks, null));
  }

  /** The weight of a row: of value row / digits, digit row mod digits. */
  private double digit(int row, int feature) {
    double rest = weights[row / blocks.digits()][feature];
    double digit = 0;
    for (int d = 0; d <= row % blocks.digits(); d++) {
      digit = Math.scalb(Math.rint(Math.scalb(rest, LOG_WEIGHT + blocks.digitBits() * d)), -LOG_WEIGHT);
      rest -= Math.scalb(digit, -blocks.digitBits() * d);
    }
    return digit;
  }

  /** The values that a row must get. */
  double[] clear(double[] row) {
    double[] values = new double[bias.length];
    for (int i = 0; i < values.length; i++) {
      double sum = bias[i];
      for (int j = 0; j < row.length; j++) {
        sum += weights[i][j] * row[j];
      }
      values[i] = 10 * sum - 3;
    }
    return values;
  }

  CipherOutput output() {
    return signature.cipherOutputs().get(0);
  }

  /** A row laid out: the coefficients of each ciphertext. */
  List<double[]> pack(double[] row) {
    CoefficientLayout layout = CoefficientLayout.of(signature, parameters);
    List<double[]> packed = new ArrayList<>();
    int at = 0;
    for (SignatureInput input : signature.inputs()) {
      packed.addAll(layout.pack(input, Arrays.copyOfRange(row, at, at + input.features())));
      at += input.features();
    }
    return packed;
  }
}
