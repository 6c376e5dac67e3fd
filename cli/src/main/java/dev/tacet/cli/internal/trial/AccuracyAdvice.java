// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.compiler.CompileReport;
import dev.tacet.he.ModelArtifact;
import java.util.List;

/** What to do where the accuracy target is missed: an outlier among the sample rows is the first thing to look at. */
public final class AccuracyAdvice {
  private static final String MORE_ROOM =
      "Give more rows to --calibration, or a larger --margin: a row has no answer where it leaves the intervals that the sample rows showed.";

  private AccuracyAdvice() {}

  /**
   * Returns the advice for a model.
   *
   * @param usual the advice where the compiler found no outlier, no key budget lowered a degree, and every row has an answer
   * @param unanswered how many rows have none
   */
  public static String of(ModelArtifact artifact, String usual, int unanswered) {
    List<String> notes = Explanation.of(artifact, null).notes();
    return notes.stream().filter(note -> note.startsWith(CompileReport.OUTLIER))
        .map(note -> "First look at the sample rows: " + note.substring(CompileReport.OUTLIER.length()) + ".").findFirst()
        .or(() -> notes.stream().filter(note -> note.startsWith(CompileReport.KEY_BUDGET)).map(note -> "Give a larger --key-budget: " + note + ".").findFirst())
        .orElse(unanswered > 0 ? MORE_ROOM : usual);
  }
}
