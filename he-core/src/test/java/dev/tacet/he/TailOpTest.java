// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Two readers of signatures know how many operations a tail has: this module and the engine. */
class TailOpTest {
  @Test
  void theEngineReadsJustTheOperationsThatThereAre() throws Exception {
    String header = Files.readString(Path.of("..", "native", "src", "serial", "signature_codec.h"));
    Matcher number = Pattern.compile("constexpr int kTailOps = (\\d+);").matcher(header);
    assertTrue(number.find(), "signature_codec.h says how many operations a tail has");
    assertEquals(TailOp.values().length, Integer.parseInt(number.group(1)));
  }
}
