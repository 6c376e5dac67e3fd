// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.InsecureModelException;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Parameters;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Signature;
import java.math.BigInteger;

/**
 * What this client demands of a model before it makes a key for it, checked from the numbers alone and not from what the host
 * says of them.
 *
 * @param floor least security level
 * @param maxKeys most evaluation keys
 * @param maxKeyBytes most bytes of evaluation keys
 */
public record ParameterPolicy(SecurityLevel floor, int maxKeys, long maxKeyBytes) {
  /** Validates. */
  public ParameterPolicy {
    if (floor == SecurityLevel.UNCHECKED_FOR_TESTS) {
      throw new IllegalArgumentException("a client's security floor cannot be UNCHECKED_FOR_TESTS");
    }
    if (maxKeys < 0 || maxKeyBytes < 0) {
      throw new IllegalArgumentException("caps of " + maxKeys + " keys and " + maxKeyBytes + " bytes must not be negative");
    }
  }

  /**
   * Checks parameters and key demands.
   *
   * @throws InsecureModelException with the numbers
   */
  public void check(Parameters parameters, Signature signature) {
    SecurityLevel declared = parameters.security();
    if (!declared.isAtLeast(floor)) {
      throw new InsecureModelException(
          "model " + signature.model() + ": its parameters are for " + declared + ", this client's floor is " + floor);
    }
    BigInteger qp = BigInteger.ONE;
    for (long[] primes : new long[][] {parameters.modulusChain(), parameters.specialPrimes()}) {
      for (long prime : primes) {
        if (!BigInteger.valueOf(prime).isProbablePrime(80) || prime % parameters.galoisModulus() != 1) {
          throw new InsecureModelException(
              "model " + signature.model() + ": modulus " + prime + " is not a prime that is 1 modulo "
                  + parameters.galoisModulus());
        }
        qp = qp.multiply(BigInteger.valueOf(prime));
      }
    }
    requireSmall(qp, parameters.logRingDegree(), signature.model());
    if (signature.keys().size() > maxKeys) {
      throw new InsecureModelException(
          "model " + signature.model() + ": it asks for " + signature.keys().size() + " evaluation keys, this client's cap is "
              + maxKeys);
    }
    long bytes = 0;
    for (KeyRequirement key : signature.keys()) {
      bytes += key.blobBytes(parameters);
    }
    if (bytes > maxKeyBytes) {
      throw new InsecureModelException(
          "model " + signature.model() + ": its evaluation keys take " + bytes + " bytes, this client's cap is " + maxKeyBytes);
    }
  }

  /** Checks the product of all moduli against the floor, whatever level the parameters were made for. */
  void requireSmall(BigInteger qp, int logRingDegree, String model) {
    int bound = floor.maxLogQP(logRingDegree);
    if (qp.bitLength() > bound) {
      throw new InsecureModelException(
          "model " + model + ": log2(QP) is above " + (qp.bitLength() - 1) + " at N = 2^" + logRingDegree + ", " + floor + " allows "
              + bound + " (eprint 2024/463)");
    }
  }
}
