// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models as scikit-learn and PyTorch export them, beside onnxruntime, on rows that the compiler did not see. */
class CompiledZooTest {
  static final Path FOLDER = Path.of("src/test/resources/zoo");

  @ParameterizedTest
  @ValueSource(strings = {"skl_logistic", "skl_logistic_nozipmap", "skl_ovr", "skl_linear_svc_binary", "skl_sgd", "skl_ridge"})
  void linearModelsGiveOnnxruntimesAnswers(String name) throws Exception {
    ZooTrial trial = ZooTrial.run(FOLDER, name, 40);
    assertEquals(trial.rows(), trial.agreed(), trial.toString());
    assertTrue(trial.numberError() <= 1e-4, trial.toString());
    assertEquals(0, trial.report().levels());
    assertEquals(0, trial.report().evaluationKeys());
  }

  @ParameterizedTest
  @ValueSource(strings = {"skl_svc3", "skl_svc2p", "skl_svr"})
  void linearSupportVectorMachinesFoldToOneProductWithoutKeys(String name) throws Exception {
    ZooTrial trial = ZooTrial.run(FOLDER, name, 40);
    assertEquals(trial.rows(), trial.agreed(), trial.toString());
    assertTrue(trial.numberError() <= 5e-3, trial.toString());
    assertEquals(0, trial.report().levels());
    assertEquals(0, trial.report().evaluationKeys());
  }

  @ParameterizedTest
  @ValueSource(strings = {"skl_mlpc_relu", "skl_mlpc_logistic", "torch_mlp_dynamo", "torch_static"})
  void classifiersWithActivationsAgreeOn98PercentOfFreshRows(String name) throws Exception {
    ZooTrial trial = ZooTrial.run(FOLDER, name, 40);
    assertTrue(trial.agreed() >= 0.98 * trial.rows() - 1, trial.toString());
    assertTrue(trial.refused() <= 1, trial.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"skl_mlpr_tanh", "torch_residual", "torch_gate", "torch_activations_dynamo", "torch_tanh5"})
  void regressorsStayWithinOnePercentOfTheRangeOnFreshRows(String name) throws Exception {
    ZooTrial trial = ZooTrial.run(FOLDER, name, 40);
    assertTrue(trial.numberError() <= 0.01, trial.toString());
    assertTrue(trial.refused() <= 1, trial.toString());
  }

  @Test
  void squaresTakeOneLevelEachAndHaveNoError() throws Exception {
    ZooTrial trial = ZooTrial.run(FOLDER, "torch_squares", 40);
    assertEquals(3, trial.report().levels());
    assertTrue(trial.numberError() <= 1e-5, trial.toString());
  }

  @Test
  void aTwoLayerTanhRegressorWithInputsOfFiveNeedsDegree31InBoth() throws Exception {
    ZooTrial trial = ZooTrial.run(FOLDER, "torch_tanh5", 40);
    for (CompileReport.Layer layer : trial.report().layers()) {
      if (layer.kind().startsWith("tanh")) {
        int degree = Integer.parseInt(layer.kind().replaceAll("\\D+", ""));
        assertTrue(degree >= 31, layer.toString());
      }
    }
    assertTrue(trial.report().accuracyMet(), trial.report().toText());
  }
}
