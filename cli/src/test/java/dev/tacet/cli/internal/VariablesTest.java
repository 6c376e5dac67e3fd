// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VariablesTest {
  @ParameterizedTest
  @CsvSource({
    "TACET_THREADS, abc, 1 to 256", "TACET_THREADS, 0, 1 to 256", "TACET_THREADS, 257, 1 to 256", "TACET_THREADS, -1, 1 to 256",
    "TACET_THREADS, 99999999999, 1 to 256", "TACET_PAGES, medium, huge or small", "TACET_KERNELS, sse2, avx2", "TACET_LOG, LOUD, WARN", "TACET_LOG_FORMAT, xml, text or json"
  })
  void aValueThatMeansNothingIsBadUsage(String name, String value, String allowed) {
    CliException refused = assertThrows(CliException.class, () -> Variables.require(Map.of(name, value)));
    assertEquals(CliException.BAD_USAGE, refused.exitCode());
    assertTrue(refused.getMessage().contains(name) && refused.getMessage().contains("\"" + value + "\""), refused.getMessage());
    assertTrue(refused.getMessage().contains(allowed), refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"TACET_THREADS, 1", "TACET_THREADS, 256", "TACET_PAGES, small", "TACET_KERNELS, scalar", "TACET_LOG, info", "TACET_LOG, OFF", "TACET_LOG_FORMAT, json"})
  void valuesThatAreDocumentedAreTaken(String name, String value) {
    assertDoesNotThrow(() -> Variables.require(Map.of(name, value)));
  }

  @Test
  void emptyIsNotSet() {
    assertDoesNotThrow(() -> Variables.require(Map.of("TACET_THREADS", "", "TACET_LOG", "", "TACET_PAGES", "", "OTHER", "x")));
  }
}
