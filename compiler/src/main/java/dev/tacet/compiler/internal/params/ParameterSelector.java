// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.internal.emit.Costs;
import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.emit.ProgramEmitter;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The pass that chooses parameters: the smallest ring degree, then the smallest scale whose predicted noise meets the target,
 * then the digit size with the smallest keys; all inside the table of {@link SecurityLevel}.
 */
public final class ParameterSelector {
  private static final int MIN_SCALE = 24;
  private static final int MAX_SCALE = 46;

  /** The same where answers hide the model, at a scale of their own: nothing else needs room in the base prime. */
  private static final int MAX_PRIVATE_SCALE = 49;

  /** Bits of the base prime above the scale, where 50 bits allow it: 3 spare bits and room for values beyond 1; or one less. */
  private static final int BASE_ROOM = 9;

  /**
   * Bits of the highest prime above the scale, where the modulus has room. Its level holds the first linear layer, whose weights
   * and fresh inputs have no other place for their noise: the widest sums of the whole program.
   */
  private static final int MAX_TOP_ROOM = 6;

  /**
   * A highest prime of one or two bits more is not worth them: the engine keeps residues of keys and diagonals in four bytes where
   * their prime is below 2^32, and reading them is what a linear layer waits for.
   */
  private static final int NARROW_BITS = 32;

  /** Noise may grow this many times where residues take fewer bits. */
  private static final double MOST_NOISE_OF_A_BIT = 1.02;

  /** Evaluation keys of more bytes than this are worth some precision. */
  private static final long HEAVY_KEY_BYTES = 120L << 20;

  /** Bits of precision that may be given for smaller keys. */
  private static final int SPARE_BITS = 4;

  /** How many times smaller the keys must be for a bit of precision. */
  private static final double PRICE_OF_A_BIT = 1.25;

  private final Plan plan;
  private final SecurityLevel security;
  private final RingType ring;
  private final double target;
  private final double most;

  private ParameterSelector(Plan plan, SecurityLevel security, RingType ring, double target, double most) {
    this.plan = plan;
    this.security = security;
    this.ring = ring;
    this.target = Math.min(target, most);
    this.most = most;
  }

  /**
   * Chooses parameters.
   *
   * @param security the security level
   * @param ring the ring; AUTO takes the conjugate-invariant one, at whose degree N all N slots are real, only at ring degrees
   *     where the widest layer does not fit into the N/2 slots of the standard one
   * @param maxLogRingDegree log2 of the largest ring degree allowed
   * @param target the largest error that noise may make in a decrypted value, in output units
   * @param most the same, where precision is given for smaller keys; no less than the target, or it counts as that
   * @return the parameters with the outline of the program ({@link Selection#complete}); nothing if no ring degree has room for the
   *     plan's levels; an imprecise selection if none meets the target
   */
  public static Optional<Selection> select(
      Plan plan, SecurityLevel security, CompileOptions.Ring ring, int maxLogRingDegree, double target, double most) {
    Selection best = null;
    for (int logN = SecurityLevel.MIN_LOG_RING_DEGREE; logN <= maxLogRingDegree; logN++) {
      boolean fitsHalf = 1 << (logN - 1) >= plan.leastSlots();
      boolean alwaysStandard = ring == CompileOptions.Ring.STANDARD || ring == CompileOptions.Ring.USUAL;
      if (1 << logN < plan.leastSlots() || alwaysStandard && !fitsHalf) {
        continue;
      }
      boolean standard = alwaysStandard || ring == CompileOptions.Ring.AUTO && fitsHalf;
      Optional<Selection> found = new ParameterSelector(
          plan, security, standard ? RingType.STANDARD : RingType.CONJUGATE_INVARIANT, target, most).at(logN);
      if (found.isPresent() && found.get().precise()) {
        return found;
      }
      if (found.isPresent() && (best == null || found.get().emission().valueError() < best.emission().valueError())) {
        best = found.get();
      }
    }
    return Optional.ofNullable(best);
  }

  /** Returns a number of levels that no program can exceed, whatever its layers. */
  public static int mostLevels(SecurityLevel security, int maxLogRingDegree) {
    int byModulus = (security.maxLogQP(maxLogRingDegree) + 1 - 2 * (MIN_SCALE + BASE_ROOM)) / MIN_SCALE;
    return Math.min(byModulus, Parameters.MAX_CHAIN_LENGTH - 1);
  }

