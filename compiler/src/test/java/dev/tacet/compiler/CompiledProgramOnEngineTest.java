// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compiled programs on encrypted rows: every check of the signature passes, and the noise is what was predicted. */
class CompiledProgramOnEngineTest {
  @ParameterizedTest
  @CsvSource({"skl_logistic, STANDARD", "skl_ridge, STANDARD", "torch_squares, STANDARD", "torch_gate, STANDARD",
      "skl_ridge, CONJUGATE_INVARIANT", "torch_squares, CONJUGATE_INVARIANT", "torch_gate, CONJUGATE_INVARIANT"})
  void noiseStaysWithinTheSlotErrorOfTheSignature(String name, CompileOptions.Ring ring) throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve(name + ".calibration.csv"));
    CompileResult result = Compiler.compile(OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(name + ".onnx")),
        CompileOptions.defaults().withCalibration(rows).withRing(ring));
    assertEquals(ring.name(), result.artifact().parameters().ringType().name());
    SlotNoise.isWithinHalfOfTheSlotError(() -> EncryptedTrial.run(result.artifact(), rows.subList(0, 2)).worst());
  }
}
