// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.compiler.AccuracyChoice;
import dev.tacet.compiler.CompileReport;
import java.util.List;

/**
 * What one accuracy costs, for people; the numbers are null where no parameters have room for it.
 *
 * @param accuracy as {@code --accuracy} takes it
 * @param functions what is evaluated, with the degrees of polynomials
 * @param milliseconds of the host, predicted
 * @param largestError of a number on the sample rows, as a part of its range
 * @param agreement the part of the sample rows whose label is the model's; 1 where there is none
 * @param met whether the sample rows meet the accuracy
 * @param refusal why there is no program; empty where there is one
 */
public record Choice(
    double accuracy, String functions, Integer levels, Integer ringDegree, Double milliseconds, Long evaluationKeyBytes, Long inputBytes,
    Double largestError, Double agreement, boolean met, String refusal) {
  /** Makes the choices of what the compiler found. */
  public static List<Choice> of(List<AccuracyChoice> choices) {
    return choices.stream().map(choice -> choice.report().map(report -> of(choice.accuracy(), report))
        .orElseGet(() -> new Choice(choice.accuracy(), "", null, null, null, null, null, null, null, false, choice.refusal()))).toList();
  }

  private static Choice of(double accuracy, CompileReport report) {
    String functions = String.join(", ", report.layers().stream().map(CompileReport.Layer::kind).filter(kind -> !kind.equals("linear")).toList());
    return new Choice(accuracy, functions, report.levels(), report.ringDegree(), report.prediction().nanos() / 1e6,
        report.evaluationKeyBytes(), report.inputBytes(), report.numberError(), report.agreement(), report.accuracyMet(), "");
  }
}
