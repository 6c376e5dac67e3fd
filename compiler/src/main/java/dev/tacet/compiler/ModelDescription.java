// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.tacet.he.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code tacet.yaml} says about the ONNX file beside it: name, task, how exact the answers must be, and the ranges of the
 * features, so that a host can compile the model without a row of data.
 *
 * @param name the name under which the model is served
 * @param version any text; the folder's name decides where models are served by version
 * @param description one sentence; may be empty
 * @param model the ONNX file, relative to the folder
 * @param task what the outputs mean
 * @param classes names of the labels 0, 1, ..; empty if none are given
 * @param calibration a CSV file of sample rows, relative to the folder, if one is named
 * @param accuracy largest error of an output that the compiler may spend, relative to the output's range, in (0, 1)
 * @param inputs one per input of the model that has ranges
 * @param activations ranges of hidden tensors, by their ONNX names
 */
public record ModelDescription(
    String name,
    String version,
    String description,
    Path model,
    Task task,
    List<String> classes,
    Optional<Path> calibration,
    double accuracy,
    List<InputRange> inputs,
    List<TensorRange> activations) {

  /** The file's name. */
  public static final String FILE = "tacet.yaml";

  /** The accuracy where the file is silent. */
  public static final double DEFAULT_ACCURACY = 1e-3;

  private static final long MAX_BYTES = 16 << 20;
  private static final Set<String> KEYS =
      Set.of("name", "version", "description", "model", "task", "classes", "calibration", "accuracy", "inputs", "activations", "compile");

  /** What a model answers. */
  public enum Task {
    /** Labels, probabilities or scores. */
    CLASSIFICATION,
    /** Numbers. */
    REGRESSION
  }

  /** The smallest and largest value of a hidden tensor's elements. */
  public record TensorRange(String tensor, double low, double high) {}

  /**
   * Ranges of one input's features, in raw units.
   *
   * @param input the ONNX input's name
   * @param featureNames empty if the file gives one range for all features
   * @param low one value per feature, or a single one for all
   * @param high as {@code low}
   */
  public record InputRange(String input, List<String> featureNames, double[] low, double[] high) {
    /** Whether one range holds for every feature. */
    public boolean uniform() {
      return featureNames.isEmpty();
    }

    /**
     * The lower ends for an input of {@code features} features.
     *
     * @throws MalformedException if the file lists another number of features
     */
    public double[] lows(int features) {
      return spread(low, features);
    }

    /** The upper ends; see {@link #lows}. */
    public double[] highs(int features) {
      return spread(high, features);
    }

    private double[] spread(double[] values, int features) {
      if (uniform()) {
        double[] all = new double[features];
        Arrays.fill(all, values[0]);
        return all;
      }
      if (values.length != features) {
        throw new MalformedException(
            FILE + " lists " + values.length + " features of input '" + input + "', the model takes " + features);
      }
      return values.clone();
    }
  }

  /** Copies the lists. */
  public ModelDescription {
    classes = List.copyOf(classes);
    inputs = List.copyOf(inputs);
    activations = List.copyOf(activations);
  }

  /**
   * Reads {@code tacet.yaml} of a model's folder.
   *
   * @throws IOException if it cannot be read
   * @throws MalformedException naming the key that is wrong
   */
  public static ModelDescription read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (Files.size(file) > MAX_BYTES) {
      throw new MalformedException(file + " has " + Files.size(file) + " bytes, at most " + MAX_BYTES + " are read");
    }
    return parse(Files.readString(file));
  }

  /** Reads the text of a {@code tacet.yaml}; see {@link #read}. */
  public static ModelDescription parse(String text) {
    JsonNode root;
    try {
      root = new YAMLMapper().readTree(text);
    } catch (IOException e) {
      throw new MalformedException(FILE + " is not YAML: " + e.getMessage().lines().findFirst().orElse(""), e);
    }
    if (!root.isObject()) {
      throw new MalformedException(FILE + " must be a mapping of keys to values");
    }
    for (Iterator<String> names = root.fieldNames(); names.hasNext(); ) {
      String key = names.next();
      if (!KEYS.contains(key)) {
        throw new MalformedException(FILE + " has an unknown key '" + key + "'; known are " + KEYS.stream().sorted().toList());
      }
    }
    double accuracy = root.has("accuracy") ? number(root, "accuracy", "accuracy") : DEFAULT_ACCURACY;
    if (!(accuracy > 0 && accuracy < 1)) {
      throw new MalformedException(FILE + ": accuracy is " + accuracy + "; it must be between 0 and 1");
    }
    return new ModelDescription(
        text(root, "name", null),
        text(root, "version", "1"),
        text(root, "description", ""),
        inside(text(root, "model", "model.onnx"), "model"),
        task(text(root, "task", null)),
        strings(root.path("classes")),
        root.has("calibration") ? Optional.of(inside(text(root, "calibration", null), "calibration")) : Optional.empty(),
        accuracy,
        inputs(root.path("inputs")),
        activations(root.path("activations")));
  }

  private static List<InputRange> inputs(JsonNode nodes) {
    List<InputRange> inputs = new ArrayList<>();
    for (JsonNode node : nodes) {
      String name = text(node, "name", null);
      JsonNode features = node.path("features");
      if (features.isArray() == node.has("range")) {
        throw new MalformedException(FILE + ": input '" + name + "' needs either features or range");
      }
      List<String> names = new ArrayList<>();
      List<JsonNode> ranges = new ArrayList<>();
      if (node.has("range")) {
        ranges.add(node.get("range"));
      }
      for (JsonNode feature : features) {
        names.add(text(feature, "name", "feature " + names.size()));
        ranges.add(feature);
      }
      if (ranges.isEmpty()) {
        throw new MalformedException(FILE + ": input '" + name + "' lists no feature");
      }
      double[] low = new double[ranges.size()];
      double[] high = new double[ranges.size()];
      for (int i = 0; i < low.length; i++) {
        String where = "input '" + name + "', " + (names.isEmpty() ? "range" : names.get(i));
        low[i] = number(ranges.get(i), "low", where);
        high[i] = number(ranges.get(i), "high", where);
        requireOrdered(low[i], high[i], where);
      }
      inputs.add(new InputRange(name, List.copyOf(names), low, high));
    }
    return inputs;
  }

  private static List<TensorRange> activations(JsonNode nodes) {
    List<TensorRange> out = new ArrayList<>();
    for (JsonNode node : nodes) {
      String tensor = text(node, "tensor", null);
      double low = number(node, "low", "tensor '" + tensor + "'");
      double high = number(node, "high", "tensor '" + tensor + "'");
      requireOrdered(low, high, "tensor '" + tensor + "'");
      out.add(new TensorRange(tensor, low, high));
    }
    return out;
  }

  private static void requireOrdered(double low, double high, String where) {
    if (low > high) {
      throw new MalformedException(FILE + ": " + where + ": low " + low + " is above high " + high);
    }
  }

  private static Task task(String text) {
    try {
      return Task.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new MalformedException(FILE + ": task is '" + text + "'; it must be classification or regression");
    }
  }

  /** A path that stays inside the model's folder. */
  private static Path inside(String text, String key) {
    Path path = Path.of(text).normalize();
    if (path.isAbsolute() || path.startsWith("..")) {
      throw new MalformedException(FILE + ": " + key + " is '" + text + "'; it must lie in the model's folder");
    }
    return path;
  }

  private static List<String> strings(JsonNode nodes) {
    List<String> out = new ArrayList<>();
    nodes.forEach(node -> out.add(node.asText()));
    return out;
  }

  private static String text(JsonNode node, String key, String otherwise) {
    JsonNode value = node.get(key);
    if (value == null || value.isNull()) {
      if (otherwise == null) {
        throw new MalformedException(FILE + ": " + key + " is missing");
      }
      return otherwise;
    }
    if (!value.isValueNode()) {
      throw new MalformedException(FILE + ": " + key + " must be a single value");
    }
    return value.asText();
  }

  private static double number(JsonNode node, String key, String where) {
    JsonNode value = node.get(key);
    double number = value == null ? Double.NaN : value.isNumber() ? value.doubleValue() : parsed(value.asText());
    if (!Double.isFinite(number)) {
      throw new MalformedException(FILE + ": " + where + ": " + key + " must be a finite number");
    }
    return number;
  }

  /** YAML reads 1e-3 as text: its numbers need a point before the exponent. */
  private static double parsed(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
