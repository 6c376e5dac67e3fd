// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where Pad takes its elements from; expected values are those of onnxruntime for 0, 1, ..., 9. */
class PadOpsTest {
  private static Network padded(String mode, long before, long after) {
    TestModels model = TestModels.of(10).indexes("pads", 0, before, 0, after).node("Pad", "x pads", "y", TestModels.text("mode", mode));
    return Lowering.lower(OnnxReader.read(model.source("y")), 0);
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @CsvSource({
    "edge, 2, -3, 0 0 0 1 2 3 4 5 6",
    "edge, -8, 4, 8 9 9 9 9 9",
    "wrap, 2, -3, 5 6 0 1 2 3 4 5 6",
    "wrap, -3, 2, 3 4 5 6 7 8 9 3 4",
    "wrap, 4, -8, 0 1 0 1 0 1",
    "wrap, 12, 0, 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9",
    "wrap, -2, -3, 2 3 4 5 6",
    "reflect, 2, -3, 2 1 0 1 2 3 4 5 6",
    "reflect, 2, 3, 2 1 0 1 2 3 4 5 6 7 8 9 8 7 6"
  })
  void whatIsCutIsGoneBeforeTheRestIsContinued(String mode, long before, long after, String expected) {
    Network network = padded(mode, before, after);
    double[] row = new double[10];
    Arrays.setAll(row, i -> i);
    double[] y = network.output().evaluate(network.evaluate(row));
    assertArrayEquals(Arrays.stream(expected.split(" ")).mapToDouble(Double::parseDouble).toArray(), y);
  }

  @Test
  void noMoreIsReflectedThanThereIs() {
    UncompilableModelException refused = assertThrows(UncompilableModelException.class, () -> padded("reflect", 3, -7));
    assertEquals("it reflects 3 elements of axis 1, of which it keeps 3", refused.problems().get(0).reason());
  }

  @Test
  void nothingIsNotContinued() {
    UncompilableModelException refused = assertThrows(UncompilableModelException.class, () -> padded("wrap", 11, -10));
    assertEquals("it continues an axis of which it keeps nothing", refused.problems().get(0).reason());
  }
}
