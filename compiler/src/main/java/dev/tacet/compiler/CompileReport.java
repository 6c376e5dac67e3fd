// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.tacet.he.RingType;
import dev.tacet.he.RowPacking;
import dev.tacet.he.SecurityLevel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a compiled model costs and how well it agrees with the clear model; known before anything is served.
 *
 * @param model the model's name
 * @param packing how rows lie in ciphertexts
 * @param rowsPerRequest the most rows of one request
 * @param ringType the ring
 * @param ringDegree N
 * @param logQ log2 of the modulus chain's product
 * @param logQp log2 of that times the special primes
 * @param logScale log2 of the scale
 * @param levels the levels of the program
 * @param security the row of the table of eprint 2024/463 that the parameters keep to
 * @param evaluationKeys the number of evaluation keys
 * @param evaluationKeyBytes bytes that a client uploads once
 * @param inputBytes bytes of one encrypted request
 * @param resultBytes bytes of one answer, to all rows of a request
 * @param memoryBytes bytes that the host holds for one client's expanded keys and the model's encoded constants
 * @param agreement the part of sample rows whose label is the clear model's and decided; 1 where there is no label
 * @param numberError the largest error of a number among the answers, relative to that number's range over the sample rows
 * @param errorBound the bound of a decrypted value's error that every answer carries, in the value's units
 * @param accuracy the accuracy that was asked for
 * @param accuracyMet whether the sample rows meet it; where a class is chosen, whether 98 % of them agree and hardly one is expected to
 *     be undecided
 * @param layers the layers in order
 * @param notes what the owner of the model should know: features held constant, activations that are not guarded
 */
public record CompileReport(
    String model,
    RowPacking packing,
    int rowsPerRequest,
    RingType ringType,
    int ringDegree,
    double logQ,
    double logQp,
    int logScale,
    int levels,
    SecurityLevel security,
    int evaluationKeys,
    long evaluationKeyBytes,
    long inputBytes,
    long resultBytes,
    long memoryBytes,
    double agreement,
    double numberError,
    double errorBound,
    double accuracy,
    boolean accuracyMet,
    List<Layer> layers,
    List<String> notes) {
  /**
   * One layer.
   *
   * @param name the name, taken from the model
   * @param kind what it computes, with the degree of its polynomial
   * @param level the level at which it starts
   * @param levels the levels that it takes
   * @param keySwitches rotations and relinearizations, the dear operations
   * @param precisionBits predicted bits of precision of its result
   * @param guard "guarded", "proved", "not guarded", or empty where nothing can leave an interval
   */
  public record Layer(
      String name, String kind, int level, int levels, int keySwitches, double precisionBits, String guard) {}

  /** Copies the lists. */
  public CompileReport {
    layers = List.copyOf(layers);
    notes = List.copyOf(notes);
  }

  /** Returns the report as JSON with snake_case keys. */
  public String toJson() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("model", model);
    root.put("packing", packing.name().toLowerCase(Locale.ROOT));
    root.put("rows_per_request", rowsPerRequest);
    Map<String, Object> parameters = new LinkedHashMap<>();
    parameters.put("ring_type", ringType.name().toLowerCase(Locale.ROOT));
    parameters.put("ring_degree", ringDegree);
    parameters.put("log_q", rounded(logQ));
    parameters.put("log_qp", rounded(logQp));
    parameters.put("log_scale", logScale);
    parameters.put("levels", levels);
    parameters.put("security", security.name().toLowerCase(Locale.ROOT));
    parameters.put("security_bits", security.bits());
    root.put("parameters", parameters);
    Map<String, Object> bytes = new LinkedHashMap<>();
    bytes.put("evaluation_keys", evaluationKeyBytes);
    bytes.put("input", inputBytes);
    bytes.put("result", resultBytes);
    bytes.put("memory", memoryBytes);
    root.put("bytes", bytes);
    root.put("evaluation_key_count", evaluationKeys);
    root.put("agreement", agreement);
    root.put("max_number_error", numberError);
    root.put("error_bound", errorBound);
    root.put("accuracy", accuracy);
    root.put("accuracy_met", accuracyMet);
    root.put("layers", layers.stream().map(CompileReport::toMap).toList());
    root.put("notes", notes);
    try {
      return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(root);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new IllegalStateException("a map of numbers and strings is always JSON", e);
    }
  }

  private static Map<String, Object> toMap(Layer layer) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", layer.name());
    map.put("kind", layer.kind());
    map.put("level", layer.level());
    map.put("levels", layer.levels());
    map.put("key_switches", layer.keySwitches());
    map.put("precision_bits", rounded(layer.precisionBits()));
    map.put("guard", layer.guard());
    return map;
  }

  private static double rounded(double value) {
    return Math.rint(value * 100) / 100;
  }

  /** Returns the report as text for a terminal. */
  public String toText() {
    StringBuilder text = new StringBuilder();
    line(text, "model            %s", model);
    line(text, "packing          %s, up to %d row%s a request", packing.name().toLowerCase(Locale.ROOT), rowsPerRequest,
        rowsPerRequest == 1 ? "" : "s");
    line(text, "parameters       N = %d, %s ring, log QP = %.1f, scale 2^%d, %d levels, %s security", ringDegree,
        ringType.name().toLowerCase(Locale.ROOT).replace('_', '-'), logQp, logScale, levels,
        security.name().toLowerCase(Locale.ROOT).replace('_', ' '));
    line(text, "evaluation keys  %d, %s uploaded once", evaluationKeys, megabytes(evaluationKeyBytes));
    line(text, "a request        %s up, %s down", megabytes(inputBytes), megabytes(resultBytes));
    line(text, "host memory      %s a client", megabytes(memoryBytes));
    line(text, "on sample rows   %.2f %% of labels agree, largest error of a number %.3g of its range (target %.3g, %s)",
        100 * agreement, numberError, accuracy, accuracyMet ? "met" : "missed");
    line(text, "error bound      %.3g on each decrypted value", errorBound);
    line(text, "%-28s %-28s %5s %6s %12s %9s  %s", "layer", "computes", "level", "levels", "key switches", "precision", "input");
    for (Layer layer : layers) {
      line(text, "%-28s %-28s %5d %6d %12d %4.1f bits  %s", layer.name(), layer.kind(), layer.level(), layer.levels(),
          layer.keySwitches(), layer.precisionBits(), layer.guard());
    }
    notes.forEach(note -> line(text, "note: %s", note));
    return text.toString();
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }

  private static String megabytes(long bytes) {
    return bytes < 1 << 20
        ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
        : String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }
}
