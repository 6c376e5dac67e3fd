// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.CliException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RowsTest {
  private static Rows rows(String text) {
    return Rows.parse(Path.of("rows.csv"), text.getBytes(StandardCharsets.UTF_8));
  }

  private static CliException refused(String text) {
    CliException failure = assertThrows(CliException.class, () -> rows(text));
    assertEquals(CliException.BAD_USAGE, failure.exitCode());
    return failure;
  }

  @Test
  void linesOfNumbersAreRows() {
    Rows rows = rows("1,2.5,-3e-2\r\n4,5,6\n\n");
    assertNull(rows.header());
    assertEquals(2, rows.count());
    assertArrayEquals(new double[] {1, 2.5, -0.03}, rows.values()[0]);
  }

  @Test
  void aFirstLineWithoutANumberIsAHeader() {
    Rows rows = rows("\"mean, radius\",age\n1,2\n");
    assertEquals(List.of("mean, radius", "age"), rows.header());
    assertEquals(1, rows.count());
  }

  @Test
  void columnNumbersOfADataFrameAreAHeader() {
    assertEquals(1, rows("0,1,2\n7,8,9\n").count());
    assertEquals(2, rows("0,1\n7,8\n").count());
  }

  @Test
  void aByteOrderMarkIsIgnored() {
    assertEquals(1, rows("\uFEFF1,2\n").count());
  }

  @Test
  void aFieldThatIsNoNumberIsNamedByLineAndColumnAndNotShown() {
    CliException failure = refused("1,2\n3,secret\n");
    assertEquals("rows.csv line 2 column 2 is not a number", failure.getMessage());
    assertTrue(refused("1,2\n3,\n").getMessage().endsWith("line 2 column 2 is empty"));
  }

  @Test
  void raggedRowsAreRefusedWithBothLengths() {
    assertEquals(
        "rows.csv line 3 has 3 fields, the lines before it have 2", refused("a,b\n1,2\n1,2,3\n").getMessage());
  }

  @Test
  void aFileWithoutRowsIsRefused() {
    refused("");
    refused("a,b\n");
  }

  @Test
  void aFileThatIsMissingIsBadUsage() {
    CliException failure = assertThrows(CliException.class, () -> Rows.read(Path.of("no/such.csv")));
    assertEquals("cannot read no/such.csv: no such file", failure.getMessage());
  }

  @Test
  void theNumberOfFeaturesIsChecked() {
    CliException failure = assertThrows(CliException.class, () -> rows("1,2\n").requireFeatures(3));
    assertEquals("rows.csv has 2 columns, the model takes 3 features", failure.getMessage());
  }
}
