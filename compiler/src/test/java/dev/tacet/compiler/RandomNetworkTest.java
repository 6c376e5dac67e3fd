// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Random networks, lowered, give onnxruntime's numbers. The system properties {@code tacet.random.models} and
 * {@code tacet.random.seed} ask for more of them, or others.
 */
class RandomNetworkTest {
  private static final long SEED = Long.getLong("tacet.random.seed", 20_000);
  private static final int MODELS = Integer.getInteger("tacet.random.models", 400);
  private static final int ROWS = 3;

  @Test
  void loweredNetworksGiveOnnxruntimesNumbers() throws Exception {
    System.out.println("random networks of the seeds " + SEED + ".." + (SEED + MODELS - 1));
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
}
