// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.internal.emit.BatchEmission;
import dev.tacet.compiler.internal.emit.BatchEmitter;
import dev.tacet.compiler.internal.emit.BatchPlan;
import dev.tacet.compiler.internal.emit.BatchShape;
import dev.tacet.compiler.internal.fit.ActivationFit;
import dev.tacet.compiler.internal.pack.BatchLevels;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The pass that chooses parameters of the throughput packing: the smallest ring whose noise meets the target, and in it the bits of
 * weights and primes that give the host the least work.
 *
 * <p>The ring is the conjugate-invariant one, with twice the slots, but for programs with polynomials: the noise of their squares has
 * tails there (the secret's slots squared, all real) that would take more bits than the slots gain.
 */
public final class BatchSelector {
  private static final int MIN_WEIGHT_BITS = 6;
  private static final int MAX_WEIGHT_BITS = 16;
  private static final int MIN_PRIME_BITS = 28;
  private static final int MAX_PRIME_BITS = 48;

  /** The prime that the sums over inputs are divided by, where the inputs' scale would otherwise be too coarse. */
  private static final int INPUT_PRIME_BITS = 24;

  /** Polynomials square scales over and over: smaller primes are too far from powers of two for that. */
  private static final int MIN_POLYNOMIAL_PRIME_BITS = 36;

  /** Polynomials of a higher degree end at the full scale: their many partial polynomials would each be rounded at the lower one. */
  private static final int MAX_COARSE_DEGREE = 15;

  /** Bits of the base prime above the output's scale: 3 spare bits and room for values beyond 1. */
  private static final int BASE_ROOM = 9;

  private static final int MAX_SPECIAL = 4;

  /** Bits by which the weights of the inputs, most of the host's work, may be finer than others. */
  private static final int MAX_EXTRA_BITS = 6;

  private final BatchPlan plan;
  private final SecurityLevel security;
  private final RingType ring;
  private final double noiseTarget;

  private BatchSelector(BatchPlan plan, SecurityLevel security, CompileOptions.Ring ring, double noiseTarget) {
    this.plan = plan;
    this.security = security;
    this.ring = ring == CompileOptions.Ring.STANDARD || ring != CompileOptions.Ring.CONJUGATE_INVARIANT && hasPolynomials()
        ? RingType.STANDARD : RingType.CONJUGATE_INVARIANT;
    this.noiseTarget = noiseTarget;
  }

  /**
   * What was chosen.
   *
   * @param precise whether noise meets its target
   */
  public record Choice(Parameters parameters, BatchEmission emission, boolean precise) {}

  /** What the rounding of a program's weights does to its answers. */
  public enum Rounding {
    /** No more than is hardly seen. */
    FINE,
    /** No more than the accuracy allows. */
    COARSE,
    /** More than that. */
    TOO_COARSE
  }

  /**
   * Chooses parameters: in the smallest ring in which some weights are rounded finely enough, the least work; where more modulus
   * does not help, the finest weights.
   *
   * @param ring the ring; unless it is named, the standard one for programs with polynomials and else the other
   * @param noiseTarget the largest error that noise may make in a decrypted value, in output units
   * @param rounding judges a program by its answers
   * @return nothing if no allowed ring meets the targets
   */
  public static Optional<Choice> select(BatchPlan plan, SecurityLevel security, CompileOptions.Ring ring, int maxLogRingDegree,
      double noiseTarget, Function<BatchEmission, Rounding> rounding) {
    BatchSelector selector = new BatchSelector(plan, security, ring, noiseTarget);
    Choice fallback = null;
    int finestBits = 0;
    for (int logN = SecurityLevel.MIN_LOG_RING_DEGREE; logN <= maxLogRingDegree; logN++) {
      List<Choice> choices = selector.choices(logN);
      if (choices.isEmpty()) {
        continue;
      }
      Choice finest = choices.stream().max(Comparator.comparingInt(BatchSelector::fineness)).orElseThrow();
      int bits = fineness(finest);
      if (bits <= finestBits) {
        break;
      }
      finestBits = bits;
      Rounding found = rounding.apply(finest.emission());
      if (found == Rounding.FINE) {
        return Optional.of(choices.stream().filter(c -> rounding.apply(c.emission()) == Rounding.FINE).findFirst().orElse(finest));
      }
      fallback = found == Rounding.COARSE ? finest : fallback;
    }
    return Optional.ofNullable(fallback);
  }

  /** The bits of the weights; those that multiply polynomials of full scale have as many as the primes. */
  private static int fineness(Choice choice) {
    BatchShape shape = choice.emission().shape();
    boolean full = false;
    for (int node = 0; node < shape.levels().owing().length; node++) {
      boolean input = choice.emission().emission().inputs().size() > node;
      full |= !input && shape.levels().owing()[node] && !shape.levels().squared()[node];
    }
    return shape.weightBits() + shape.inputWeightBits() + (full ? shape.primeBits() : 0);
  }

  /** What is precise enough in a ring, the least work first. */
  private List<Choice> choices(int logN) {
    List<Choice> choices = new ArrayList<>();
    for (int inputBits : new int[] {0, INPUT_PRIME_BITS}) {
      if ((inputBits == 0 || !plan.plan().fitted().network().isLinear()) && largestDegree() <= MAX_COARSE_DEGREE) {
        collect(logN, inputBits, false, choices);
      }
      if (hasPolynomials()) {
        collect(logN, inputBits, true, choices);
      }
    }
    choices.sort(Comparator.comparingDouble((Choice choice) -> choice.emission().work())
        .thenComparingDouble(choice -> choice.parameters().logQP()));
    return choices;
  }

  /** The smallest primes for each number of weight bits that are precise, with every number of special primes that has room. */
  private void collect(int logN, int inputBits, boolean rescaledPolynomials, List<Choice> choices) {
    BatchLevels levels = BatchLevels.of(plan.plan().fitted(), inputBits > 0, rescaledPolynomials);
    for (int weightBits = MIN_WEIGHT_BITS; weightBits <= MAX_WEIGHT_BITS; weightBits += 2) {
      BatchShape shape = new BatchShape(levels, 0, weightBits, weightBits, inputBits);
      int low = leastPrime();
      int high = MAX_PRIME_BITS;
      while (low < high) {
        int middle = (low + high) / 2;
        if (build(logN, shape.withPrimeBits(middle), 1).isPresent()
            && emit(logN, shape.withPrimeBits(middle), 1).filter(Choice::precise).isEmpty()) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      for (int extra = 0; extra <= MAX_EXTRA_BITS; extra += 2) {
        BatchShape finer = new BatchShape(levels, low, weightBits, weightBits + extra, inputBits);
        int special = extra == 0 ? fewestOperations(logN, finer) : choices.isEmpty() ? 1 : lastSpecial(choices);
        emit(logN, finer, special).filter(Choice::precise).ifPresent(choices::add);
      }
    }
  }

  private int leastPrime() {
    return hasPolynomials() ? MIN_POLYNOMIAL_PRIME_BITS : MIN_PRIME_BITS;
  }

  private int largestDegree() {
    return plan.plan().fitted().fits().values().stream().mapToInt(ActivationFit::degree).max().orElse(1);
  }

  private boolean hasPolynomials() {
    return plan.plan().fitted().fits().values().stream().anyMatch(fit -> !fit.isSquare());
  }

  private static int lastSpecial(List<Choice> choices) {
    return Math.max(1, choices.get(choices.size() - 1).parameters().specialPrimes().length);
  }

  /** The number of special primes with the least work among those that have room; 1 if none is precise. */
  private int fewestOperations(int logN, BatchShape shape) {
    int best = 1;
    double least = Double.POSITIVE_INFINITY;
    for (int special = 1; special <= MAX_SPECIAL; special++) {
      Optional<Choice> choice = emit(logN, shape, special).filter(Choice::precise);
      if (choice.isPresent() && choice.get().emission().work() < least) {
        least = choice.get().emission().work();
        best = special;
      }
    }
    return best;
  }

  private Optional<Choice> emit(int logN, BatchShape shape, int special) {
    return build(logN, shape, special).map(parameters -> {
      BatchEmission emission = BatchEmitter.emit(plan, parameters, shape);
      boolean checkable = true;
      for (CipherOutput output : emission.emission().outputs()) {
        checkable &= output.slotError() <= Math.max(1, output.bound()) / 4;
      }
      boolean precise = checkable && emission.emission().valueError() <= noiseTarget;
      return new Choice(parameters, emission, precise);
    });
  }

  private Optional<Parameters> build(int logN, BatchShape shape, int special) {
    int primeBits = shape.primeBits();
    int base = Math.min(Parameters.MAX_MODULUS_BITS - 1, shape.logOutput(plan.plan().fitted().network().output()) + BASE_ROOM);
    int chain = shape.levels().total() + 1;
    boolean keyless = plan.plan().fitted().network().isLinear();
    int extra = keyless ? 0 : special;
    if (keyless && special > 1 || special > chain || chain > Parameters.MAX_CHAIN_LENGTH) {
      return Optional.empty();
    }
    int largest = chain > 1 ? Math.max(base, primeBits) : base;
    int digit = special == 1 ? largest : (base + (special - 1) * primeBits + special - 1) / special + 1;
    int[] bits = new int[chain + extra];
    Arrays.fill(bits, 1, chain, primeBits);
    bits[0] = base;
    if (shape.inputBits() > 0 && chain > 1) {
      bits[chain - 1] = shape.inputBits();
    }
    Arrays.fill(bits, chain, bits.length, Math.min(Parameters.MAX_MODULUS_BITS - 1, digit));
    if (Arrays.stream(bits).sum() > security.maxLogQP(logN) + 1) {
      return Optional.empty();
    }
    try {
      long[] primes = ModulusChain.near(logN, ring, bits);
      return Optional.of(Parameters.builder().ringType(ring).logRingDegree(logN)
          .logScale(primeBits - shape.weightBits()).security(security).digitSize(Math.max(1, extra))
          .modulusChain(Arrays.copyOf(primes, chain)).specialPrimes(Arrays.copyOfRange(primes, chain, primes.length)).build());
    } catch (IllegalArgumentException tooLarge) {
      return Optional.empty();
    }
  }
}
