// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compiled programs on encrypted rows: every check of the signature passes, and the noise is what was predicted. */
class CompiledProgramOnEngineTest {
  @ParameterizedTest
  @ValueSource(strings = {"skl_logistic", "skl_ridge", "torch_squares", "torch_gate"})
  void noiseStaysWithinTheSlotErrorOfTheSignature(String name) throws Exception {
    List<double[]> rows = CalibrationRows.read(CompiledZooTest.FOLDER.resolve(name + ".calibration.csv"));
    CompileResult result = Compiler.compile(OnnxSource.ofFile(CompiledZooTest.FOLDER.resolve(name + ".onnx")),
        CompileOptions.defaults().withCalibration(rows));
    EncryptedTrial trial = EncryptedTrial.run(result.artifact(), rows.subList(0, 2));
    assertTrue(trial.worst() <= 0.5, "noise is " + trial.worst() + " of the slot error that the checks allow");
  }
}
