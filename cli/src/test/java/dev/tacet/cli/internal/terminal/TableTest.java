// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void wordsStandLeftAndNumbersRight() {
    Table table = new Table("layer", ">time").row("fc1", "1.20 ms").row("activation", "310 µs");
    assertEquals(
        List.of(
            "  layer          time",
            "  ───────────────────",
            "  fc1         1.20 ms",
            "  activation   310 µs"),
        table.lines());
  }

  @Test
  void aTableWithoutHeadingsHasNoRule() {
    assertEquals(List.of("  ring  2^13"), new Table("", "").row("ring", "2^13").lines());
  }

  @Test
  void aRowOfAnotherLengthIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Table("a").row("1", "2"));
  }

  @Test
  void unitsAreShortAndHaveADecimalPoint() {
    assertEquals("999 B", Units.bytes(999));
    assertEquals("131 KiB", Units.bytes(134_144));
    assertEquals("1.50 MiB", Units.bytes(3 << 19));
    assertEquals("250 µs", Units.milliseconds(0.25));
    assertEquals("12.3 ms", Units.milliseconds(12.34));
    assertEquals("1.50 s", Units.milliseconds(1500));
    assertEquals("2.50 min", Units.milliseconds(150_000));
    assertEquals("99.30 %", Units.percent(0.993));
    assertEquals("3.1e-07", Units.error(3.14e-7));
    assertEquals("0.123457", Units.number(0.1234567));
    assertEquals("152.134", Units.number(152.13399));
    assertEquals("7", Units.number(7.0));
  }
}
