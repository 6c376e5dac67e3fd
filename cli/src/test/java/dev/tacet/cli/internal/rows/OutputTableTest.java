// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.rows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OutputTableTest {
  private static Map<String, List<Object>> row(long label, double... probabilities) {
    Map<String, List<Object>> row = new LinkedHashMap<>();
    row.put("label", List.of(label));
    row.put("p", java.util.Arrays.stream(probabilities).<Object>mapToObj(p -> p).toList());
    return row;
  }

  @Test
  void csvHasAColumnForEachNumber() {
    OutputTable table = new OutputTable();
    table.add(row(1, 0.25, 0.75));
    assertEquals("label,p_0,p_1,clamped\n1,0.25,0.75,false\n", table.csv(Map.of("clamped", List.of("false"))));
  }

  @Test
  void rowsWithOtherOutputsAreRefused() {
    OutputTable table = new OutputTable();
    table.add(row(1, 0.5));
    assertThrows(IllegalArgumentException.class, () -> table.add(Map.of("q", List.of(1L))));
  }
}
