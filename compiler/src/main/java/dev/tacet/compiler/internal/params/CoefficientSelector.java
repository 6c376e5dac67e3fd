// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.compiler.internal.emit.CoefficientEmission;
import dev.tacet.compiler.internal.emit.CoefficientEmitter;
import dev.tacet.compiler.internal.emit.CoefficientShape;
import dev.tacet.compiler.internal.emit.LinearMap;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.he.CoefficientBlocks;
import dev.tacet.he.Constant;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.ValueType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The pass that chooses parameters of the coefficient packing: the fewest bytes of request and answer whose noise meets the target,
 * and among these the least noise.
 *
 * <p>Candidates are a ring degree, one prime or two, how many features a ciphertext holds, and how many digits a weight has; the
 * scale is shared between inputs and weights so that noise and rounding are about equal.
 */
public final class CoefficientSelector {
  private static final int MAX_PRIME_BITS = Parameters.MAX_MODULUS_BITS;

  /** The base prime of two; the other one is as small as the noise allows. */
  private static final int LEAST_BASE_BITS = 30;

  private static final int LEAST_SECOND_BITS = 20;
  private static final int LEAST_WEIGHT_BITS = 6;
  private static final int LEAST_INPUT_BITS = 8;
  private static final int LEAST_DIGIT_BITS = 3;
  private static final int MOST_DIGIT_BITS = 40;
  private static final int MAX_BLOCKS = 64;

  /** Plaintexts of a program: each is N words of the host's memory. */
  private static final int MAX_PRODUCTS = 4096;

  /** The scale that parameters name; programs have their own. All models of a ring share parameters, and so a client's key. */
  private static final int NOMINAL_LOG_SCALE = 30;

  private final Plan plan;
  private final LinearMap map;
  private final SecurityLevel security;
  private final ModelPrivacy privacy;

  private CoefficientSelector(Plan plan, SecurityLevel security, ModelPrivacy privacy, boolean whole) {
    this.plan = plan;
    this.privacy = privacy;
    this.map = LinearMap.of(plan, whole);
    this.security = security;
  }

  /**
   * What was chosen.
   *
   * @param bits of request and answer
   */
  public record Choice(Parameters parameters, CoefficientEmission emission, long bits) {}

  private record Candidate(int logN, int[] primeBits, CoefficientBlocks blocks, int weightBits, double error, long bits, long products) {}

  private record Digits(int digits, int digitBits, int weightBits, double error) {}

  /**
   * Chooses parameters: those that answer every row that the features' bounds accept, unless that takes more bytes.
   *
   * @param privacy the answers and bits for which answers are to hide the model; null for none
   * @param noiseTarget the largest error that noise and the rounding of weights may make in a decrypted value, in output units
   * @param maxBytes the most bytes of request and answer together
   * @return nothing if no allowed ring meets the targets
   */
  public static Optional<Choice> select(
      Plan plan, SecurityLevel security, ModelPrivacy privacy, int maxLogRingDegree, double noiseTarget, long maxBytes) {
    Optional<Choice> least = new CoefficientSelector(plan, security, privacy, false).select(maxLogRingDegree, noiseTarget, maxBytes);
    Optional<Choice> whole = least.flatMap(
        choice -> new CoefficientSelector(plan, security, privacy, true).select(maxLogRingDegree, noiseTarget, choice.bits / 8));
    return whole.isPresent() ? whole : least;
  }

  private Optional<Choice> select(int maxLogRingDegree, double noiseTarget, long maxBytes) {
    List<Candidate> candidates = new ArrayList<>();
    double widest = java.util.Arrays.stream(map.unit()).max().orElseThrow();
    for (int logN = SecurityLevel.MIN_LOG_RING_DEGREE; logN <= maxLogRingDegree; logN++) {
      collect(logN, noiseTarget / widest, 8 * maxBytes, candidates);
    }
    candidates.sort(Comparator.comparingLong(Candidate::bits).thenComparingDouble(Candidate::error)
        .thenComparingLong(Candidate::products));
    for (Candidate candidate : candidates) {
      Optional<Choice> choice = emit(candidate)
          .filter(found -> found.emission().emission().valueError() <= noiseTarget && checkable(found));
      if (choice.isPresent()) {
        return choice;
      }
    }
    return Optional.empty();
  }

  /** Whether the checks of an answer mean something at its noise. */
  private static boolean checkable(Choice choice) {
    return choice.emission().emission().outputs().stream()
        .allMatch(output -> output.slotError() <= Math.max(1, output.bound()) / 4);
  }

  private Optional<Choice> emit(Candidate candidate) {
    return build(candidate.logN, candidate.primeBits).map(parameters -> new Choice(
        parameters, CoefficientEmitter.emit(plan, map, new CoefficientShape(parameters, candidate.blocks, candidate.weightBits, privacy)), candidate.bits));
  }

  private void collect(int logN, double target, long maxBits, List<Candidate> candidates) {
    int most = security.maxLogQP(logN);
    add(logN, new int[] {Math.min(MAX_PRIME_BITS, most)}, target, maxBits, candidates);
    for (int second = LEAST_SECOND_BITS; second < MAX_PRIME_BITS; second += 2) {
      int base = Math.min(MAX_PRIME_BITS, most - second);
      if (base < LEAST_BASE_BITS || base <= second && most >= 2 * MAX_PRIME_BITS) {
        break;
      }
      int before = candidates.size();
      add(logN, new int[] {base, second}, target, maxBits, candidates);
      if (candidates.size() > before) {
        break;  // larger primes take more bytes
      }
    }
  }

