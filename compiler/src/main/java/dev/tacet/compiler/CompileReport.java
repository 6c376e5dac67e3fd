// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.tacet.he.RingType;
import dev.tacet.he.RowPacking;
import dev.tacet.he.SecurityLevel;
import java.util.Collections;
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
 * @param memory what the host holds
 * @param prediction time and noise
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
    HostMemory memory,
    Prediction prediction,
    double agreement,
    double numberError,
    double errorBound,
    double accuracy,
    boolean accuracyMet,
    List<Layer> layers,
    List<String> notes) {
  /** What each number of a layer's precision is the largest error of: so many numbers. */
  public static final int NUMBERS = 1000;

  /** How the note begins that names a sample row far from all others. */
  public static final String OUTLIER = "outlier: ";

  /** How the note begins that tells of degrees that a key budget lowered. */
  public static final String KEY_BUDGET = "the key budget of ";

  /**
   * One layer.
   *
   * @param name the name, taken from the model
   * @param kind what it computes, with the degree of its polynomial
   * @param shape the dimensions of its result in the model, without the batch
   * @param packing where the result's elements lie
   * @param level the level at which it starts
   * @param levels the levels that it takes
   * @param rotations rotations, each a key switch
   * @param relinearizations the other key switches
   * @param products products of two ciphertexts
   * @param nanos predicted wall time on the host of the cost profile
   * @param precisionBits predicted bits of precision of its result, relative to half of the interval it lies in: minus log2 of the
   *     largest error that noise makes in {@link #NUMBERS} of its numbers
   * @param guard "guarded", "proved", "not guarded", or empty where nothing can leave an interval
   */
  public record Layer(
      String name, String kind, List<Integer> shape, String packing, int level, int levels, int rotations, int relinearizations,
      int products, double nanos, double precisionBits, String guard) {
    /** Copies the shape. */
    public Layer {
      shape = List.copyOf(shape);
    }
  }

  /**
   * Predictions.
   *
   * @param profile the machine that the times are of
   * @param nanos the host's wall time for one request, all layers together
   * @param otherNanos the part of it of each layer of the program that is none of the model's, such as a guard
   * @param noise what noise does to decrypted values
   * @param fitError the largest difference between the program without noise and the model that is to be expected of {@link #NUMBERS}
   *     values, by the sample rows, in the values' units
   */
  public record Prediction(CostProfile profile, double nanos, Map<String, Double> otherNanos, NoisePrediction noise, double fitError) {
    /** Copies the map, in its order. */
    public Prediction {
      otherNanos = Collections.unmodifiableMap(new LinkedHashMap<>(otherNanos));
    }

    /** Returns the largest error of a decrypted value that is predicted for so many numbers: of the fit and of noise. */
    public double error(long numbers) {
      return Math.hypot(fitError, noise.largest(numbers));
    }
  }

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
    bytes.put("memory_keys", memory.keys());
    bytes.put("memory_constants", memory.constants());
    bytes.put("memory_run", memory.run());
    root.put("bytes", bytes);
    Map<String, Object> predicted = new LinkedHashMap<>();
    predicted.put("cost_profile", prediction.profile().name());
    predicted.put("cost_profile_sha256", prediction.profile().sha256());
    predicted.put("threads", prediction.profile().threads());
    predicted.put("server_ms", significant(prediction.nanos() / 1e6));
    Map<String, Object> others = new LinkedHashMap<>();
    prediction.otherNanos().forEach((name, nanos) -> others.put(name, significant(nanos / 1e6)));
    predicted.put("other_layers_ms", others);
    predicted.put("noise_deviation", significant(prediction.noise().deviation()));
    predicted.put("noise_even", prediction.noise().even());
    predicted.put("noise_error", significant(prediction.noise().largest(NUMBERS)));
    predicted.put("fit_error", significant(prediction.fitError()));
    predicted.put("error", significant(prediction.error(NUMBERS)));
    predicted.put("numbers", NUMBERS);
    root.put("predicted", predicted);
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
    map.put("shape", layer.shape());
    map.put("packing", layer.packing());
    map.put("level", layer.level());
    map.put("levels", layer.levels());
    map.put("rotations", layer.rotations());
    map.put("relinearizations", layer.relinearizations());
    map.put("products", layer.products());
    map.put("predicted_ms", significant(layer.nanos() / 1e6));
    map.put("precision_bits", rounded(layer.precisionBits()));
    map.put("guard", layer.guard());
    return map;
  }

  private static double rounded(double value) {
    return Math.rint(value * 100) / 100;
  }

  /** Four digits, so that documents do not differ by the last bit. */
  private static double significant(double value) {
    return Double.parseDouble(String.format(Locale.ROOT, "%.3e", value));
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
    line(text, "host memory      %s of keys a client, %s of constants, %s a run", megabytes(memory.keys()),
        megabytes(memory.constants()), megabytes(memory.run()));
    line(text, "predicted        %.3g ms a request on %s (%d threads), error of a value %.2g of %d numbers", prediction.nanos() / 1e6,
        prediction.profile().name(), prediction.profile().threads(), prediction.error(NUMBERS), NUMBERS);
    line(text, "on sample rows   %.2f %% of labels agree, largest error of a number %.3g of its range (target %.3g, %s)",
        100 * agreement, numberError, accuracy, accuracyMet ? "met" : "missed");
    line(text, "error bound      %.3g on each decrypted value", errorBound);
    line(text, "%-28s %-28s %5s %6s %9s %8s %9s %9s  %s", "layer", "computes", "level", "levels", "rotations", "products", "time",
        "precision", "input");
    for (Layer layer : layers) {
      line(text, "%-28s %-28s %5d %6d %9d %8d %6.2f ms %4.1f bits  %s", layer.name(), layer.kind(), layer.level(),
          layer.levels(), layer.rotations(), layer.products(), layer.nanos() / 1e6, layer.precisionBits(), layer.guard());
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
