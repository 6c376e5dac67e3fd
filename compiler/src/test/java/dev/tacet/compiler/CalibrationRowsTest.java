// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sample rows as programs write them: what differs in form gives the same rows, what is no row is refused by line. */
class CalibrationRowsTest {
  @TempDir Path folder;

  private List<double[]> rows(String text, Charset charset) throws IOException {
    return CalibrationRows.read(Files.write(folder.resolve("rows.csv"), text.getBytes(charset)));
  }

  private String refused(String text, Charset charset) {
    return assertThrows(IllegalArgumentException.class, () -> rows(text, charset)).getMessage();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1,2.5\n-3,4e1\n",
        "1,2.5\n-3,4e1",
        "1,2.5\r\n-3,4e1\r\n",
        "1,2.5\r-3,4e1\r",
        "\uFEFF1,2.5\n-3,4e1\n",
        "\uFEFF\"a, b\",c\n1,2.5\n-3,4e1\n",
        "\"1\",\"2.5\"\n\"-3\",\"4e1\"\n",
        "\n\n1,2.5\n\n   \n-3,4e1\n\n",
        "a,b\n 1 ,\t2.5\n-3.0,+40\n",
      })
  void everyFormGivesTheSameRows(String text) throws Exception {
    List<double[]> rows = rows(text, StandardCharsets.UTF_8);
    assertEquals(2, rows.size(), text);
    assertArrayEquals(new double[] {1, 2.5}, rows.get(0), text);
    assertArrayEquals(new double[] {-3, 40}, rows.get(1), text);
  }

  @Test
  void rowsMayHaveAsManyColumnsAsAModelFeatures() throws IOException {
    assertEquals(1 << 15, rows("1,".repeat((1 << 15) - 1) + "2\n", StandardCharsets.UTF_8).get(0).length);
  }

  @Test
  void whatIsNoRowIsRefusedByLineAndColumnAndNotShown() {
    assertEquals("rows.csv line 1 column 2 is empty", refused("1,,3\n4,5,6\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv line 2 column 2 is not a number", refused("1,2\n3,secret\n", StandardCharsets.UTF_8));
    String commas = " is not a number: fields are separated by commas, and this line has ";
    assertEquals("rows.csv line 2 column 1" + commas + "semicolons", refused("a;b\n1;2\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv line 1 column 2" + commas + "semicolons", refused("1,5;2,5\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv line 1 column 1" + commas + "semicolons", refused("1;2;3\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv line 1 column 1" + commas + "tabs", refused("1\t2\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv line 2 column 1" + commas + "tabs", refused("a\tb\n1\t2\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv line 2 column 1 is not a number", refused("1,2\nnan,4\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv line 3 has 3 fields, the lines before it have 2", refused("a,b\n1,2\n1,2,3\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv line 2 column 1 is empty", refused("1\n  \n2\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv holds no rows", refused("", StandardCharsets.UTF_8));
    assertEquals("rows.csv holds no rows", refused("a,b\n", StandardCharsets.UTF_8));
    assertEquals("rows.csv is text in UTF-16, it must be UTF-8", refused("1,2\n", StandardCharsets.UTF_16));
    assertEquals("rows.csv is text in UTF-16, it must be UTF-8", refused("\uFEFF1,2\n", StandardCharsets.UTF_16LE));
    assertTrue(refused("1,2\n\"3,4\n", StandardCharsets.UTF_8).contains("line 2"));
  }

  @Test
  void rowsBeyondTheMostAreIgnored() throws Exception {
    String text = "1,2\n".repeat(CalibrationRows.MAX_ROWS) + "no,number\n";
    assertEquals(CalibrationRows.MAX_ROWS, rows(text, StandardCharsets.UTF_8).size());
  }
}
