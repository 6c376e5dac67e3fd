// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.NoSuchFileException;
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

  @Test
  void namesFromAFileDoNotSteerTheTerminal() {
    StringWriter err = new StringWriter();
    Failures.report(new CliException(CliException.FAILED, "node \u001b[2J", List.of("of \u001b]0;title\u0007"), "Rename \u202e it.", null),
        new PrintWriter(err));
    assertEquals(List.of("tacet: node \ufffd[2J", "       of \ufffd]0;title\ufffd", "       Rename \ufffd it."), err.toString().lines().toList());
  }

  @Test
  void aClassThatCannotBeInitializedSaysWhyAndHasNoStackTrace() {
    StringWriter err = new StringWriter();
    Error failure = new ExceptionInInitializerError(new RuntimeException("Failed to load", new NoSuchFileException("/tmp/lib.so")));
    assertEquals(CliException.FAILED, Failures.report(failure, new PrintWriter(err)));
    assertEquals("tacet: /tmp/lib.so: no such file", err.toString().lines().findFirst().orElse(""));
    assertEquals(2, err.toString().lines().count(), err.toString());
  }
}
