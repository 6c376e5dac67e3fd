// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.terminal.Units;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * An {@link Explanation} as one HTML page that loads nothing: no script, no font, no address. Every text from the model goes through
 * {@link #escape}, and the page's own policy forbids scripts and loading.
 */
public final class ExplanationPage {
  private final StringBuilder page = new StringBuilder();
  private final Explanation e;

  private ExplanationPage(Explanation e) {
    this.e = e;
  }

  /** Returns the page. */
  public static String of(Explanation explanation) {
    return new ExplanationPage(explanation).write();
  }

  /** Returns a text as HTML has it in elements and in quoted attributes; control characters become a replacement character. */
  static String escape(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(c -> {
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        default -> {
          int type = Character.getType(c);
          boolean shown = type != Character.CONTROL && type != Character.FORMAT && type != Character.SURROGATE;
          out.appendCodePoint(shown ? c : 0xFFFD);
        }
      }
    });
    return out.toString();
  }

  private String write() {
    page.append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>").append(escape(e.model()))
        .append(" – Tacet</title>\n<style>\n").append(ExplanationStyle.CSS).append("</style>\n</head>\n<body>\n<main>\n");
    header();
    cards();
    page.append("<div class=\"charts\">\n");
    bars("Predicted time", "milliseconds on the host, by layer", "time", Explanation.Layer::milliseconds,
        layer -> Units.milliseconds(layer.milliseconds()));
    levels();
    bars("Predicted precision", "bits of each layer's result, of its interval: more is better", "bits",
        layer -> layer.precisionBits() == null ? 0 : layer.precisionBits(), ExplanationText::precision);
    bytes();
    page.append("</div>\n");
    table();
    choices();
    outputs();
    notes();
    page.append("<footer>Artifact SHA-256 <code>").append(escape(e.sha256())).append("</code></footer>\n</main>\n</body>\n</html>\n");
    return page.toString();
  }

  private void header() {
    page.append("<header><h1>").append(escape(e.model())).append("</h1><p>").append(e.features()).append(" features, ")
        .append(escape(e.packing())).append(" packing. Ring degree ").append(e.parameters().ringDegree()).append(" (")
        .append(escape(Explanation.words(e.parameters().ringType()))).append("), modulus of ")
        .append(String.format(Locale.ROOT, "%.0f", e.parameters().logQ())).append(" bits, ")
        .append(String.format(Locale.ROOT, "%.0f", e.parameters().logQp())).append(" with the special primes, security ")
        .append(escape(Explanation.words(e.parameters().security()))).append(" (eprint 2024/463).</p></header>\n");
  }

  private void cards() {
    Explanation.Sizes sizes = e.sizes();
    Explanation.Prediction predicted = e.predicted();
    String each = sizes.rows() == 1 ? "a row" : "a request of up to " + sizes.rows() + " rows";
    page.append("<section class=\"cards\" aria-label=\"Summary\">\n");
    card("Server time", Units.milliseconds(predicted.milliseconds()), each + ", predicted for " + predicted.profile() + ", "
        + predicted.threads() + (predicted.threads() == 1 ? " thread" : " threads"));
    card("Error", Units.error(predicted.error()), "largest of " + predicted.numbers() + " decrypted values, predicted");
    card("Evaluation keys", Units.bytes(sizes.evaluationKeys()), sizes.keys() + (sizes.keys() == 1 ? " key" : " keys") + ", uploaded once");
    card("Input", Units.bytes(sizes.input()), each);
    card("Result", Units.bytes(sizes.result()), each);
    card("Security", e.parameters().securityBits() + " bits", Explanation.words(e.parameters().security()));
    page.append("</section>\n");
  }

  private void card(String title, String value, String note) {
    page.append("<div class=\"card\"><h2>").append(escape(title)).append("</h2><b>").append(escape(value)).append("</b><p>")
        .append(escape(note)).append("</p></div>\n");
  }

  private void open(String title, String note) {
    page.append("<section class=\"chart\"><h2>").append(escape(title)).append("</h2><p>").append(escape(note)).append("</p>\n");
  }

  private void bars(String title, String note, String kind, ToDoubleFunction<Explanation.Layer> size, java.util.function.Function<Explanation.Layer, String> text) {
    double most = e.layers().stream().mapToDouble(size).max().orElse(0);
    open(title, note);
    for (Explanation.Layer layer : e.layers()) {
      bar(layer.name(), kind, 0, most <= 0 ? 0 : size.applyAsDouble(layer) / most, text.apply(layer));
    }
    page.append("</section>\n");
  }

  private void levels() {
    int most = e.layers().stream().mapToInt(Explanation.Layer::levelIn).max().orElse(0);
    open("Levels", "of the modulus: each layer starts at the right end of its bar and ends at the left one");
    for (Explanation.Layer layer : e.layers()) {
      double scale = Math.max(1, most);
      bar(layer.name(), "level", layer.levelOut() / scale, layer.levelIn() / scale, layer.levelIn() + " → " + layer.levelOut());
    }
    page.append("</section>\n");
  }

  private void bytes() {
    List<String> names = List.of("Evaluation keys", "Public key", "Input", "Result", "Host: expanded keys", "Host: constants", "Host: a run");
    long[] sizes = {e.sizes().evaluationKeys(), e.sizes().publicKey(), e.sizes().input(), e.sizes().result(), e.memory().keys(),
      e.memory().constants(), e.memory().run()};
    double most = Math.log10(Math.max(10, java.util.Arrays.stream(sizes).max().orElse(1)));
    double least = 3;
    open("Bytes", "what travels and what the host holds; the scale is logarithmic, from 1 KB");
    for (int i = 0; i < sizes.length; i++) {
      double share = sizes[i] <= 0 ? 0 : (Math.log10(sizes[i]) - least) / (most - least);
      bar(names.get(i), i < 4 ? "wire" : "host", 0, Math.max(0, share), Units.bytes(sizes[i]));
    }
    page.append("</section>\n");
  }

  /** A bar from one share of the width to another, between its name and its value. */
  private void bar(String name, String kind, double from, double to, String value) {
    double start = 100 * Math.min(1, Math.max(0, from));
    double width = Math.max(0.6, 100 * Math.min(1, Math.max(0, to)) - start);
    page.append("<div class=\"bar\"><span class=\"name\" title=\"").append(escape(name)).append("\">").append(escape(name))
        .append("</span><svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"track\" width=\"100\" height=\"10\"/>")
        .append(String.format(Locale.ROOT, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"10\"/>", kind, Math.min(start, 99.4), width))
        .append("</svg><span class=\"value\">").append(escape(value)).append("</span></div>\n");
  }

  private void table() {
    page.append("<section><h2>Layers</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Layers\"><table><thead><tr>");
    for (String head : new String[] {"Layer", "Computes", "Shape", "Packing", "Levels", "Rotations", "Relinearizations", "Products", "Time",
      "Precision", "Input", "Operations"}) {
      page.append("<th scope=\"col\">").append(head).append("</th>");
    }
    page.append("</tr></thead><tbody>\n");
    for (Explanation.Layer layer : e.layers()) {
      page.append("<tr><th scope=\"row\">").append(escape(layer.name())).append("</th>");
      cells("", layer.computes(), ExplanationText.shape(layer), layer.packing());
      cells(" class=\"n\"", layer.levelIn() + " → " + layer.levelOut(), "" + layer.rotations(), "" + layer.relinearizations(),
          "" + layer.products(), Units.milliseconds(layer.milliseconds()), ExplanationText.precision(layer));
      cells("", layer.guard(), layer.operations());
      page.append("</tr>\n");
    }
    page.append("</tbody></table></div>\n");
    if (!e.clientSteps().isEmpty()) {
      page.append("<p>On the client, after decryption: ").append(escape(String.join(", ", e.clientSteps()))).append(".</p>\n");
    }
    page.append("</section>\n");
  }

  private void cells(String attributes, String... texts) {
    for (String text : texts) {
      page.append("<td").append(attributes).append('>').append(escape(text)).append("</td>");
    }
  }

  private void choices() {
    if (e.accuracyChoices().isEmpty()) {
      return;
    }
    page.append("<section><h2>What accuracy costs</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What accuracy costs\">")
        .append("<table><thead><tr>");
    for (String head : ExplanationText.CHOICES) {
      page.append("<th scope=\"col\">").append(head.replace(">", "")).append("</th>");
    }
    page.append("</tr></thead><tbody>\n");
    for (Choice choice : e.accuracyChoices()) {
      page.append("<tr>");
      cells("", ExplanationText.cells(choice));
      page.append("</tr>\n");
    }
    page.append("</tbody></table></div></section>\n");
  }

  private void outputs() {
    page.append("<section><h2>What is sent back</h2><ul>\n");
    for (Explanation.Output output : e.outputs()) {
      page.append("<li>").append(escape(output.name())).append(": ").append(escape(output.kind())).append(", ").append(output.count())
          .append(output.count() == 1 ? " number" : " numbers");
      if (output.kind().equals("value")) {
        page.append(", each within ").append(escape(Units.error(output.errorBound()))).append(" of the model's");
      }
      page.append("</li>\n");
    }
    page.append("</ul></section>\n");
  }

  private void notes() {
    if (e.notes().isEmpty()) {
      return;
    }
    page.append("<section><h2>Notes</h2><ul>\n");
    e.notes().forEach(note -> page.append("<li>").append(escape(note)).append("</li>\n"));
    page.append("</ul></section>\n");
  }
}
