// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What the compiler is asked for.
 *
 * @param model the model's name, or null for that of the source
 * @param calibration rows of sample data, each with the features in the model's input order; may be empty if ranges are
 *     given
 * @param ranges declared ranges of the inputs' features; empty where only the rows say them
 * @param security the security level of the parameters
 * @param packing how a row lies in ciphertexts
 * @param maxDegree the highest degree of a fitted activation, 3..1023
 * @param accuracy the largest error of an output, relative to the output's range over the sample data, that the fit of
 *     activations and the noise may spend
 * @param margin how far an activation's input may leave its range over the sample data, as a part of that range on each side
 * @param guards whether each activation's input is sent back as a proof that it stayed inside its fitted interval
 * @param task what the outputs mean; null to tell by the graph, where several plain numbers are taken for scores of classes
 * @param maxLogRingDegree log2 of the largest ring degree allowed, 11..16; above 15 only where the accuracy asks for it
 * @param ring the ring that parameters are chosen in
 * @param sharing the results that may be shown to others, for which precision is reserved (its noise is
 *     filled in by the compiler); null for none
 * @param keyBudget the most bytes of evaluation keys; 0 for no limit beside the compiler's own
 * @param rowsPerRequest rows of one request that lie side by side in a ciphertext of the latency packing, a power of two
 * @param costs what operations take on the machine that will serve
 * @param modelPrivacy for how many answers at how many bits answers are to hide the model (its flooding is chosen by the compiler);
 *     null where they need not
 * @param featureNames what the columns of the sample rows are called, in their order; empty where they have no names
 * @param classes what the labels 0, 1, .. are called; empty where they have no names
 */
