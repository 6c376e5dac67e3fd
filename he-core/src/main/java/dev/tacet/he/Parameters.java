// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * The public parameters of an RNS-CKKS instance: ring, modulus chain q_0..q_L, special primes p_0.., scale and digit size.
 *
 * <p>Construction proves that every modulus is a prime below 2^50 and congruent to 1 modulo 2N (4N for
 * {@link RingType#CONJUGATE_INVARIANT}), that all are distinct, and that log2(QP) is inside the table of {@link SecurityLevel}.
 * Body of the PARAMETERS blob: {@code u8 ringType | u8 logN | u8 logScale | u8 security | u8 digitSize | u8 chainLength |
 * u8 specialCount | u8 0 | u64 q[chainLength] | u64 p[specialCount]}; its SHA-256 is the parameter hash.
 */
public final class Parameters {
  /** Every modulus is below 2 to this power (52-bit lanes hold lazy values below 4q). */
  public static final int MAX_MODULUS_BITS = 50;

  /** Most primes in the modulus chain. */
  public static final int MAX_CHAIN_LENGTH = 64;

  /** Most special primes. */
  public static final int MAX_SPECIAL_PRIMES = 32;


  private final RingType ringType;
  private final int logRingDegree;
  private final int logScale;
  private final SecurityLevel security;
  private final int digitSize;
  private final long[] modulusChain;
  private final long[] specialPrimes;
  private final double logQ;
  private final double logQP;
  private final byte[] body;
  private final byte[] hash;

  private Parameters(Builder b) {
    require(b.ringType != null, "ring type is not set");
    require(b.security != null, "security level is not set");
    require(b.logRingDegree != 0, "ring degree is not set");
    require(b.logScale != 0, "scale is not set");
    require(b.digitSize != 0, "digit size is not set");
    require(b.modulusChain != null, "modulus chain is not set");
    require(b.specialPrimes != null, "special primes are not set (an empty array means no key switching)");
    ringType = b.ringType;
    security = b.security;
    logRingDegree = b.logRingDegree;
    logScale = b.logScale;
    digitSize = b.digitSize;
    modulusChain = b.modulusChain;
    specialPrimes = b.specialPrimes;
    int minLog = security == SecurityLevel.UNCHECKED_FOR_TESTS ? 4 : SecurityLevel.MIN_LOG_RING_DEGREE;
    require(
        logRingDegree >= minLog && logRingDegree <= SecurityLevel.MAX_LOG_RING_DEGREE,
        "ring degree 2^%d is outside 2^%d..2^%d", logRingDegree, minLog, SecurityLevel.MAX_LOG_RING_DEGREE);
    require(logScale >= 4 && logScale <= 100, "scale 2^%d is outside 2^4..2^100", logScale);
    require(
        modulusChain.length >= 1 && modulusChain.length <= MAX_CHAIN_LENGTH,
        "modulus chain has %d primes, must have 1..%d", modulusChain.length, MAX_CHAIN_LENGTH);
    require(
        specialPrimes.length <= MAX_SPECIAL_PRIMES,
        "%d special primes, at most %d are allowed", specialPrimes.length, MAX_SPECIAL_PRIMES);
    require(
        digitSize >= 1 && digitSize <= modulusChain.length,
        "digit size %d is outside 1..%d (the chain's length)", digitSize, modulusChain.length);
    checkPrimes();
    BigInteger q = product(modulusChain);
    BigInteger qp = q.multiply(product(specialPrimes));
    int bound = security.maxLogQP(logRingDegree);
    logQ = log2(q);
    logQP = log2(qp);
    require(
        qp.bitLength() <= bound,
        "log2(QP) = %.2f at N = 2^%d exceeds %d, the bound for %s in the table of eprint 2024/463",
        logQP, logRingDegree, bound, security);
    body = writeBody();
    hash = Blob.sha256(body);
  }

  /** Starts a builder; every field must be set. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns the ring type. */
  public RingType ringType() {
    return ringType;
  }

  /** Returns log2(N). */
  public int logRingDegree() {
    return logRingDegree;
  }

  /** Returns N. */
  public int ringDegree() {
    return 1 << logRingDegree;
  }

  /** Returns the number of slots: N/2 complex ones for STANDARD, N real ones for CONJUGATE_INVARIANT. */
  public int slots() {
    return ringType == RingType.STANDARD ? ringDegree() / 2 : ringDegree();
  }

  /** Returns q_0..q_L; a copy. */
  public long[] modulusChain() {
    return modulusChain.clone();
  }

  /** Returns q_index of the chain. */
  public long modulus(int index) {
    return modulusChain[index];
  }

  /** Returns p_0..; a copy, possibly empty (then there is no key switching). */
  public long[] specialPrimes() {
    return specialPrimes.clone();
  }

  /** Returns L, the chain's length minus one. */
  public int maxLevel() {
    return modulusChain.length - 1;
  }

  /** Returns log2 of the nominal scale. */
  public int logScale() {
    return logScale;
  }

  /** Returns the number of chain primes in a key-switching digit. */
  public int digitSize() {
    return digitSize;
  }

  /** Returns the number of digits at a level, ceil((level+1)/digitSize). */
  public int digits(int level) {
    return (level + digitSize) / digitSize;
  }

  /** Returns the security level that these parameters were checked against. */
  public SecurityLevel security() {
    return security;
  }

  /** Returns log2 of the product of the modulus chain. */
  public double logQ() {
    return logQ;
  }

  /** Returns log2 of q_0 * .. * q_level. */
  public double logQ(int level) {
    double sum = 0;
    for (int i = 0; i <= level; i++) {
      sum += Math.log(modulusChain[i]) / Math.log(2);
    }
    return sum;
  }

  /** Returns log2 of the product of the modulus chain and the special primes. */
  public double logQP() {
    return logQP;
  }

  /** Returns the parameter hash, SHA-256 of the body; a copy. */
  public byte[] hash() {
    return hash.clone();
  }

  /** Returns the parameter hash in 64 hexadecimal digits. */
  public String hashHex() {
    return Blob.hex(hash);
  }

  /** Returns 2N (4N for CONJUGATE_INVARIANT), the modulus of Galois elements. */
  public long galoisModulus() {
    return (ringType == RingType.STANDARD ? 2L : 4L) << logRingDegree;
  }

  /**
   * Returns the Galois element of a rotation, 5^steps modulo {@link #galoisModulus()}.
   *
   * @param steps any integer; slot j of the result is slot j+steps of the operand, modulo the slots
   */
  public long galoisElement(int steps) {
    long exponent = Math.floorMod((long) steps, (long) slots());
    return BigInteger.valueOf(5).modPow(BigInteger.valueOf(exponent), BigInteger.valueOf(galoisModulus())).longValue();
  }

  /**
   * Returns whether an automorphism has this number: the odd ones below {@link #galoisModulus()}, for CONJUGATE_INVARIANT those
   * that are 1 modulo 4 (g and -g are the same automorphism there).
   */
  public boolean isGaloisElement(long element) {
    boolean residue = ringType == RingType.STANDARD ? element % 2 == 1 : element % 4 == 1;
    return residue && element > 0 && element < galoisModulus();
  }

  /**
   * Returns the Galois element of complex conjugation, 2N-1.
   *
   * @throws UnsupportedException for CONJUGATE_INVARIANT, whose slots are real
   */
  public long conjugationElement() {
    if (ringType == RingType.CONJUGATE_INVARIANT) {
      throw new UnsupportedException("conjugate does not exist in ring type CONJUGATE_INVARIANT, its slots are real");
    }
    return galoisModulus() - 1;
  }

  /** Returns the PARAMETERS blob. */
  public byte[] toBytes() {
    return Blob.write(BlobKind.PARAMETERS, hash, body);
  }

  /**
   * Reads a PARAMETERS blob and proves it as the constructor does.
   *
   * @throws MalformedException if the bytes are not such a blob, or the parameters fail a check
   */
  public static Parameters fromBytes(ByteBuffer bytes) {
    Blob blob = Blob.read(bytes, BlobKind.PARAMETERS);
    BoundedReader in = new BoundedReader("parameters", blob.body());
    Builder b = builder();
    b.ringType(RingType.ofCode(in.u8("ring type")));
    b.logRingDegree(in.u8("log2 of the ring degree"));
    b.logScale(in.u8("log2 of the scale"));
    b.security(SecurityLevel.ofCode(in.u8("security")));
    b.digitSize(in.u8("digit size"));
    int chain = in.u8("chain length", 1, MAX_CHAIN_LENGTH);
    int special = in.u8("special prime count", 0, MAX_SPECIAL_PRIMES);
    in.u8("reserved byte", 0, 0);
    b.modulusChain(moduli(in, "q", chain));
    b.specialPrimes(moduli(in, "p", special));
    in.end();
    Parameters parameters;
    try {
      parameters = b.build();
    } catch (IllegalArgumentException e) {
      throw new MalformedException("parameters: " + e.getMessage(), e);
    }
    if (!Arrays.equals(parameters.hash, blob.parameterHash())) {
      throw new MalformedException(
          "parameters: header carries hash " + Blob.hex(blob.parameterHash()) + ", the body hashes to "
              + parameters.hashHex());
    }
    return parameters;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Parameters p && Arrays.equals(body, p.body);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash);
  }

  @Override
  public String toString() {
    return String.format(
        "Parameters[%s N=2^%d log2(Q)=%.1f log2(QP)=%.1f levels=%d scale=2^%d digitSize=%d %s]",
        ringType, logRingDegree, logQ, logQP, maxLevel(), logScale, digitSize, security);
  }

  private void checkPrimes() {
    long step = galoisModulus();
    Map<Long, String> seen = new HashMap<>();
    for (int i = 0; i < modulusChain.length + specialPrimes.length; i++) {
      boolean special = i >= modulusChain.length;
      long prime = special ? specialPrimes[i - modulusChain.length] : modulusChain[i];
      String name = special ? "p_" + (i - modulusChain.length) : "q_" + i;
      require(
          prime > 2 && prime < 1L << MAX_MODULUS_BITS,
          "%s = %s is not in 3..2^%d", name, Long.toUnsignedString(prime), MAX_MODULUS_BITS);
      require(
          prime % step == 1, "%s = %d is %d modulo %d, must be 1", name, prime, prime % step, step);
      String before = seen.put(prime, name);
      require(before == null, "%s = %d repeats %s; all primes must be distinct", name, prime, before);
      require(Primality.isPrime(prime), "%s = %d is not a prime", name, prime);
    }
  }

  private byte[] writeBody() {
    BoundedWriter out = new BoundedWriter();
    out.u8(ringType.code()).u8(logRingDegree).u8(logScale).u8(security.code()).u8(digitSize);
    out.u8(modulusChain.length).u8(specialPrimes.length).u8(0);
    for (long q : modulusChain) {
      out.u64(q);
    }
    for (long p : specialPrimes) {
      out.u64(p);
    }
    return out.toBytes();
  }

  private static long[] moduli(BoundedReader in, String name, int count) {
    long[] moduli = new long[count];
    for (int i = 0; i < count; i++) {
      moduli[i] = in.u64(name + "_" + i);
    }
    return moduli;
  }

  private static BigInteger product(long[] factors) {
    BigInteger product = BigInteger.ONE;
    for (long factor : factors) {
      product = product.multiply(BigInteger.valueOf(factor));
    }
    return product;
  }

  /** log2 of a positive integer to double precision. */
  private static double log2(BigInteger value) {
    int shift = Math.max(0, value.bitLength() - 64);
    return shift + Math.log(value.shiftRight(shift).doubleValue()) / Math.log(2);
  }

  private static void require(boolean condition, String format, Object... arguments) {
    if (!condition) {
      throw new IllegalArgumentException(String.format(format, arguments));
    }
  }

  /** Collects the fields of {@link Parameters}; {@link #build()} refuses unset ones. */
  public static final class Builder {
    private RingType ringType;
    private int logRingDegree;
    private int logScale;
    private SecurityLevel security;
    private int digitSize;
    private long[] modulusChain;
    private long[] specialPrimes;

    private Builder() {}

    /** Sets the ring type. */
    public Builder ringType(RingType value) {
      ringType = value;
      return this;
    }

    /** Sets log2(N), 11..16 (from 4 for UNCHECKED_FOR_TESTS). */
    public Builder logRingDegree(int value) {
      logRingDegree = value;
      return this;
    }

    /** Sets log2 of the nominal scale, 4..100. */
    public Builder logScale(int value) {
      logScale = value;
      return this;
    }

    /** Sets the security level to check against. */
    public Builder security(SecurityLevel value) {
      security = value;
      return this;
    }

    /** Sets the number of chain primes in a key-switching digit, 1..chain length. */
    public Builder digitSize(int value) {
      digitSize = value;
      return this;
    }

    /** Sets q_0..q_L. */
    public Builder modulusChain(long... primes) {
      modulusChain = primes.clone();
      return this;
    }

    /** Sets p_0..; none means no key switching. */
    public Builder specialPrimes(long... primes) {
      specialPrimes = primes.clone();
      return this;
    }

    /**
     * Proves and makes the parameters.
     *
     * @throws IllegalArgumentException with the numbers, if a field is unset or a check fails
     */
    public Parameters build() {
      return new Parameters(this);
    }
  }
}
