// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Makes {@link CompileOptions} from a {@link ModelDescription} and the mapping {@code compile} of the same file. */
final class YamlOptions {
  private static final String COMPILE = "compile";
  private static final Set<String> KEYS =
      Set.of("security", "packing", "max_degree", "margin", "guards", "max_log_ring_degree", "ring", "share_results", "share_bits", "key_budget",
          "model_privacy", "private_answers", "private_bits", "rows_per_request");

  private YamlOptions() {}

  static CompileOptions read(Path file) throws IOException {
    Path folder = file.toAbsolutePath().normalize().getParent();
    JsonNode root = YamlNodes.mapping(YamlNodes.read(file));
    ModelDescription description = ModelDescription.of(root);
    CompileOptions options = CompileOptions.defaults().withModel(description.name()).withAccuracy(description.accuracy())
        .withRanges(description.inputs()).withTask(description.task()).withClasses(description.classes());
    if (description.calibration().isPresent() && Files.exists(folder.resolve(description.calibration().get()))) {
      CsvRows rows = CalibrationRows.readNamed(folder.resolve(description.calibration().get()));
      options = options.withCalibration(rows.rows()).withFeatureNames(rows.header() == null ? List.of() : rows.header());
    }
    return YamlNodes.has(root, COMPILE) ? compile(YamlNodes.requireMapping(root.get(COMPILE), COMPILE, KEYS), options) : options;
  }

  /** The options with what the mapping {@code compile} says. */
  private static CompileOptions compile(JsonNode node, CompileOptions options) {
    if (YamlNodes.has(node, "share_bits") && !YamlNodes.has(node, "share_results")) {
      throw YamlNodes.wrong("compile: share_bits is given without share_results");
    }
    boolean privacy = YamlNodes.flag(node, "model_privacy", COMPILE, false);
    if (!privacy && (YamlNodes.has(node, "private_answers") || YamlNodes.has(node, "private_bits"))) {
      throw YamlNodes.wrong("compile: private_answers or private_bits are given without model_privacy: true");
    }
    try {
      options = options.withMargin(YamlNodes.number(node, "margin", COMPILE, options.margin()));
      options = options.withMaxDegree(number(node, "max_degree", options.maxDegree()));
      options = options.withMaxLogRingDegree(number(node, "max_log_ring_degree", options.maxLogRingDegree()));
      options = options.withGuards(YamlNodes.flag(node, "guards", COMPILE, options.guards()));
      if (YamlNodes.has(node, "share_results")) {
        options = options.withSharing(new Sharing(YamlNodes.whole(node, "share_results", COMPILE, 0),
            number(node, "share_bits", CompileOptions.SHARE_BITS), 0));
      }
      options = options.withRowsPerRequest(number(node, "rows_per_request", options.rowsPerRequest()));
      if (privacy) {
        ModelPrivacy usual = CompileOptions.MODEL_PRIVACY;
        options = options.withModelPrivacy(new ModelPrivacy(YamlNodes.whole(node, "private_answers", COMPILE, usual.answers()),
            number(node, "private_bits", usual.statisticalBits()), 0));
      }
      if (YamlNodes.has(node, "key_budget")) {
        options = options.withKeyBudget(ByteSize.limit(YamlNodes.text(node, "key_budget", "compile: key_budget", null)));
      }
    } catch (IllegalArgumentException e) {
      throw new MalformedException(ModelDescription.FILE + ": compile: " + e.getMessage(), e);
    }
    options = options.withSecurity(security(YamlNodes.text(node, "security", "compile: security", "128")));
    if (YamlNodes.has(node, "ring")) {
      options = options.withRing(ring(YamlNodes.text(node, "ring", "compile: ring", null)));
    }
    return options.withPacking(packing(YamlNodes.text(node, "packing", "compile: packing", "auto")));
  }

  private static SecurityLevel security(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "128" -> SecurityLevel.CLASSICAL_128;
      case "192" -> SecurityLevel.CLASSICAL_192;
      case "256" -> SecurityLevel.CLASSICAL_256;
      case "quantum128" -> SecurityLevel.QUANTUM_128;
      default -> throw YamlNodes.wrong("compile: security is '" + name + "', needs 128, 192, 256 or quantum128");
    };
  }

  private static CompileOptions.Ring ring(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "standard" -> CompileOptions.Ring.STANDARD;
      case "conjugate-invariant" -> CompileOptions.Ring.CONJUGATE_INVARIANT;
      case "auto" -> CompileOptions.Ring.AUTO;
      default -> throw YamlNodes.wrong("compile: ring is '" + name + "', needs standard, conjugate-invariant or auto");
    };
  }

  private static CompileOptions.Packing packing(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "auto" -> CompileOptions.Packing.AUTO;
      case "latency" -> CompileOptions.Packing.LATENCY;
      case "coefficient" -> CompileOptions.Packing.COEFFICIENT;
      case "throughput" -> CompileOptions.Packing.THROUGHPUT;
      default -> throw YamlNodes.wrong("compile: packing is '" + name + "', needs auto, latency, throughput or coefficient");
    };
  }

  /** A whole number that fits the options; one beyond an int is out of every range, as the largest int is. */
  private static int number(JsonNode node, String key, int otherwise) {
    long value = YamlNodes.whole(node, key, COMPILE, otherwise);
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, value));
  }
}