public record CompileOptions(
    String model,
    List<double[]> calibration,
    List<ModelDescription.InputRange> ranges,
    SecurityLevel security,
    Packing packing,
    int maxDegree,
    double accuracy,
    double margin,
    boolean guards,
    ModelDescription.Task task,
    int maxLogRingDegree,
    Ring ring,
    Sharing sharing,
    long keyBudget,
    int rowsPerRequest,
    CostProfile costs,
    ModelPrivacy modelPrivacy,
    List<String> featureNames,
    List<String> classes) {
  /** What a model may be called, and a version of it: a host's folders have these names. */
  public static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");

  /** The most rows side by side: beyond that the throughput packing is the better choice for any model. */
  public static final int MAX_ROWS = 4096;

  /** The highest degree of a fitted activation. */
  public static final int MAX_DEGREE = 1023;

  /** The statistical bits of results that are shown to others, where none are asked for. */
  public static final int SHARE_BITS = 30;

  /** The answers that hide the model, and their statistical bits, where no others are asked for. */
  public static final ModelPrivacy MODEL_PRIVACY = new ModelPrivacy(1L << 20, 30, 0);

  /** The ring that parameters are chosen in. */
  public enum Ring {
    /**
     * That of the packing: the standard one in the latency packing; in the throughput packing the conjugate-invariant one, but for
     * models with activations other than squares.
     */
    USUAL,
    /** Z[X]/(X^N+1): N/2 slots. */
    STANDARD,
    /** Z[X+1/X]: N real slots, one bit more noise. */
    CONJUGATE_INVARIANT,
    /** At each ring degree the first of the two whose slots hold the widest layer. */
    AUTO
  }

  /** How a row lies in ciphertexts. */
  public enum Packing {
    /** The coefficient packing for a model that is one linear map, unless it takes large ciphertexts; else the latency packing. */
    AUTO,
    /** A row spread over the slots of one ciphertext: the shortest answer time. */
    LATENCY,
    /** One feature per ciphertext and one row per slot: the most rows per second. */
    THROUGHPUT,
    /** A row in the coefficients, for a model that is one linear map: one or few products and no evaluation key. */
    COEFFICIENT
  }

  /** Makes the options and checks them. */
  public CompileOptions {
    Objects.requireNonNull(security, "security");
    Objects.requireNonNull(packing, "packing");
    Objects.requireNonNull(ring, "ring");
    Objects.requireNonNull(costs, "costs");
    calibration = calibration.stream().map(double[]::clone).toList();
    ranges = List.copyOf(ranges);
    featureNames = List.copyOf(featureNames);
    classes = List.copyOf(classes);
    require(maxDegree >= 3 && maxDegree <= MAX_DEGREE, "the highest degree is " + maxDegree + ", needs 3.." + MAX_DEGREE);
    require(accuracy > 0 && accuracy < 1, "accuracy is " + accuracy + ", needs a part of the output's range, above 0 and below 1");
    require(margin >= 0 && margin <= 10, "margin is " + margin + ", needs 0..10");
    require(maxLogRingDegree >= SecurityLevel.MIN_LOG_RING_DEGREE && maxLogRingDegree <= SecurityLevel.MAX_LOG_RING_DEGREE,
        "log2 of the largest ring degree is " + maxLogRingDegree + ", needs " + SecurityLevel.MIN_LOG_RING_DEGREE + ".."
            + SecurityLevel.MAX_LOG_RING_DEGREE);
    require(rowsPerRequest >= 1 && rowsPerRequest <= MAX_ROWS && Integer.bitCount(rowsPerRequest) == 1,
        "the number of rows per request is " + rowsPerRequest + ", needs a power of two in 1.." + MAX_ROWS);
    require(keyBudget >= 0, "the key budget is " + keyBudget + " bytes, needs 0 or more");
    for (int i = 0; i < calibration.size(); i++) {
      int width = calibration.get(0).length;
      require(calibration.get(i).length == width,
          "calibration row " + i + " has " + calibration.get(i).length + " features, row 0 has " + width);
      for (int j = 0; j < width; j++) {
        double value = calibration.get(i)[j];
        require(Double.isFinite(value), "calibration row " + i + " is not finite at feature " + j);
        require(Math.abs(value) <= Float.MAX_VALUE, "calibration row " + i + " has " + value + " at feature " + j
            + ", beyond " + Float.MAX_VALUE + ", the largest number that a model's single precision holds");
      }
    }
  }

  /** Returns the options that {@code try} uses: 128-bit security, packing AUTO, degrees to 1023 where they are needed, guards. */
  public static CompileOptions defaults() {
    return new CompileOptions(null, List.of(), List.of(), SecurityLevel.CLASSICAL_128, Packing.AUTO, MAX_DEGREE, 5e-3, 0.4, true,
        null, SecurityLevel.MAX_LOG_RING_DEGREE, Ring.USUAL, null, 0, 1, CostProfile.embedded(), null, List.of(), List.of());
  }

  /**
   * Reads the options of a model repository's tacet.yaml.
   *
   * <p>Beside what {@link ModelDescription} reads, a mapping {@code compile} may hold security (128, 192, 256, quantum128),
   * packing (auto, latency, throughput, coefficient), max_degree, margin, guards (true, false), max_log_ring_degree, ring
   * (standard, conjugate-invariant, auto), share_results, share_bits, rows_per_request (side by side),
   * key_budget (bytes, or a number with KB, MB or GB), model_privacy (true, false), private_answers and private_bits.
   *
   * @param file the YAML file
   * @throws IOException if it, or the calibration file it names, cannot be read
   * @throws IllegalArgumentException if a key has a value that is out of range
   */
  public static CompileOptions fromYaml(Path file) throws IOException {
    return YamlOptions.read(file);
  }

  /**
   * Returns a copy with another model name.
   *
   * @throws IllegalArgumentException if it is none that a host can serve
   */
  public CompileOptions withModel(String value) {
    if (value != null && !NAME.matcher(value).matches()) {
      throw new IllegalArgumentException("\"" + value
          + "\" is no model name: letters, digits, dot, dash and underscore, a letter or digit first, at most 128");
    }
    return new CompileOptions(value, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with these sample rows. */
  public CompileOptions withCalibration(List<double[]> rows) {
    return new CompileOptions(model, rows, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with these feature ranges. */
  public CompileOptions withRanges(List<ModelDescription.InputRange> value) {
    return new CompileOptions(model, calibration, value, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with another security level. */
  public CompileOptions withSecurity(SecurityLevel value) {
    return new CompileOptions(model, calibration, ranges, value, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with another packing. */
  public CompileOptions withPacking(Packing value) {
    return new CompileOptions(model, calibration, ranges, security, value, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with another largest degree. */
  public CompileOptions withMaxDegree(int value) {
    return new CompileOptions(model, calibration, ranges, security, packing, value, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with another accuracy target. */
  public CompileOptions withAccuracy(double value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, value, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with another margin. */
  public CompileOptions withMargin(double value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, value, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with guards on or off. */
  public CompileOptions withGuards(boolean value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, value, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with what the outputs mean; null to tell by the graph. */
  public CompileOptions withTask(ModelDescription.Task value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, value,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with another largest ring degree. */
  public CompileOptions withMaxLogRingDegree(int value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task, value,
        ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with another choice of ring. */
  public CompileOptions withRing(Ring value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, value, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with a reserve for results that are shown to others; null for none. */
  public CompileOptions withSharing(Sharing value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, value, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with a limit for the bytes of evaluation keys; 0 for none. */
  public CompileOptions withKeyBudget(long value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, value, rowsPerRequest, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with so many rows side by side. */
  public CompileOptions withRowsPerRequest(int value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, value, costs, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy with the cost profile of another machine. */
  public CompileOptions withCosts(CostProfile value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, value, modelPrivacy, featureNames, classes);
  }

  /** Returns a copy whose answers hide the model, for so many of them; null where they need not. */
  public CompileOptions withModelPrivacy(ModelPrivacy value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, value, featureNames, classes);
  }

  /** Returns a copy with the names of the sample rows' columns, in their order; empty for none. */
  public CompileOptions withFeatureNames(List<String> value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, value, classes);
  }

  /** Returns a copy with names of the labels 0, 1, ..; empty for none. */
  public CompileOptions withClasses(List<String> value) {
    return new CompileOptions(model, calibration, ranges, security, packing, maxDegree, accuracy, margin, guards, task,
        maxLogRingDegree, ring, sharing, keyBudget, rowsPerRequest, costs, modelPrivacy, featureNames, value);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
