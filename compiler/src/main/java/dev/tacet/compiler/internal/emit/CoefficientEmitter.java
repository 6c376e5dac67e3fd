// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

import dev.tacet.compiler.internal.calibrate.FeatureBounds;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.params.CoefficientNoise;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.CoefficientBlocks;
import dev.tacet.he.Constant;
import dev.tacet.he.Encoding;
import dev.tacet.he.Indexes;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Parameters;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Scale;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The pass that writes the program of the coefficient packing: a plaintext product for each block of features and output ciphertext. */
public final class CoefficientEmitter {
  private static final String OUTPUT_LAYER = "output";

  private final Plan plan;
  private final Parameters parameters;
  private final CoefficientBlocks blocks;
  private final CoefficientShape shape;
  private final LinearMap map;
  private final double[][][] digits;
  private final ProgramBuilder builder;
  private final CoefficientNoise noise;
  private final List<List<ProgramBuilder.Value>> features = new ArrayList<>();
  private ModelPrivacy privacy;  // null where answers do not hide the model
  private ProgramBuilder.Value zero;  // the client's encryption of zero; null likewise

  private CoefficientEmitter(Plan plan, LinearMap map, CoefficientShape shape) {
    this.plan = plan;
    this.shape = shape;
    this.parameters = shape.parameters();
    this.blocks = shape.blocks();
    double logQ = parameters.logQ();
    this.map = map.inUnits(Math.pow(2, CoefficientShape.logProduct(logQ) + 3 - logQ));
    this.digits = this.map.digits(shape.weightBits(), blocks.digits(), blocks.digitBits());
    this.builder = new ProgramBuilder(parameters);
    this.noise = new CoefficientNoise(parameters.ringDegree());
  }

  /** Writes the program. */
  public static CoefficientEmission emit(Plan plan, LinearMap map, CoefficientShape shape) {
    return new CoefficientEmitter(plan, map, shape).run();
  }

  private CoefficientEmission run() {
    int ciphertexts = blocks.outputs(map.values());
    for (int t = 0; t < ciphertexts; t++) {
      avoidTransparency(t);
    }
    privacy = privacy(ciphertexts);
    builder.layer("input");
    List<SignatureInput> inputs = inputs();
    builder.layer(OUTPUT_LAYER);
    double[] deviation = new double[ciphertexts];
    Scale scale = null;
    for (int t = 0; t < ciphertexts; t++) {
      ProgramBuilder.Value value = product(t);
      scale = value.scale();
      builder.output(builder.extract(value, new Indexes(blocks.indexes(map.values(), t))));
      deviation[t] = deviation(t, scale);
    }
    return finish(inputs, scale, deviation);
  }

  /** The flooding of all answers: that of the noisiest. */
  private ModelPrivacy privacy(int ciphertexts) {
    if (shape.privacy() == null) {
      return null;
    }
    double largest = 0;
    int coefficients = 0;
    for (int t = 0; t < ciphertexts; t++) {
      largest = Math.max(largest, ofEncryption(t));
      coefficients += blocks.indexes(map.values(), t).length;
    }
    return noise.hiding(shape.privacy(), largest, CoefficientShape.logProduct(parameters.logQ()), coefficients);
  }

  /** The weight of a value's digit for a feature. */
  private double[] row(int row) {
    return digits[row / blocks.digits()][row % blocks.digits()];
  }

  private int firstRow(int t) {
    return t * blocks.rows();
  }

  private int endRow(int t) {
    return Math.min(firstRow(t) + blocks.rows(), map.values() * blocks.digits());
  }

  /** An answer that depends on nothing would be no encryption: where all weights are zero, one becomes the smallest. */
  private void avoidTransparency(int t) {
    for (int row = firstRow(t); row < endRow(t); row++) {
      if (Arrays.stream(row(row)).anyMatch(w -> w != 0)) {
        return;
      }
    }
    row(endRow(t) - 1)[0] = Math.scalb(1.0, -shape.weightBits());
  }

  private List<SignatureInput> inputs() {
    List<SignatureInput> inputs = new ArrayList<>();
    int offset = 0;
    int level = parameters.maxLevel();
    Scale scale = Scale.powerOfTwo(shape.logInput());
    for (Node.Input node : plan.fitted().network().inputs()) {
      FeatureBounds bounds = plan.features().part(offset, node.size());
      inputs.add(new SignatureInput(node.name(), node.shape(), node.size(), 1, scale, level, bounds.low(), bounds.high(), bounds.center(),
          bounds.halfWidth()));
      List<ProgramBuilder.Value> values = new ArrayList<>();
      for (int t = 0; t < blocks.inputs(node.size()); t++) {
        values.add(builder.input(new ValueType(Encoding.COEFFICIENTS, level, 2, scale)));
      }
      features.add(values);
      offset += node.size();
    }
    zero = privacy == null ? null : builder.input(new ValueType(Encoding.COEFFICIENTS, level, 2, scale));
    return inputs;
  }

