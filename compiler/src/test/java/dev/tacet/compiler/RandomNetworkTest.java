// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Random networks, lowered, give onnxruntime's numbers; {@code main} tries as many as are asked for from a seed on. */
class RandomNetworkTest {
  private static final long SEED = 20_000;
  private static final int MODELS = 400;
  private static final int ROWS = 3;

  @Test
  void loweredNetworksGiveOnnxruntimesNumbers() throws Exception {
    for (long seed = SEED; seed < SEED + MODELS; seed++) {
      compare(seed);
    }
  }

  private static void compare(long seed) throws Exception {
    RandomNetwork.Made made = RandomNetwork.of(seed);
    String what = "seed " + seed + ": " + made.description();
    Network network;
    try {
      network = Lowering.lower(OnnxReader.read(OnnxSource.ofBytes("random", made.bytes())), 0);
    } catch (UncompilableModelException e) {
      if (e.getMessage().contains("it does not depend on the input")) {
        return;
      }
      throw new AssertionError(what, e);
    } catch (RuntimeException e) {
      throw new AssertionError(what, e);
    }
    SplittableRandom random = new SplittableRandom(seed);
    try (ClearOnnx clear = new ClearOnnx(made.bytes())) {
      for (int r = 0; r < ROWS; r++) {
        double[] row = new double[made.features()];
        for (int i = 0; i < row.length; i++) {
          row[i] = (float) (2 * (random.nextDouble() + random.nextDouble() + random.nextDouble() - 1.5));
        }
        List<Object> expected = clear.run(row).get("y");
        double[] actual = network.output().evaluate(network.evaluate(row));
        assertEquals(expected.size(), actual.length, what);
        double largest = expected.stream().mapToDouble(value -> Math.abs((Double) value)).max().orElse(0);
        for (int i = 0; i < actual.length; i++) {
          assertEquals((Double) expected.get(i), actual[i], 1e-4 * (1 + largest), what);
        }
      }
    }
  }

  /** Compares random networks: number of models, first seed. */
  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[0]);
    long first = Long.parseLong(arguments[1]);
    for (long seed = first; seed < first + count; seed++) {
      compare(seed);
    }
    System.out.println(count + " random networks from seed " + first + " on agree with onnxruntime");
  }
}
