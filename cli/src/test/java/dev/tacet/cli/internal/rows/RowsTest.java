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
    assertEquals("no such file: no/such.csv", failure.getMessage());
  }

  @Test
  void theNumberOfFeaturesIsChecked() {
    CliException failure = assertThrows(CliException.class, () -> rows("1,2\n").requireFeatures(3));
    assertEquals("rows.csv has 2 columns, the model takes 3 features", failure.getMessage());
  }

  @Test
  void whatOtherParsersTakeForANumberIsNone() {
    for (String field : List.of("2f", "2d", "0x1p4", "NaN", "nan", "inf", "-Infinity", "1_000", "1 000", "\u0661")) {
      assertEquals("rows.csv line 2 column 2 is not a number", refused("1,2\n3," + field + "\n").getMessage(), field);
    }
    assertEquals("rows.csv line 1 column 1 is not a finite number", refused("1e999,2\n").getMessage());
    assertArrayEquals(new double[] {1, 0.5, -3e4}, rows("1.,+.5,-3E+4\n").values()[0]);
  }

  @Test
  void aFirstRowOfMissingNumbersIsNoHeader() {
    assertEquals("rows.csv line 1 column 1 is not a number", refused("NaN,nan\n1,2\n").getMessage());
    assertEquals("rows.csv line 1 column 1 is not a number", refused("NA,NA\n1,2\n").getMessage());
    assertEquals("rows.csv line 1 column 1 is not a number", refused("NA,\n1,2\n").getMessage());
    assertEquals("rows.csv line 1 column 1 is empty", refused(",,\n1,2,3\n").getMessage());
    assertEquals(List.of("", "a"), rows(",a\n1,2\n").header());
  }

  @Test
  void jsonIsAListOfRowsOrARowALine() {
    for (String text :
        List.of("[[1, 2.5], [3, -4e1]]", " [ [1,2.5],\n[3,-4e1] ]\n", "[1, 2.5]\n[3, -4e1]\n", "\uFEFF[[1,2.5],[3,-4e1]]")) {
      Rows rows = rows(text);
      assertNull(rows.header());
      assertArrayEquals(new double[][] {{1, 2.5}, {3, -40}}, rows.values(), text);
    }
  }

  @Test
  void nestedListsAreTakenRowMajor() {
    assertArrayEquals(new double[][] {{1, 2, 3, 4}, {5, 6, 7, 8}}, rows("[[[1,2],[3,4]],[[5,6],[7,8]]]").values());
  }

  @Test
  void jsonObjectsAreTakenInTheFirstOnesOrder() {
    for (String text : List.of("[{\"a\":1,\"b\":2},{\"b\":4,\"a\":3}]", "{\"a\":1,\"b\":2}\n{\"b\":4,\"a\":3}\n")) {
      Rows rows = rows(text);
      assertEquals(List.of("a", "b"), rows.header());
      assertArrayEquals(new double[][] {{1, 2}, {3, 4}}, rows.values(), text);
    }
  }

  @Test
  void jsonThatIsNoRowsIsRefusedByRowAndNotShown() {
    assertTrue(refused("[[1,2],[3,\"secret\"]]").getMessage().endsWith("row 1 value 2 is not a number"));
    assertTrue(refused("[[1,2],[3,null]]").getMessage().endsWith("row 1 value 2 is not a number"));
    assertTrue(refused("[[1,2],[3,1e999]]").getMessage().endsWith("row 1 value 2 is not a finite number"));
    assertTrue(refused("[[1,2],[3]]").getMessage().endsWith("row 1 has 1 numbers, the rows before it have 2"));
    assertTrue(refused("[[1,2],{\"a\":3,\"b\":4}]").getMessage().contains("row 1 has other names"));
    assertTrue(refused("[{\"a\":1},{\"b\":2}]").getMessage().contains("row 1 has other names"));
    assertTrue(refused("[{\"a\":1},[2]]").getMessage().contains("row 1 is neither"));
    assertTrue(refused("[[]]").getMessage().endsWith("row 0 is empty"));
    assertEquals("rows.csv holds no rows", refused("[]").getMessage());
    CliException twice = refused("[{\"a\":1,\n\"a\":2}]");
    assertTrue(twice.getMessage().startsWith("rows.csv has a name twice in one row: line 2"), twice.getMessage());
    CliException broken = refused("[[1,2],\n[secret]]");
    assertTrue(broken.getMessage().startsWith("rows.csv is not JSON: line 2"), broken.getMessage());
    assertTrue(!broken.getMessage().contains("secret"), broken.getMessage());
    refused("[[NaN]]");
    refused("[[1,2]");
    refused("[".repeat(100_000));
  }

  @Test
  void aFolderIsNoFileOfRows() {
    CliException failure = assertThrows(CliException.class, () -> Rows.read(Path.of("src")));
    assertEquals(CliException.BAD_USAGE, failure.exitCode());
    assertEquals("src is a folder, not a file", failure.getMessage());
  }
}