  private void add(int logN, int[] primeBits, double target, long maxBits, List<Candidate> candidates) {
    for (Digits digits : digits(logN, primeBits)) {
      if (digits.error <= target) {
        for (int block : blockSizes()) {
          int rows = Math.min(Math.min(map.values() * digits.digits, ValueType.MAX_LENGTH),
              ((1 << logN) + 1 - CoefficientBlocks.MIN_ZEROS) / block - 1);
          if (rows >= 1 && map.values() * (long) digits.digits <= Constant.MAX_PERIOD) {
            CoefficientBlocks blocks =
                new CoefficientBlocks(block, rows, digits.digits, digits.digitBits, CoefficientBlocks.MIN_ZEROS);
            long inputs = privacy == null ? 0 : 1;
            for (int features : map.inputs()) {
              inputs += blocks.inputs(features);
            }
            long outputs = blocks.outputs(map.values());
            int inputBits = primeBits.length == 1 ? primeBits[0] : primeBits[0] + primeBits[1];
            long bits = (inputs * inputBits + outputs * primeBits[0]) << logN;
            if (bits <= maxBits && inputs * outputs <= MAX_PRODUCTS) {
              candidates.add(new Candidate(logN, primeBits, blocks, digits.weightBits, digits.error, bits, inputs * outputs));
            }
          }
        }
      }
    }
  }

  private List<Integer> blockSizes() {
    List<Integer> sizes = new ArrayList<>();
    for (int features : map.inputs()) {
      for (int parts = 1; parts <= Math.min(features, MAX_BLOCKS); parts++) {
        int size = (features + parts - 1) / parts;
        if (!sizes.contains(size)) {
          sizes.add(size);
        }
      }
    }
    return sizes;
  }

  /** For each number of digits, how finest to share the scale between inputs and weights. */
  private List<Digits> digits(int logN, int[] primeBits) {
    int logProduct = CoefficientShape.logProduct(java.util.Arrays.stream(primeBits).sum());
    CoefficientNoise noise = new CoefficientNoise(1 << logN);
    double rescale = primeBits.length == 1 ? 0 : NoiseModel.DEVIATIONS * noise.rescale(logProduct - primeBits[1]);
    double norm = map.norm();
    double perWeight = Math.min(map.features() / 4.0, NoiseModel.DEVIATIONS * Math.sqrt(map.features() / 12.0)) / NoiseModel.ANSWER_SAFETY;
    List<Digits> found = new ArrayList<>();
    for (int digits = 1; digits <= CoefficientBlocks.MAX_DIGITS; digits++) {
      Digits best = null;
      int mostWeightBits = Math.min(logProduct - LEAST_INPUT_BITS, primeBits[0] - 6);
      // What is flooded has to stand out from what hides it: inputs take all bits that weights do not need.
      int least = privacy == null ? Math.max(LEAST_WEIGHT_BITS, logProduct - MAX_PRIME_BITS) : LEAST_WEIGHT_BITS;
      for (int weightBits = least; weightBits <= mostWeightBits; weightBits++) {
        int digitBits = digits == 1 ? 0 : Math.min(MOST_DIGIT_BITS, map.digitBits(weightBits));
        if (digits > 1 && digitBits < LEAST_DIGIT_BITS) {
          continue;
        }
        double encryption = NoiseModel.DEVIATIONS * encryption(noise, logProduct, weightBits, norm, digits);
        double rounding = perWeight * Math.pow(2, -weightBits - digitBits * (digits - 1));
        double error = Math.hypot(encryption, rescale) + rounding;
        if (best == null || error < best.error) {
          best = new Digits(digits, digitBits, weightBits, error);
        }
      }
      if (best != null) {
        found.add(best);
      }
    }
    return found;
  }

  /** The deviation of a product's noise, flooding included; infinite where that takes more than there is. */
  private double encryption(CoefficientNoise noise, int logProduct, int weightBits, double norm, int digits) {
    if (privacy == null) {
      return noise.fresh(logProduct - weightBits) * norm * Math.sqrt(digits);
    }
    double own = noise.freshSecret(logProduct - weightBits) * norm * Math.sqrt(digits);
    try {
      ModelPrivacy hiding = noise.hiding(privacy, own, logProduct, map.values() * digits + CoefficientBlocks.MIN_ZEROS);
      return Math.hypot(own, noise.flooding(hiding, logProduct));
    } catch (IllegalArgumentException tooMuch) {
      return Double.POSITIVE_INFINITY;
    }
  }

  private Optional<Parameters> build(int logN, int[] primeBits) {
    try {
      int second = primeBits.length == 1 ? LEAST_SECOND_BITS : primeBits[1];
      return Optional.of(ModulusChain.select(logN, RingType.STANDARD, primeBits[0], second, primeBits.length - 1, LEAST_BASE_BITS, 0)
          .logScale(NOMINAL_LOG_SCALE).security(security).build());
    } catch (IllegalArgumentException noPrimeOrTooLarge) {
      return Optional.empty();
    }
  }
}
