// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tacet.he.MalformedException;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
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
    List<InputRange> inputs) {

  /** The file's name. */
  public static final String FILE = "tacet.yaml";

  /** The accuracy where the file is silent. */
  public static final double DEFAULT_ACCURACY = 1e-3;

  /** The end of what a feature's range may reach. */
  private static final double MOST = 1e30;

  private static final Set<String> KEYS =
      Set.of("name", "version", "description", "model", "task", "classes", "calibration", "accuracy", "inputs", "compile");
  private static final Set<String> INPUT_KEYS = Set.of("name", "range", "features");
  private static final Set<String> FEATURE_KEYS = Set.of("name", "low", "high");
  private static final Set<String> RANGE_KEYS = Set.of("low", "high");

  /** What a model answers. */
  public enum Task {
    /** Labels, probabilities or scores. */
    CLASSIFICATION,
    /** Numbers. */
    REGRESSION
  }

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
            FILE + ": inputs lists " + values.length + " features of input '" + input + "', the model takes " + features);
      }
      return values.clone();
    }
  }

  /** Copies the lists. */
  public ModelDescription {
    classes = List.copyOf(classes);
    inputs = List.copyOf(inputs);
  }

  /**
   * Reads {@code tacet.yaml} of a model's folder.
   *
   * @throws IOException if it cannot be read
   * @throws MalformedException naming the key that is wrong
   */
  public static ModelDescription read(Path folder) throws IOException {
    return parse(YamlNodes.read(folder.resolve(FILE)));
  }

  /** Reads the text of a {@code tacet.yaml}; see {@link #read}. */
  public static ModelDescription parse(String text) {
    return of(YamlNodes.mapping(text));
  }

  /** What the mapping of a whole file says. */
  static ModelDescription of(JsonNode root) {
    YamlNodes.requireMapping(root, "the file", KEYS);
    double accuracy = YamlNodes.number(root, "accuracy", "the file", DEFAULT_ACCURACY);
    if (!(accuracy > 0 && accuracy < 1)) {
      throw YamlNodes.wrong("accuracy is " + accuracy + "; it must be between 0 and 1");
    }
    String calibration = YamlNodes.text(root, "calibration", "calibration", "");
    return new ModelDescription(
        YamlNodes.text(root, "name", "name", null),
        YamlNodes.text(root, "version", "version", "1"),
        YamlNodes.text(root, "description", "description", ""),
        inside(YamlNodes.text(root, "model", "model", "model.onnx"), "model"),
        task(YamlNodes.text(root, "task", "task", null)),
        classes(root),
        calibration.isEmpty() ? Optional.empty() : Optional.of(inside(calibration, "calibration")),
        accuracy,
        inputs(YamlNodes.list(root, "inputs", "inputs")));
  }

  private static List<String> classes(JsonNode root) {
    List<String> classes = YamlNodes.list(root, "classes", "classes").stream().map(name -> YamlNodes.text(name, "a name of classes")).toList();
    for (int i = 0; i < classes.size(); i++) {
      if (classes.indexOf(classes.get(i)) < i) {
        throw YamlNodes.wrong("classes lists '" + classes.get(i) + "' twice");
      }
    }
    return classes;
  }

  private static List<InputRange> inputs(List<JsonNode> nodes) {
    List<InputRange> inputs = new ArrayList<>();
    for (JsonNode node : nodes) {
      YamlNodes.requireMapping(node, "an element of inputs", INPUT_KEYS);
      String name = YamlNodes.text(node, "name", "the name of an input", null);
      String input = "input '" + name + "'";
      if (inputs.stream().anyMatch(other -> other.input().equals(name))) {
        throw YamlNodes.wrong("inputs lists '" + name + "' twice");
      }
      List<JsonNode> features = YamlNodes.list(node, "features", input + ", features");
      if (YamlNodes.has(node, "features") == YamlNodes.has(node, "range")) {
        throw YamlNodes.wrong(input + " needs either features or range");
      }
      Set<String> names = new LinkedHashSet<>();
      List<JsonNode> ranges = new ArrayList<>();
      if (YamlNodes.has(node, "range")) {
        ranges.add(YamlNodes.requireMapping(node.get("range"), input + ", range", RANGE_KEYS));
      }
      for (JsonNode feature : features) {
        String where = "feature " + names.size();
        YamlNodes.requireMapping(feature, input + ", " + where, FEATURE_KEYS);
        String called = YamlNodes.text(feature, "name", where, where);
        if (!names.add(called)) {
          throw YamlNodes.wrong(input + " lists the feature '" + called + "' twice");
        }
        ranges.add(feature);
      }
      if (ranges.isEmpty()) {
        throw YamlNodes.wrong(input + " lists no feature");
      }
      List<String> named = List.copyOf(names);
      double[] low = new double[ranges.size()];
      double[] high = new double[ranges.size()];
      for (int i = 0; i < low.length; i++) {
        String where = input + ", " + (named.isEmpty() ? "range" : named.get(i));
        low[i] = YamlNodes.number(ranges.get(i), "low", where);
        high[i] = YamlNodes.number(ranges.get(i), "high", where);
        requireOrdered(low[i], high[i], where);
      }
      inputs.add(new InputRange(name, named, low, high));
    }
    return inputs;
  }

  private static void requireOrdered(double low, double high, String where) {
    if (low > high) {
      throw YamlNodes.wrong(where + ": low " + low + " is above high " + high);
    }
    if (Math.max(-low, high) > MOST) {
      throw YamlNodes.wrong(where + ": low " + low + " and high " + high + " must lie within -" + MOST + ".." + MOST);
    }
  }

  private static Task task(String text) {
    try {
      return Task.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw YamlNodes.wrong("task is '" + text + "'; it must be classification or regression");
    }
  }

  /** A path that stays inside the model's folder. */
  private static Path inside(String text, String key) {
    Path path;
    try {
      path = Path.of(text).normalize();
    } catch (InvalidPathException e) {
      throw new MalformedException(FILE + ": " + key + " is no path", e);
    }
    if (path.isAbsolute() || path.startsWith("..")) {
      throw YamlNodes.wrong(key + " is '" + text + "'; it must lie in the model's folder");
    }
    return path;
  }
}
