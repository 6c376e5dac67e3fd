// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.client.KeyRing;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folder of keys is one for the SDK and the command line: a second ring beside the first would have no pins. */
class KeyFolderTest {
  @Test
  void aFolderThatTheSdkMadeIsTheRingItself(@TempDir Path keys) {
    assertEquals(keys.resolve("ring"), KeygenCommand.ring(keys));
    KeyRing.open(keys, "correct horse".toCharArray()).close();
    assertEquals(keys, KeygenCommand.ring(keys));
  }

  @Test
  void aFolderThatTheCommandLineMadeHoldsIt(@TempDir Path keys) {
    KeyRing.open(keys.resolve("ring"), "correct horse".toCharArray()).close();
    assertEquals(keys.resolve("ring"), KeygenCommand.ring(keys));
  }
}
