// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Terminal;
import dev.tacet.cli.internal.terminal.Units;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A report of a trial as a person reads it. */
public final class TrialView {
  private static final int NUMBERS_SHOWN = 4;

  private TrialView() {}

  /** Prints the report with the first {@code records} rows, clear and decrypted side by side. */
  public static void print(TrialReport report, int records) {
    System.out.println();
    System.out.println(Terminal.bold(Terminal.plain(report.name())));
    System.out.println();
    facts(report).print();
    System.out.println();
    records(report, records).print();
    System.out.println();
    results(report).print();
  }

  private static Table facts(TrialReport report) {
    TrialReport.ParameterReport p = report.parameters();
    TrialReport.Milliseconds t = report.milliseconds();
    Table table = new Table("", "", "", "");
    table.row("ring degree", "2^" + (31 - Integer.numberOfLeadingZeros(p.ringDegree())), "compile", once(t.compile()));
    table.row("log Q, log QP", String.format(Locale.ROOT, "%.0f, %.0f", p.logQ(), p.logQp()), "make keys", once(t.keygen()));
    table.row("security", p.security().replace('_', ' '), "upload keys", once(t.upload()));
    table.row("evaluation keys", Units.bytes(report.bytes().evaluationKeys()), report.rowsPerRequest() == 1 ? "encrypt a row" : "encrypt a request",
        perRow(t.encrypt()));
    table.row("public key", Units.bytes(report.bytes().publicKey()), "server", perRow(t.server()));
    table.row(
        "input, result",
        Units.bytes(report.bytes().input()) + ", " + Units.bytes(report.bytes().result()),
        report.rowsPerRequest() == 1 ? "decrypt a row" : "decrypt a request",
        perRow(t.decrypt()));
    table.row("packing", report.packing(), "", "");
    if (report.rowsPerSecond() != null) {
      table.row("rows a request", "up to " + report.rowsPerRequest(), "rows a second", String.format(Locale.ROOT, "%.0f on the server",
          report.rowsPerSecond()));
    }
    return table;
  }

  private static String once(Spread spread) {
    return Units.milliseconds(spread.median());
  }

  private static String perRow(Spread spread) {
    return Units.milliseconds(spread.median());
  }

  private static Table records(TrialReport report, int records) {
    Table table = new Table(">row", "output", ">clear", ">decrypted", ">difference");
    for (int r = 0; r < Math.min(records, report.rows()); r++) {
      int row = r;
      report
          .clearOutputs()
          .forEach(
              (name, clearRows) -> {
                List<Object> clear = clearRows.get(row);
                List<Object> decrypted = report.outputs().get(name).get(row);
                table.row(row, name, cells(clear), cells(decrypted), difference(clear, decrypted));
              });
    }
    return table;
  }

  private static String cells(List<Object> values) {
    if (values.size() > NUMBERS_SHOWN && values.stream().allMatch(Double.class::isInstance)) {
      int largest = 0;
      for (int i = 1; i < values.size(); i++) {
        largest = (Double) values.get(i) > (Double) values.get(largest) ? i : largest;
      }
      return "of " + values.size() + " largest is number " + largest + ": " + cell(values.get(largest));
    }
    return values.stream().limit(NUMBERS_SHOWN).map(TrialView::cell).collect(Collectors.joining("  "));
  }

  private static String cell(Object value) {
    if (value == null) {
      return "none";
    }
    return value instanceof Double number ? Units.number(number) : value.toString();
  }

  private static String difference(List<Object> clear, List<Object> decrypted) {
    double largest = 0;
    for (int i = 0; i < clear.size(); i++) {
      if (!(clear.get(i) instanceof Double expected) || !(decrypted.get(i) instanceof Double actual)) {
        return String.valueOf(clear.get(i)).equals(String.valueOf(decrypted.get(i))) ? "same" : "other";
      }
      largest = Math.max(largest, Math.abs(expected - actual));
    }
    return Units.error(largest);
  }

  private static Table results(TrialReport report) {
    boolean classifier = report.kind().equals("classifier");
    Table table = new Table("", "");
    table.row("rows", report.rows());
    if (report.accuracyClear() != null) {
      table.row(classifier ? "accuracy, clear" : "R², clear", share(report.accuracyClear(), classifier));
      table.row(classifier ? "accuracy, encrypted" : "R², encrypted", share(report.accuracyEncrypted(), classifier));
    }
    table.row(
        "agreement",
        Units.percent(report.agreement()) + (!classifier ? " within 1 % of the output's range"
            : hasLabel(report) ? " of the labels" : " of the classes, taken as the largest number (--task regression measures numbers)"));
    table.row("largest error", Units.error(report.maxError()));
    list(table, "undecided", report.undecidedRows());
    list(table, "clamped", report.clampedRows());
    list(table, "failed a check", report.failedRows());
    list(table, "numbers far off", report.farRows());
    return table;
  }

  private static boolean hasLabel(TrialReport report) {
    return report.clearOutputs().values().stream().anyMatch(rows -> Comparison.isLabel(rows.get(0)));
  }

  private static String share(double value, boolean classifier) {
    return classifier ? Units.percent(value) : String.format(Locale.ROOT, "%.4f", value);
  }

  private static void list(Table table, String name, List<Integer> rows) {
    if (!rows.isEmpty()) {
      List<String> shown = new ArrayList<>();
      rows.stream().limit(12).forEach(row -> shown.add(row.toString()));
      table.row(name, rows.size() + " rows: " + String.join(", ", shown) + (rows.size() > 12 ? ", ..." : ""));
    }
  }
}
