// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Parameters, keys and ciphertexts for tests. The rings are too small to be secure. */
final class HeFixture implements AutoCloseable {
  final Parameters parameters;
  final Context context;
  final SecretKey secretKey;
  final SecretEncryptor encryptor;
  final Decryptor decryptor;
  final KeyGenerator generator;
  final Scale scale;

  HeFixture(Parameters parameters) {
    this.parameters = parameters;
    context = Context.create(parameters);
    secretKey = SecretKey.generate(context);
    encryptor = new SecretEncryptor(secretKey);
    decryptor = new Decryptor(secretKey);
    generator = new KeyGenerator(secretKey);
    scale = Scale.powerOfTwo(parameters.logScale());
  }

  /** N = 2^logN, q_0 of 50 bits, {@code levels} scale primes of 40 bits, two special primes of 50 bits, digits of two primes. */
  static Parameters parameters(int logRingDegree, int levels) {
    return parameters(RingType.STANDARD, logRingDegree, levels);
  }

  static Parameters parameters(RingType ring, int logRingDegree, int levels) {
    return ModulusChain.select(logRingDegree, ring, 50, 40, levels, 50, 2)
        .security(SecurityLevel.UNCHECKED_FOR_TESTS)
        .build();
  }

  static HeFixture small(RingType ring) {
    return new HeFixture(parameters(ring, 7, 4));
  }

  /** Numbers uniform in [-1, 1], one per slot. */
  double[] slots(Random random) {
    return random.doubles(parameters.slots(), -1, 1).toArray();
  }

  Ciphertext encrypt(double[] slots) {
    return encryptor.encrypt(slots, parameters.maxLevel(), scale);
  }

  double[] decrypt(Ciphertext ciphertext) {
    return decryptor.decrypt(ciphertext).real();
  }

  EvaluationKeySet keys(Iterable<KeyRequirement> requirements) {
    List<ByteBuffer> blobs = new ArrayList<>();
    requirements.forEach(requirement -> blobs.add(generator.evaluationKey(requirement)));
    return EvaluationKeySet.load(context, blobs);
  }

  KeyRequirement rotation(int steps) {
    return new KeyRequirement(parameters.galoisElement(steps), parameters.maxLevel());
  }

  KeyRequirement relinearization() {
    return new KeyRequirement(KeyRequirement.RELINEARIZATION, parameters.maxLevel());
  }

  static double maxDifference(double[] a, double[] b) {
    double max = 0;
    for (int i = 0; i < a.length; i++) {
      double difference = Math.abs(a[i] - b[i]);
      max = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(max, difference);
    }
    return max;
  }

  @Override
  public void close() {
    secretKey.close();
    context.close();
  }
}
