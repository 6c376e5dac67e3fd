// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.reference.SmallOnnx;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names that a model's file brings, and what is typed, do not steer the terminal. */
class HostileNamesTest {
  @TempDir Path folder;

  @Test
  void ofAnOperator() throws Exception {
    Path model = Files.write(folder.resolve("model.onnx"), SmallOnnx.bytes("Si\u001b[2Jn\u0007", TensorProto.DataType.FLOAT, 2, 17));
    Path rows = Files.write(folder.resolve("rows.csv"), List.of("a,b", "1,2", "2,1"));
    Tacet check = Tacet.here("check", model.toString());
    assertEquals(1, check.exit(), check.all());
    assertTrue(check.out().contains("the_y (Si\ufffd[2Jn\ufffd)"), check.all());
    harmless(check);
    Tacet compile = Tacet.here("compile", model.toString(), "--calibration", rows.toString(), "-o", folder.resolve("m.tacet").toString());
    assertEquals(1, compile.exit(), compile.all());
    assertTrue(compile.err().contains("Si\ufffd[2Jn\ufffd"), compile.all());
    harmless(compile);
  }

  @Test
  void ofAnOption() throws Exception {
    Tacet done = Tacet.here("check", "--\u001b[2J", "model.onnx");
    assertEquals(2, done.exit(), done.all());
    harmless(done);
  }

  private static void harmless(Tacet done) {
    assertFalse(done.all().contains("\u001b[2J") || done.all().contains("\u0007"), done.all());
  }
}
