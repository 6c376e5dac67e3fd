// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ClearModelTest {
  private static final Path MODELS = Path.of("../models");

  @Test
  void aClassifierAnswersItsLabelAndItsProbabilities() {
    Rows rows = Rows.read(MODELS.resolve("breast-cancer/test.csv")).first(5);
    try (ClearModel model = ClearModel.load(MODELS.resolve("breast-cancer/model.onnx"))) {
      assertEquals(30, model.features());
      OutputTable outputs = model.run(rows.values());
      assertEquals(5, outputs.rows());
      outputs.outputs().values().forEach(values -> assertTrue(values.get(0).size() <= 2, values.toString()));
    }
  }

  @Test
  void aFileThatIsNoModelIsRefusedInOneLine(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("model.onnx"), "this is not a model");
    CliException failure = assertThrows(CliException.class, () -> ClearModel.load(file));
    assertTrue(failure.getMessage().contains("model.onnx"));
    assertEquals(1, failure.getMessage().lines().count());
  }

  @Test
  void rowsForInputsOfHalfPrecisionAreRoundedToIt(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("model.onnx"), SmallOnnx.bytes("Relu", TensorProto.DataType.FLOAT16, 3, 18));
    try (ClearModel model = ClearModel.load(file)) {
      assertEquals(List.of(0.5, 0.0, 0x1.554p-2), model.run(new double[] {0.5, -2, 1.0 / 3}).get("y"));
    }
  }

  @Test
  void anOperatorThatOnnxruntimeLacksIsToldAsThat(@TempDir Path folder) throws Exception {
    Path file = Files.write(folder.resolve("model.onnx"), SmallOnnx.bytes("Softplus", TensorProto.DataType.DOUBLE, 3, 13));
    CliException failure = assertThrows(CliException.class, () -> ClearModel.load(file));
    assertTrue(failure.getMessage().contains("Could not find an implementation for Softplus") && !failure.getMessage().contains("ORT_"),
        failure.getMessage());
    assertTrue(failure.remedy().contains("export the model in float32") && !failure.remedy().contains("onnx.checker"), failure.remedy());
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void onnxruntimeTalksToNobodyOutsideThisMachine() throws Exception {
    Set<String> peers = new ConcurrentSkipListSet<>();
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger looks = new AtomicInteger();
    Thread watch =
        new Thread(
            () -> {
              while (!stop.get()) {
                peers.addAll(Connections.outsideLoopback());
                looks.incrementAndGet();
              }
            });
    watch.start();
    Rows rows = Rows.read(MODELS.resolve("diabetes/test.csv"));
    for (int i = 0; i < 3; i++) {
      try (ClearModel model = ClearModel.load(MODELS.resolve("diabetes/model.onnx"))) {
        model.run(rows.values());
      }
    }
    Thread.sleep(300);
    stop.set(true);
    watch.join();
    assertEquals(Set.of(), peers);
    assertTrue(looks.get() > 5, "only " + looks + " looks");
  }

  @Test
  void theWatchTellsOutsideFromLoopback() {
    String head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
    String tail = " 01 00000000:00000000 00:00000000 00000000     0        0 ";
    List<String> table =
        List.of(
            head,
            "   0: 0100007F:1F90 0100007F:C350" + tail + "11 1",
            "   1: 0A00020F:C351 08080808:01BB" + tail + "12 1",
            "   2: 0A00020F:C351 09090909:01BB" + tail + "13 1",
            "   3: 00000000000000000000000001000000:1F90 00000000000000000000000001000000:C350" + tail + "14 1");
    assertEquals(Set.of("08080808"), Connections.outside(table, Set.of("11", "12", "14")));
  }
}
