// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Terminal;
import dev.tacet.cli.internal.terminal.Units;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.stream.Collectors;

/** An {@link Explanation} for a terminal. */
public final class ExplanationText {
  private ExplanationText() {}

  /** Prints it on standard output. */
  public static void print(Explanation e) {
    System.out.printf(
        Locale.ROOT, "%s: %d features, N = %d (%s ring), log Q %.1f, log QP %.1f, security %s, %s packing%n%n",
        Terminal.bold(Terminal.plain(e.model())), e.features(), e.parameters().ringDegree(),
        Explanation.words(e.parameters().ringType()).replace(' ', '-'), e.parameters().logQ(), e.parameters().logQp(),
        Explanation.words(e.parameters().security()), e.packing());
    Table table = new Table("layer", "computes", ">shape", "packing", ">levels", ">rotations", ">products", ">time", ">precision", "input", "operations");
    for (Explanation.Layer layer : e.layers()) {
      table.row(layer.name(), layer.computes(), shape(layer), layer.packing(), layer.levelIn() + " → " + layer.levelOut(),
          layer.rotations(), layer.products(), Units.milliseconds(layer.milliseconds()), precision(layer), layer.guard(), layer.operations());
    }
    if (!e.clientSteps().isEmpty()) {
      table.row("on the client", String.join(", ", e.clientSteps()), "", "", "", "", "", "", "", "", "");
    }
    table.print();
    System.out.println();
    facts(e).print();
    if (!e.accuracyChoices().isEmpty()) {
      System.out.println();
      choices(e).print();
    }
    e.notes().forEach(note -> System.out.println("  " + Terminal.dim("note: " + Terminal.plain(note))));
  }

  /** The heads of the columns of {@link #cells}. */
  static final String[] CHOICES = {"--accuracy", "evaluates", ">levels", ">N", ">time", ">keys", ">input", ">largest error", ">labels",
    "sample rows"};

  /** One choice of an accuracy as cells; where it was refused, with the reason. */
  static String[] cells(Choice choice) {
    String accuracy = BigDecimal.valueOf(choice.accuracy()).stripTrailingZeros().toPlainString();
    if (choice.levels() == null) {
      return new String[] {accuracy, choice.refusal(), "", "", "", "", "", "", "", "refused"};
    }
    return new String[] {accuracy, choice.functions(), choice.levels().toString(), choice.ringDegree().toString(),
      Units.milliseconds(choice.milliseconds()), Units.bytes(choice.evaluationKeyBytes()), Units.bytes(choice.inputBytes()),
      Units.percent(choice.largestError()), Units.percent(choice.agreement()), choice.met() ? "meet it" : "miss it"};
  }

  private static Table choices(Explanation e) {
    Table table = new Table(CHOICES);
    e.accuracyChoices().forEach(choice -> table.row((Object[]) cells(choice)));
    return table;
  }

  private static Table facts(Explanation e) {
    Table facts = new Table("", "");
    Explanation.Sizes sizes = e.sizes();
    String each = sizes.rows() == 1 ? " a row" : " a request of up to " + sizes.rows() + " rows";
    Explanation.Prediction predicted = e.predicted();
    facts.row("predicted time", Units.milliseconds(predicted.milliseconds()) + each + ", computation alone, on " + predicted.profile()
        + (predicted.threads() == 1 ? ", 1 thread" : ", " + predicted.threads() + " threads"));
    facts.row("predicted error", Units.error(predicted.error()) + ", the largest of " + predicted.numbers() + " decrypted values (noise "
        + Units.error(predicted.noiseError()) + ", activations and weights " + Units.error(predicted.fitError()) + ")");
    facts.row("evaluation keys", sizes.keys() + ", " + Units.bytes(sizes.evaluationKeys()));
    facts.row("public key", Units.bytes(sizes.publicKey()));
    facts.row("input", Units.bytes(sizes.input()) + each);
    facts.row("result", Units.bytes(sizes.result()) + each);
    facts.row("host memory", Units.bytes(e.memory().keys()) + " of keys a client, " + Units.bytes(e.memory().constants())
        + " of constants, " + Units.bytes(e.memory().run()) + " a run");
    long values = e.outputs().stream().filter(output -> output.kind().equals("value")).count();
    for (Explanation.Output output : e.outputs()) {
      if (output.kind().equals("value")) {
        facts.row(values == 1 ? "error bound" : "error bound of " + output.name(), Units.error(output.errorBound()));
      }
    }
    String guards = e.outputs().stream().filter(output -> output.kind().equals("guard")).map(Explanation.Output::name)
        .collect(Collectors.joining("; "));
    facts.row("guards", guards.isEmpty() ? "none" : guards);
    return facts;
  }

  /** The dimensions of a layer's result. */
  static String shape(Explanation.Layer layer) {
    return layer.shape().stream().map(String::valueOf).collect(Collectors.joining(" × "));
  }

  /** Predicted bits. */
  static String precision(Explanation.Layer layer) {
    return layer.precisionBits() == null ? "" : String.format(Locale.ROOT, "%.1f bits", layer.precisionBits());
  }
}
