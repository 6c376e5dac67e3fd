// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.CliException;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.FeatureTable;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.Scale;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rows whose columns have names, in the order of a model. */
class RowsInOrderTest {
  private static final Scale SCALE = Scale.powerOfTwo(30);

  private static Rows rows(String text) {
    return Rows.parse(Path.of("rows.csv"), text.getBytes(StandardCharsets.UTF_8));
  }

  private static SignatureInput input(String name, int features) {
    double[] ones = new double[features];
    double[] zeros = new double[features];
    double[] low = new double[features];
    Arrays.fill(ones, 100);
    Arrays.fill(low, -100);
    return new SignatureInput(name, new int[] {features}, features, 4, SCALE, 1, low, ones, zeros, ones);
  }

  private static Signature signature(FeatureTable table, SignatureInput... inputs) {
    CipherOutput output = new CipherOutput(
        CipherOutput.Kind.VALUE, 0, "y", 1, 2, 0, SCALE, new double[] {1}, new double[] {0}, 1, 0.01, 0.1);
    return new Signature("model", "0".repeat(64), 128, List.of(inputs), List.of(output),
        new Postprocessing(List.of("y"), List.of(), List.of("y")), List.of()).withFeatureTable(table);
  }

  private static final Signature NAMED = signature(new FeatureTable(List.of("age", "height", "dose"), List.of()), input("x", 3));
  private static final Signature NAMELESS = signature(FeatureTable.NONE, input("x", 3));
  private static final Signature SEPARATE = signature(FeatureTable.NONE, input("age", 1), input("size", 2));

  private static double[] first(String text, Signature signature) {
    return rows(text).inOrder(signature).values()[0];
  }

  private static void refused(String text, Signature signature, String... parts) {
    CliException failure = assertThrows(CliException.class, () -> rows(text).inOrder(signature));
    assertEquals(CliException.BAD_USAGE, failure.exitCode());
    for (String part : parts) {
      assertTrue(failure.getMessage().contains(part), failure.getMessage());
    }
  }

  @Test
  void columnsFollowTheirNames() {
    double[] expected = {1, 2, 3};
    assertArrayEquals(expected, first("age,height,dose\n1,2,3\n", NAMED));
    assertArrayEquals(expected, first("dose,age,height\n3,1,2\n", NAMED));
    assertArrayEquals(expected, first("{\"dose\": 3, \"height\": 2, \"age\": 1}", NAMED));
    assertArrayEquals(expected, first("{\"size\": [2, 3], \"age\": 1}", SEPARATE));
    assertArrayEquals(expected, first("{\"x\": [1, 2, 3]}", NAMED));
    assertArrayEquals(expected, first("{\"x\": [1, 2, 3]}", NAMELESS));
    assertArrayEquals(expected, first("size.0,size.1,age\n2,3,1\n", SEPARATE));
  }

  @Test
  void numbersOfColumnsArePlaces() {
    assertArrayEquals(new double[] {1, 2, 3}, first("{\"2\": 3, \"0\": 1, \"1\": 2}", NAMELESS));
    assertArrayEquals(new double[] {1, 2, 3}, first("0,1,2\n1,2,3\n", NAMED));
    Signature digits = signature(new FeatureTable(List.of("2", "0", "1"), List.of()), input("x", 3));
    assertArrayEquals(new double[] {3, 1, 2}, first("{\"0\": 1, \"1\": 2, \"2\": 3}", digits));  // what the model calls them goes before
  }

  @Test
  void otherNamesOfAHeaderAreTheUsersAndOtherNamesOfAnObjectAreRefused() {
    assertArrayEquals(new double[] {1, 2, 3}, first("a,b,c\n1,2,3\n", NAMED));
    assertArrayEquals(new double[] {1, 2, 3}, first("a,b,c\n1,2,3\n", NAMELESS));
    refused("{\"a\": 1, \"b\": 2, \"c\": 3}", NAMED, "a, b, c", "age, height, dose");
    refused("{\"a\": 1, \"b\": 2, \"c\": 3}", NAMELESS, "a, b, c", "without names");
    refused("height,age,x\n1,2,3\n", NAMED, "height, age, x", "age, height, dose");
  }

  @Test
  void aFractionWhereTheModelTakesIntegersIsNamedAndNotShown() {
    Signature whole = signature(new FeatureTable(List.of(), List.of(0)), input("x", 3));
    assertArrayEquals(new double[] {1, -2, 3}, first("1,-2,3\n", whole));
    refused("1,2,3\n1,2.25,3\n", whole, "row 1", "input x: feature 1");
    assertTrue(!assertThrows(CliException.class, () -> rows("1,2.25,3\n").inOrder(whole)).getMessage().contains("2.25"));
  }
}
