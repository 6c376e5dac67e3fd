// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows by name get into the model's order or are refused; integers are whole; both travel in the signature. */
class FeatureTableTest {
  private static final FeatureTable AGES = new FeatureTable(List.of("age", "height", "dose"), List.of());

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void columnsOfTheSameNamesGetIntoTheModelsOrder(boolean byName) {
    assertArrayEquals(new int[] {0, 1, 2}, AGES.columns(List.of("age", "height", "dose"), byName));
    assertArrayEquals(new int[] {1, 2, 0}, AGES.columns(List.of(" dose", "age ", "height"), byName));
    assertArrayEquals(new int[] {1, 2, 0}, AGES.columns(List.of("Dose", "AGE", "height"), byName));
    FeatureTable composed = new FeatureTable(List.of("Gr\u00f6\u00dfe", "age"), List.of());
    assertArrayEquals(new int[] {1, 0}, composed.columns(List.of("age", "gro\u0308\u00dfe"), byName));
    FeatureTable cases = new FeatureTable(List.of("x", "X"), List.of());
    assertArrayEquals(new int[] {1, 0}, cases.columns(List.of("X", "x"), byName));
  }

  @Test
  void aHeaderOfOtherNamesStandsInTheModelsOrderAndNamesAloneDoNot() {
    List<String> others = List.of("a", "b", "c");
    assertArrayEquals(new int[] {0, 1, 2}, AGES.columns(others, false));
    assertArrayEquals(new int[] {0, 1, 2}, AGES.columns(List.of("age", "size", "dose"), false));
    for (FeatureTable table : List.of(AGES, FeatureTable.NONE)) {
      IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> table.columns(others, true));
      assertTrue(refused.getMessage().contains("a, b, c"), refused.getMessage());
    }
    assertArrayEquals(new int[] {0}, new FeatureTable(List.of("age"), List.of()).columns(List.of("x"), true));
  }

  @Test
  void aColumnThatIsCalledLikeAFeatureElsewhereIsRefusedWithBothNames() {
    for (List<String> columns : List.of(List.of("height", "size", "weight"), List.of("age", "age", "dose"), List.of("dose", "height", "x"))) {
      for (boolean byName : new boolean[] {false, true}) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> AGES.columns(columns, byName));
        assertTrue(refused.getMessage().contains("age, height, dose"), refused.getMessage());
      }
    }
  }

  @Test
  void featuresOfSeveralInputsAreCalledByThem() {
    assertEquals(List.of("age", "image.0", "image.1"), FeatureTable.ofInputs(List.of("age", "image"), List.of(1, 2)).names());
    assertEquals(FeatureTable.NONE, FeatureTable.ofInputs(List.of("x"), List.of(3)));
  }

  @Test
  void namesThatSayNothingAreNoTable() {
    for (List<String> names : List.of(List.of("a", "a"), List.of("a", " "), List.of("x".repeat(256)))) {
      assertThrows(IllegalArgumentException.class, () -> new FeatureTable(names, List.of()));
      assertTrue(!FeatureTable.areNames(names));
    }
    assertThrows(IllegalArgumentException.class, () -> new FeatureTable(List.of(), List.of(1, 0)));
  }

  private static final Signature PLAIN = Samples.artifact().signature();

  private static Signature described(FeatureTable table) {
    return PLAIN.withFeatureTable(table);
  }

  @Test
  void theTableTravelsInTheSignature() {
    int features = PLAIN.features();
    List<String> names = IntStream.range(0, features).mapToObj(f -> "feature " + f).toList();
    for (FeatureTable table : List.of(new FeatureTable(names, List.of()), new FeatureTable(List.of(), List.of(0)), new FeatureTable(names, List.of(0)))) {
      byte[] bytes = described(table).toBytes();
      Signature read = Signature.fromBytes(ByteBuffer.wrap(bytes));
      assertEquals(table, read.featureTable());
      assertArrayEquals(bytes, read.toBytes());
    }
    assertArrayEquals(PLAIN.toBytes(), described(FeatureTable.NONE).toBytes());
    assertThrows(IllegalArgumentException.class, () -> described(new FeatureTable(List.of("too few"), List.of())));
    assertThrows(IllegalArgumentException.class, () -> described(new FeatureTable(List.of(), List.of(7))));
  }

  @Test
  void anEmptyTableIsNotRead() {
    ByteBuffer body = Blob.read(ByteBuffer.wrap(PLAIN.toBytes()), BlobKind.SIGNATURE).body();
    byte[] inside = new byte[body.remaining()];
    body.get(inside);
    byte[] outer = new byte[inside.length + 8];
    outer[0] = 9;
    System.arraycopy(inside, 0, outer, 2, inside.length);
    byte[] blob = Blob.write(BlobKind.SIGNATURE, java.util.HexFormat.of().parseHex(PLAIN.parametersHash()), outer);
    MalformedException refused = assertThrows(MalformedException.class, () -> Signature.fromBytes(ByteBuffer.wrap(blob)));
    assertTrue(refused.getMessage().contains("table of features"), refused.getMessage());
  }

  @Test
  void integersAreWhole() {
    Signature signature = described(new FeatureTable(List.of(), List.of(0)));
    double[] row = new double[signature.features()];
    for (int f = 0; f < row.length; f++) {
      row[f] = 0;
    }
    signature.requireWhole(row);
    row[1] = 0.5;
    FeatureOutOfBoundsException refused = assertThrows(FeatureOutOfBoundsException.class, () -> signature.requireWhole(row));
    assertEquals(1, refused.index());
    assertTrue(!refused.getMessage().contains("0.5"), refused.getMessage());
  }
}
