// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.internal.KeyRingFiles;
import dev.tacet.client.internal.Pins;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pin that is lost would trust whatever the host offers next. */
class PinsTest {
  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);

  @TempDir Path folder;
  private KeyRingFiles one;
  private KeyRingFiles two;

  @BeforeEach
  void open() {
    one = KeyRingFiles.open(folder, "p".toCharArray());
    two = KeyRingFiles.open(folder, "p".toCharArray());
  }

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  @Test
  void twoClientsOfOneKeyRingKeepEachOthersPins() {
    Pins first = new Pins(one);
    Pins second = new Pins(two);
    first.put("host/x", A);
    second.put("host/y", B);
    assertEquals(Optional.of(A), second.get("host/x"));
    assertEquals(Optional.of(B), first.get("host/y"));
    assertEquals(Optional.of(A), new Pins(one).get("host/x"));
  }

  @Test
  void theFirstUseDecidesAlsoBetweenClients() {
    Pins first = new Pins(one);
    Pins second = new Pins(two);
    assertEquals(A, first.putIfAbsent("host/x", A));
    assertEquals(A, second.putIfAbsent("host/x", B));
  }

  @Test
  void aDamagedFileIsATypedErrorAndNotAFirstUse() throws IOException {
    Pins pins = new Pins(one);
    pins.put("host/x", A);
    pins.put("host/y", B);
    String good = Files.readString(one.pinsFile(), StandardCharsets.ISO_8859_1);
    for (String damaged : List.of(
        "", good.substring(0, good.length() / 2), good.replace("host/x", "#ost/x"), good.replace("host/x", "host/z"),
        good.replace("aaaa", "aa"), good.replace("host/x", "\\u00zz"))) {
      Files.writeString(one.pinsFile(), damaged, StandardCharsets.ISO_8859_1);
      KeyRingException failed = assertThrows(KeyRingException.class, () -> pins.get("host/x"), damaged);
      assertTrue(failed.getMessage().contains("pins.properties"), failed.getMessage());
      assertThrows(KeyRingException.class, () -> new Pins(two));
    }
  }
}