  /** The selection at one ring degree; imprecise if the finest scale does not meet the target. */
  private Optional<Selection> at(int logN) {
    int top = plan.privacy() == null ? MAX_SCALE : MAX_PRIVATE_SCALE;
    while (top >= MIN_SCALE && build(logN, top, 1).isEmpty()) {
      top--;
    }
    if (top < MIN_SCALE) {
      return Optional.empty();
    }
    Selection finest = emit(build(logN, top, 1).orElseThrow());
    return Optional.of(trimmed(logN, finest.precise() ? lightest(logN, smallestScale(logN, top)) : cheapest(logN, top)));
  }

  /**
   * The same with scale primes that are all below 2^logScale, and with a base prime of a bit less, where that costs no precision: fresh
   * ciphertexts, answers and keys take fewer bits.
   */
  private Selection trimmed(int logN, Selection found) {
    if (plan.privacy() != null) {
      return found;
    }
    Selection best = found;
    for (ModulusChain.Side side : new ModulusChain.Side[] {ModulusChain.Side.BELOW, ModulusChain.Side.BOTH}) {
      for (int room = BASE_ROOM; room >= BASE_ROOM - 1; room--) {
        Selection least = best;
        best = build(logN, found.parameters().logScale(), found.parameters().digitSize(), room, side)
            .filter(parameters -> residueBits(parameters) < residueBits(least.parameters())).map(this::emit)
            .filter(small -> small.precise() == found.precise() && isAsPrecise(small.emission(), found.emission())).orElse(best);
      }
    }
    return best;
  }

  private static boolean isAsPrecise(Emission one, Emission other) {
    boolean same = one.valueError() <= MOST_NOISE_OF_A_BIT * other.valueError();
    for (int i = 0; i < one.outputs().size(); i++) {
      same &= Arrays.equals(one.outputs().get(i).factor(), other.outputs().get(i).factor())
          && one.outputs().get(i).slotError() <= MOST_NOISE_OF_A_BIT * other.outputs().get(i).slotError();
    }
    return same;
  }

  /** Bits of a coefficient of a fresh ciphertext on the wire. */
  private static int residueBits(Parameters parameters) {
    return Arrays.stream(parameters.modulusChain()).mapToInt(prime -> Long.SIZE - Long.numberOfLeadingZeros(prime)).sum();
  }

