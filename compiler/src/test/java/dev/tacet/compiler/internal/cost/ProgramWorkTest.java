// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.cost;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.CostCalibration;
import dev.tacet.he.Constant;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Scale;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** A rescale that ends a linear transform of its own layer is part of its division, as the engine runs it. */
class ProgramWorkTest {
  private static final Parameters PARAMETERS = CostCalibration.programs(12).get(0).parameters();

  /** A linear transform, a rotate sum and a rescale, the last one in a layer of that name. */
  private static Program program(String layerOfRescale, boolean used) {
    ProgramBuilder b = new ProgramBuilder(PARAMETERS);
    b.layer("input");
    ProgramBuilder.Value x = b.input(3, Scale.powerOfTwo(30));
    b.layer("map");
    ProgramBuilder.Value map = b.linearTransform(x, new Constant.Matrix(2, 2, 2, 2, new double[] {1, 2, 3, 4}), 2, Scale.powerOfTwo(30));
    ProgramBuilder.Value sum = b.rotateSum(map, 2, 4);
    b.layer(layerOfRescale);
    ProgramBuilder.Value scaled = b.rescale(sum);
    b.layer("output");
    b.output(scaled);
    if (used) {
      b.output(sum);
    }
    return b.build();
  }

  private static double work(Program program) {
    return Arrays.stream(ProgramWork.byLayer(program)).mapToDouble(layer -> Arrays.stream(layer.amounts()).sum()).sum();
  }

  @Test
  void aRescaleAfterATransformOfItsLayerTakesNothingOfItsOwn() {
    double rescale = work(program("scale", false)) - work(program("map", false));
    double[] alone = ProgramWork.byLayer(program("scale", false))[2].amounts();
    assertTrue(rescale > 0, "a rescale takes " + rescale);
    assertEquals(Arrays.stream(alone).sum(), rescale, 1e-6 * rescale);
    assertEquals(rescale, work(program("map", true)) - work(program("map", false)), 1e-6 * rescale, "what is used besides is divided by itself");
  }
}