  /** The rows of output ciphertext t: the sum over all blocks of features, rescaled where there are two primes, and the bias. */
  private ProgramBuilder.Value product(int t) {
    ProgramBuilder.Value sum = null;
    int feature = 0;
    for (int i = 0; i < features.size(); i++) {
      int end = feature + map.inputs()[i];
      for (ProgramBuilder.Value block : features.get(i)) {
        double[] coefficients = coefficients(t, feature, Math.min(blocks.block(), end - feature));
        feature = Math.min(feature + blocks.block(), end);
        if (Arrays.stream(coefficients).allMatch(c -> c == 0)) {
          continue;
        }
        ProgramBuilder.Value term = builder.multiplyPlain(
            block, new Constant.Vector(coefficients, parameters.ringDegree()), Scale.powerOfTwo(shape.weightBits()));
        sum = sum == null ? term : builder.add(sum, term);
      }
    }
    ProgramBuilder.Value hidden = privacy == null ? sum : builder.flood(sum, zero, privacy.floodBits());
    ProgramBuilder.Value product = parameters.maxLevel() == 0 ? hidden : builder.rescale(hidden);
    double[] added = new double[(endRow(t) - firstRow(t)) * blocks.block()];
    for (int row = firstRow(t); row < endRow(t); row++) {
      added[(row - firstRow(t) + 1) * blocks.block() - 1] = row % blocks.digits() == 0 ? map.bias()[row / blocks.digits()] : 0;
    }
    return builder.addPlain(product, new Constant.Vector(added, parameters.ringDegree()));
  }

  /** The weights of output ciphertext t for some features, each row reversed. */
  private double[] coefficients(int t, int feature, int count) {
    double[] coefficients = new double[(endRow(t) - firstRow(t)) * blocks.block()];
    for (int row = firstRow(t); row < endRow(t); row++) {
      int last = (row - firstRow(t) + 1) * blocks.block() - 1;
      for (int j = 0; j < count; j++) {
        coefficients[last - j] = row(row)[feature + j];
      }
    }
    return coefficients;
  }

  /** The deviation of the noise of one coefficient of output ciphertext t, in units. */
  private double deviation(int t, Scale scale) {
    double product = ofEncryption(t);
    if (privacy != null) {
      product = Math.hypot(product, noise.flooding(privacy, CoefficientShape.logProduct(parameters.logQ())));
    }
    return parameters.maxLevel() == 0 ? product : Math.hypot(product, noise.rescale(scale.log2(parameters)));
  }

  /** What the weights make of the encryption's errors, before a rescale. Answers hide models from the holders of secret keys only. */
  private double ofEncryption(int t) {
    double norm = 0;
    for (int row = firstRow(t); row < endRow(t); row++) {
      norm += Arrays.stream(row(row)).map(w -> w * w).sum();
    }
    return (shape.privacy() == null ? noise.fresh(shape.logInput()) : noise.freshSecret(shape.logInput())) * Math.sqrt(norm);
  }

  private CoefficientEmission finish(List<SignatureInput> inputs, Scale scale, double[] deviation) {
    double[][] rounded = new double[map.values()][map.features()];
    double largestDeviation = Arrays.stream(deviation).max().orElseThrow();
    double largestUnit = Arrays.stream(map.unit()).max().orElseThrow();
    double valueError = 0;
    double reach = 0;
    double worst = 0;
    for (int i = 0; i < rounded.length; i++) {
      double variance = 0;
      for (int d = 0; d < blocks.digits(); d++) {
        int row = i * blocks.digits() + d;
        variance += Math.pow(deviation[row / blocks.rows()] * blocks.weight(d), 2);
        double sum = d == 0 ? Math.abs(map.bias()[i]) : 0;
        for (int j = 0; j < map.features(); j++) {
          rounded[i][j] += digits[i][d][j] * blocks.weight(d);
          sum += Math.abs(digits[i][d][j]);
        }
        reach = Math.max(reach, sum);
      }
      double error = NoiseModel.DEVIATIONS * Math.sqrt(variance) + rounding(map.weights()[i], rounded[i]) / NoiseModel.ANSWER_SAFETY;
      valueError = Math.max(valueError, map.unit()[i] * error);
      worst = Math.max(worst, error);
    }
    double slotError = NoiseModel.DEVIATIONS * NoiseModel.SAFETY * largestDeviation;
    double most = Math.pow(2, Math.log(parameters.modulus(0)) / Math.log(2) - 3 - scale.log2(parameters)) * (1 - 1e-9);
    CipherOutput output = new CipherOutput(CipherOutput.Kind.VALUE, 0, plan.fitted().network().outputName(), map.values(), 1, 0, scale,
        map.unit(), plan.outputCenter(), Math.min(reach, most), slotError, slotError * largestUnit);
    Emission.Layer layer = new Emission.Layer(
        OUTPUT_LAYER, "linear", parameters.maxLevel(), parameters.maxLevel(), -Math.log(Math.max(worst, 1e-300)) / Math.log(2), "");
    Emission emission = new Emission(
        builder.build(), inputs, List.of(output), List.of(), List.of(layer), valueError);
    return new CoefficientEmission(emission, blocks, map, privacy, rounded);
  }

  /**
   * What the rounding of one value's weights can do within the features' accepted bounds: certainly no more than the sum of all
   * roundings, and, since they are as good as drawn at random, no more than so many deviations of that sum.
   */
  private static double rounding(double[] exact, double[] rounded) {
    double sum = 0;
    double squares = 0;
    for (int j = 0; j < exact.length; j++) {
      double difference = Math.abs(exact[j] - rounded[j]);
      sum += difference;
      squares += difference * difference;
    }
    return Math.min(sum, NoiseModel.DEVIATIONS * Math.sqrt(squares));
  }
}