  private int smallestScale(int logN, int top) {
    int low = MIN_SCALE;
    int high = top;
    while (low < high) {
      int middle = (low + high) / 2;
      Optional<Parameters> parameters = build(logN, middle, 1);
      if (parameters.isPresent() && emit(parameters.get()).precise()) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return high;
  }

  /**
   * The cheapest set at a scale or, where keys are heavy, up to {@link #SPARE_BITS} bits below it: each bit must pay for the
   * precision it costs by keys that are smaller by {@link #PRICE_OF_A_BIT}. Deep programs gain special primes so, and far
   * smaller keys. Not where answers hide the model: the flooding multiplies every bit.
   */
  private Selection lightest(int logN, int logScale) {
    Selection best = cheapest(logN, logScale);
    double bestCost = keyBits(best.parameters());
    if (plan.privacy() != null || Costs.keyBytes(best.emission().program()) <= HEAVY_KEY_BYTES) {
      return best;
    }
    for (int bits = 1; bits <= SPARE_BITS && logScale - bits >= MIN_SCALE; bits++) {
      if (build(logN, logScale - bits, 1).isEmpty()) {
        continue;
      }
      Selection candidate = cheapest(logN, logScale - bits);
      double cost = keyBits(candidate.parameters()) * Math.pow(PRICE_OF_A_BIT, bits);
      boolean checkable = candidate.emission().outputs().stream().allMatch(o -> o.slotError() <= Math.max(1, o.bound()) / 4);
      if (cost < bestCost && checkable && candidate.emission().valueError() <= Math.min(most, target * (1 << bits))) {
        best = new Selection(candidate.parameters(), candidate.emission(), true);
        bestCost = cost;
      }
    }
    return best;
  }

  /** The digit size with the smallest keys that keeps the precision. */
  private Selection cheapest(int logN, int logScale) {
    Selection best = emit(build(logN, logScale, 1).orElseThrow());
    int primes = plan.levels().total() + 1;
    for (int digit = 2; digit <= primes; digit++) {
      if ((primes + digit - 1) / digit == (primes + digit - 2) / (digit - 1)) {
        continue;  // as many digits as with smaller ones, and more special primes
      }
      Optional<Parameters> parameters = build(logN, logScale, digit);
      if (parameters.isEmpty() || keyBits(parameters.get()) >= keyBits(best.parameters())) {
        continue;
      }
      Selection candidate = emit(parameters.get());
      if (candidate.precise() || !best.precise()) {
        best = candidate;
      }
    }
    return best;
  }

  private static double keyBits(Parameters parameters) {
    return parameters.digits(parameters.maxLevel()) * parameters.logQP();
  }

  private Selection emit(Parameters parameters) {
    Emission emission = ProgramEmitter.outline(plan, parameters);
    boolean checkable = emission.outputs().stream().allMatch(o -> o.slotError() <= Math.max(1, o.bound()) / 4);
    boolean fits = plan.privacy() == null || Sharing.DEVIATIONS * emission.flooding() <= plan.mostFlooding();
    return new Selection(parameters, emission, checkable && fits && emission.valueError() <= target);
  }

  /**
   * Parameters with digits of so many primes. The special primes are as few and as large as hold a digit's product: fewer limbs
   * than with special primes of the scale's size.
   */
  private Optional<Parameters> build(int logN, int logScale, int digit) {
    return build(logN, logScale, digit, BASE_ROOM, ModulusChain.Side.BOTH).or(() -> build(logN, logScale, digit, BASE_ROOM - 1, ModulusChain.Side.BOTH));
  }

  private Optional<Parameters> build(int logN, int logScale, int digit, int baseRoom, ModulusChain.Side side) {
    for (int extra = MAX_TOP_ROOM; extra >= 0; extra -= 2) {
      Optional<Parameters> parameters = build(logN, logScale, digit, baseRoom, extra, side);
      if (parameters.isPresent()) {
        return parameters;
      }
    }
    return Optional.empty();
  }

  private Optional<Parameters> build(int logN, int logScale, int digit, int baseRoom, int topRoom, ModulusChain.Side side) {
    int base = Math.min(Parameters.MAX_MODULUS_BITS, logScale + baseRoom);
    int top = topBits(logScale, topRoom);
    int levels = plan.levels().total();
    int digitBits = base + (digit - 1) * logScale;
    int special = digit == 1 ? 1 : (digitBits + Parameters.MAX_MODULUS_BITS - 2) / (Parameters.MAX_MODULUS_BITS - 1);
    int specialBits = digit == 1 ? base : (digitBits + special - 1) / special + 1;
    if (base + (levels - 1L) * logScale + top + (long) special * specialBits > security.maxLogQP(logN) + 1L
        || levels + 1 > Parameters.MAX_CHAIN_LENGTH || special > Parameters.MAX_SPECIAL_PRIMES) {
      return Optional.empty();
    }
    try {
      Parameters.Builder builder = ModulusChain.select(logN, ring, base, logScale, levels - 1, specialBits, special, side);
      long[] chain = builder.security(security).digitSize(digit).build().modulusChain();
      long[] ordered = ChainOrder.of(plan, Arrays.copyOfRange(chain, 1, chain.length), logScale);
      if (ordered == null) {
        return Optional.empty();
      }
      System.arraycopy(ordered, 0, chain, 1, ordered.length);
      long[] whole = Arrays.copyOf(chain, levels + 1);
      whole[levels] = plan.privacy() != null ? freeTop(logN, chain, top, logScale, special, builder)
          : ModulusChain.select(logN, ring, top, logScale, 0, specialBits, 0).security(security).build().modulus(0);
      return Optional.of(builder.modulusChain(whole).build());
    } catch (IllegalArgumentException tooLargeOrTaken) {
      return Optional.empty();
    }
  }

  private static int topBits(int logScale, int room) {
    int bits = Math.min(Parameters.MAX_MODULUS_BITS, logScale + room);
    return bits > NARROW_BITS && bits <= NARROW_BITS + 2 ? NARROW_BITS : bits;
  }

  /** The largest prime of so many bits that a chain and its special primes leave: where scales are as large as primes, many are taken. */
  private long freeTop(int logN, long[] chain, int top, int logScale, int special, Parameters.Builder builder) {
    Set<Long> taken = new HashSet<>();
    Arrays.stream(chain).forEach(taken::add);
    Arrays.stream(builder.build().specialPrimes()).forEach(taken::add);
    Parameters more = ModulusChain.select(logN, ring, Parameters.MAX_MODULUS_BITS, logScale, 0, top, special + 2)
        .security(SecurityLevel.UNCHECKED_FOR_TESTS).build();
    return Arrays.stream(more.specialPrimes()).filter(prime -> !taken.contains(prime)).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no free prime of " + top + " bits"));
  }
}
