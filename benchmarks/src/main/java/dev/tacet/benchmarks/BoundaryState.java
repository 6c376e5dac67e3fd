// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.Evaluator;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.Plaintext;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.util.List;
import java.util.Random;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Keys and ciphertexts of one ring degree. At N = 2^4 the engine does next to nothing, so that what is left is the boundary: handles,
 * leases, arrays and strings of the call. N = 2^13 is the smallest ring that is served, whose operations the boundary is held against.
 */
@State(Scope.Thread)
public class BoundaryState {
  private static final int BASE_BITS = 45;
  private static final int SCALE_BITS = 35;
  private static final int LEVELS = 3;

  /** log2 of the ring degree. */
  @Param({"4", "13"})
  public int logRingDegree;

  Context context;
  Scale scale;
  int level;
  double[] slots;
  Plaintext plain;
  Ciphertext x;
  Evaluator evaluator;
  SecretEncryptor encryptor;
  Decryptor decryptor;
  private SecretKey secret;
  private EvaluationKeySet keys;

  /** Makes everything that a call needs. */
  @Setup(Level.Trial)
  public void setUp() {
    Parameters parameters =
        ModulusChain.select(logRingDegree, RingType.STANDARD, BASE_BITS, SCALE_BITS, LEVELS, BASE_BITS, 1)
            .security(SecurityLevel.UNCHECKED_FOR_TESTS)
            .build();
    context = Context.create(parameters);
    level = parameters.maxLevel();
    scale = Scale.powerOfTwo(SCALE_BITS);
    secret = SecretKey.generate(context);
    KeyGenerator generator = new KeyGenerator(secret);
    keys = EvaluationKeySet.load(context, List.of(generator.evaluationKey(parameters.galoisElement(1), level)));
    evaluator = new Evaluator(context, keys);
    encryptor = new SecretEncryptor(secret);
    decryptor = new Decryptor(secret);
    slots = new Random(1).doubles(parameters.slots(), -1, 1).toArray();
    plain = Plaintext.encode(context, slots, level, scale);
    x = encryptor.encrypt(plain);
  }

  /** Frees the engine's memory. */
  @TearDown(Level.Trial)
  public void tearDown() {
    x.close();
    plain.close();
    keys.close();
    secret.close();
    context.close();
  }
}
