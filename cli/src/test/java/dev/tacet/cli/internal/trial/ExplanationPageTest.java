// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Terminal;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page and the terminal show texts of a model, and nothing that such a text could say to a browser or a terminal. */
class ExplanationPageTest {
  private static final String HOSTILE = "<script src=//evil>x</script>\"' onload='alert(1)' &amp; \u001b[2J\u202e\r\n]]>";

  private static Explanation explanation(String text) {
    return new Explanation(text, "00ff", text, new TrialReport.ParameterReport("standard", 8192, 190.5, 210.25, 128, "classical_128"), 4,
        List.of(
            new Explanation.Layer(text, text, List.of(2, 3), text, 3, 2, 5, 1, 1, 1.25, 20.5, text, text),
            new Explanation.Layer("output", "linear", List.of(2), "2 slots of 4", 2, 0, 5, 0, 0, 0, null, "", "rotate")),
        List.of(text), List.of(new Explanation.Output(text, "value", 2, 1e-3)), new Explanation.Sizes(6, 1 << 20, 4096, 8192, 8192, 1),
        new Explanation.Memory(1 << 21, 0, 1), new Explanation.Prediction(text, 2, 1.25, 1e-4, 1e-5, 1e-4, 1000), List.of(text), List.of(
            new Choice(0.01, text, 7, 16384, 12.5, 1L << 20, 4096L, 0.004, 1.0, true, ""),
            new Choice(0.001, "", null, null, null, null, null, null, null, false, text)), "{}");
  }

  @Test
  void textsOfTheModelStayTexts() {
    String page = ExplanationPage.of(explanation(HOSTILE));
    assertFalse(page.contains("<script"), page);
    assertFalse(page.contains("\u001b") || page.contains("\u202e"));
    assertTrue(page.contains("&lt;script src=//evil&gt;"));
    Matcher tags = Pattern.compile("<[^>]*>").matcher(page);
    while (tags.find()) {
      assertFalse(tags.group().contains("onload='"), tags.group());
    }
    String harmless = ExplanationPage.of(explanation("name"));
    assertEquals(structure(harmless), structure(page), "a hostile name changes no tag");
  }

  /** The tags without their titles. */
  private static List<String> structure(String page) {
    return Pattern.compile("<[^>]*>").matcher(page).results().map(tag -> tag.group().replaceAll(" title=\"[^\"]*\"", "")).toList();
  }

  @Test
  void thePageLoadsNothing() {
    String page = ExplanationPage.of(explanation("name"));
    assertTrue(page.contains("default-src 'none'"));
    assertFalse(Pattern.compile("(src|href|url|@import)\\s*[=(]").matcher(page).find());
    assertFalse(page.contains("http://") || page.contains("https://"));
    assertFalse(page.contains("NaN") || page.contains("Infinity"));
  }

  @Test
  void cellsOfATableCannotSpeakToTheTerminal() {
    String line = String.join("\n", new Table("a").row(HOSTILE).lines());
    assertFalse(line.contains("\u001b[2J") || line.contains("\u202e") || line.contains("\r"));
    assertEquals("a\ufffd[2Jb", Terminal.plain("a\u001b[2Jb"));
    assertEquals("äöü 漢字", Terminal.plain("äöü 漢字"));
  }
}
