// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.Encryptor;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.Evaluator;
import dev.tacet.he.KeyRequirement;
import dev.tacet.he.Parameters;
import dev.tacet.he.Plaintext;
import dev.tacet.he.PublicKey;
import dev.tacet.he.Scale;
import dev.tacet.he.secret.Decryptor;
import dev.tacet.he.secret.KeyGenerator;
import dev.tacet.he.secret.SecretEncryptor;
import dev.tacet.he.secret.SecretKey;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Times single operations at the top level of a parameter set, all slots full. What an operation returns is freed after the clock
 * has stopped; one call before the measured ones is thrown away. Not safe for use by several threads.
 */
public final class OperationBenchmark implements AutoCloseable {
  private static final long SEED = 1;

  private final ParameterSet set;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Map<String, Operation> operations = new LinkedHashMap<>();
  private final int limbs;

  /** A call that returns what must be freed afterwards; null if nothing. */
  @FunctionalInterface
  private interface Operation {
    AutoCloseable run();
  }

  /** Makes keys and ciphertexts of {@code set}. */
  public OperationBenchmark(ParameterSet set) {
    this.set = set;
    Parameters parameters = set.parameters();
    this.limbs = parameters.maxLevel() + 1;
    Context context = keep(Context.create(parameters));
    SecretKey secret = keep(SecretKey.generate(context));
    KeyGenerator generator = new KeyGenerator(secret);
    PublicKey publicKey = keep(generator.publicKey());
    int top = parameters.maxLevel();
    List<ByteBuffer> blobs = new ArrayList<>();
    blobs.add(generator.evaluationKey(KeyRequirement.RELINEARIZATION, top));
    blobs.add(generator.evaluationKey(parameters.galoisElement(1), top));
    EvaluationKeySet keys = keep(EvaluationKeySet.load(context, blobs));
    Evaluator evaluator = new Evaluator(context, keys);

    double[] slots = new Random(SEED).doubles(parameters.slots(), -1, 1).toArray();
    Scale scale = Scale.powerOfTwo(parameters.logScale());
    Plaintext plain = keep(Plaintext.encode(context, slots, top, scale));
    Encryptor publicEncryptor = new Encryptor(context, publicKey);
    SecretEncryptor secretEncryptor = new SecretEncryptor(secret);
    Decryptor decryptor = new Decryptor(secret);
    Ciphertext x = keep(publicEncryptor.encrypt(plain));
    Ciphertext y = keep(secretEncryptor.encrypt(plain));
    Ciphertext product = keep(evaluator.multiply(x, y));
    Ciphertext linear = keep(evaluator.relinearize(product));

    operations.put("encode", () -> Plaintext.encode(context, slots, top, scale));
    operations.put("encrypt_public", () -> publicEncryptor.encrypt(plain));
    operations.put("encrypt_secret", () -> secretEncryptor.encrypt(plain));
    operations.put("decrypt", () -> decryptor.decryptToPlaintext(x));
    operations.put("decrypt_decode", () -> nothing(decryptor.decrypt(x)));
    operations.put("add", () -> evaluator.add(x, y));
    operations.put("multiply_plain", () -> evaluator.multiplyPlain(x, plain));
    operations.put("multiply", () -> evaluator.multiply(x, y));
    operations.put("square", () -> evaluator.square(x));
    operations.put("relinearize", () -> evaluator.relinearize(product));
    operations.put("rescale", () -> evaluator.rescale(linear));
    operations.put("multiply_relinearize_rescale", () -> multiplyWhole(evaluator, x, y));
    operations.put("rotate", () -> evaluator.rotate(x, 1));
  }

  /**
   * Measures every operation {@code repetitions} times.
   *
   * @param progress told the name of each operation before it is measured
   */
  public List<OperationResult> run(int repetitions, Consumer<String> progress) {
    List<OperationResult> results = new ArrayList<>();
    operations.forEach(
        (name, operation) -> {
          progress.accept(name);
          OperationResult.Nanoseconds taken = OperationResult.Nanoseconds.of(measure(operation, repetitions));
          results.add(new OperationResult(set.name(), set.ringDegree(), limbs, name, repetitions, taken));
        });
    return results;
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      free(open.pop());
    }
  }

  private static long[] measure(Operation operation, int repetitions) {
    free(operation.run());
    long[] samples = new long[repetitions];
    for (int i = 0; i < repetitions; i++) {
      long start = System.nanoTime();
      AutoCloseable result = operation.run();
      samples[i] = System.nanoTime() - start;
      free(result);
    }
    return samples;
  }

  private static Ciphertext multiplyWhole(Evaluator evaluator, Ciphertext x, Ciphertext y) {
    try (Ciphertext product = evaluator.multiply(x, y);
        Ciphertext linear = evaluator.relinearize(product)) {
      return evaluator.rescale(linear);
    }
  }

  private <T extends AutoCloseable> T keep(T object) {
    open.push(object);
    return object;
  }

  private static AutoCloseable nothing(Object ignored) {
    return null;
  }

  private static void free(AutoCloseable object) {
    try {
      if (object != null) {
        object.close();
      }
    } catch (Exception e) {
      throw new IllegalStateException("a result cannot be freed", e);
    }
  }
}
