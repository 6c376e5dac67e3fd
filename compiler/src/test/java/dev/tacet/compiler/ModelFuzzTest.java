// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tacet.he.HeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;

/**
 * Whatever a model file or a tacet.yaml holds, reading it gives a model, problems, or a HeException. Without JAZZER_FUZZ each
 * target runs on its seeds; with JAZZER_FUZZ=1 it searches for as long as its time says.
 */
class ModelFuzzTest {
  @FuzzTest(maxDuration = "10s")
  void modelFiles(byte[] bytes) {
    try {
      Compiler.check(OnnxSource.ofBytes("fuzz", bytes));
    } catch (HeException e) {
      return;
    }
  }

  @FuzzTest(maxDuration = "10s")
  void descriptions(byte[] bytes) {
    try {
      ModelDescription.parse(new String(bytes, StandardCharsets.UTF_8));
    } catch (HeException | InvalidPathException e) {
      return;
    }
  }
}
