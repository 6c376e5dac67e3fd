// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailuresTest {
  @Test
  void aFailureOfSeveralPartsHasALineForEach() {
    StringWriter err = new StringWriter();
    CliException failure = new CliException(CliException.FAILED, "m.onnx cannot run encrypted: 2 nodes are in the way",
        List.of("node a (Sin): no\nsuch", "node b (Loop): none"), "Make the rewrites.", null);
    assertEquals(CliException.FAILED, Failures.report(failure, new PrintWriter(err)));
    assertEquals(
        List.of("tacet: m.onnx cannot run encrypted: 2 nodes are in the way", "       node a (Sin): no; such", "       node b (Loop): none",
            "       Make the rewrites."),
        err.toString().lines().toList());
  }
}
