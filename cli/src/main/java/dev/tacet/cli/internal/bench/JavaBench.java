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
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * The operations of tacet_bench through Java, as far as the library offers them one by one. What an operation returns is freed after
 * the clock has stopped; calls before the measured ones are thrown away. Not safe for use by several threads.
 */
public final class JavaBench implements AutoCloseable {
  private static final long SEED = 1;
  private static final int FEWEST = 5;
  private static final int WARM_UP = 3;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Map<String, Operation> operations = new LinkedHashMap<>();

  /** A call that returns what must be freed afterwards; null if nothing. */
  @FunctionalInterface
  private interface Operation {
    AutoCloseable run();
  }

  /** Microseconds over the calls measured. */
  public record Microseconds(double min, double median) {}

  /** Makes keys and ciphertexts at the top level of {@code parameters}, all slots full. */
  public JavaBench(Parameters parameters) {
    Context context = keep(Context.create(parameters));
    SecretKey secret = keep(SecretKey.generate(context));
    KeyGenerator generator = new KeyGenerator(secret);
    PublicKey publicKey = keep(generator.publicKey());
    int top = parameters.maxLevel();
    long byOne = parameters.galoisElement(1);
    List<ByteBuffer> blobs = new ArrayList<>();
    blobs.add(generator.evaluationKey(KeyRequirement.RELINEARIZATION, top));
    blobs.add(generator.evaluationKey(byOne, top));
    EvaluationKeySet keys = keep(EvaluationKeySet.load(context, blobs));
    Evaluator evaluator = new Evaluator(context, keys);

    double[] slots = new Random(SEED).doubles(parameters.slots(), -1, 1).toArray();
    Scale scale = Scale.powerOfTwo(parameters.logScale());
    Scale lowScale = Scale.powerOfTwo(Math.min(parameters.logScale(), (int) parameters.logQ(0) - 5));
    Plaintext plain = keep(Plaintext.encode(context, slots, top, scale));
    Encryptor publicEncryptor = new Encryptor(context, publicKey);
    SecretEncryptor secretEncryptor = new SecretEncryptor(secret);
    Decryptor decryptor = new Decryptor(secret);
    Ciphertext x = keep(secretEncryptor.encrypt(plain));
    Ciphertext y = keep(secretEncryptor.encrypt(plain));
    Ciphertext low = keep(secretEncryptor.encrypt(keep(Plaintext.encode(context, slots, 0, lowScale))));

    operations.put("encode", () -> Plaintext.encode(context, slots, top, scale));
    operations.put("encrypt_secret", () -> secretEncryptor.encrypt(plain));
    operations.put("encrypt_public", () -> publicEncryptor.encrypt(plain));
    operations.put("decrypt_decode", () -> nothing(decryptor.decrypt(low)));
    operations.put("multiply_plain", () -> evaluator.multiplyPlain(x, plain));
    operations.put("rescale", () -> evaluator.rescale(x));
    operations.put("rotate", () -> evaluator.rotate(x, 1));
    operations.put("multiply_relinearize_rescale", () -> multiplyWhole(evaluator, x, y));
    operations.put("keygen_rotation", () -> nothing(generator.evaluationKey(byOne, top)));
    operations.put("negate", () -> evaluator.negate(x));
  }

  /** Measures {@code op} for at least {@code seconds} and five calls; empty if Java does not offer it by itself. */
  public Optional<Microseconds> measure(String op, double seconds) {
    Operation operation = operations.get(op);
    if (operation == null) {
      return Optional.empty();
    }
    for (int i = 0; i < WARM_UP; i++) {
      free(operation.run());
    }
    List<Long> samples = new ArrayList<>();
    long start = System.nanoTime();
    while (samples.size() < FEWEST || System.nanoTime() - start < seconds * 1e9) {
      long before = System.nanoTime();
      AutoCloseable result = operation.run();
      samples.add(System.nanoTime() - before);
      free(result);
    }
    long[] sorted = samples.stream().mapToLong(Long::longValue).toArray();
    Arrays.sort(sorted);
    return Optional.of(new Microseconds(sorted[0] / 1e3, sorted[sorted.length / 2] / 1e3));
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      free(open.pop());
    }
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
