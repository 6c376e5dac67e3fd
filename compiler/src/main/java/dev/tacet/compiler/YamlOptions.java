// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.tacet.he.MalformedException;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;

/** Makes {@link CompileOptions} from a {@link ModelDescription} and the mapping {@code compile} of the same file. */
final class YamlOptions {
  private static final Set<String> KEYS =
      Set.of("security", "packing", "max_degree", "margin", "guards", "max_log_ring_degree", "ring", "share_results", "share_bits", "key_budget");

  private YamlOptions() {}

  static CompileOptions read(Path file) throws IOException {
    Path folder = file.toAbsolutePath().normalize().getParent();
    String text = Files.readString(file);
    ModelDescription description = ModelDescription.parse(text);
    CompileOptions options = CompileOptions.defaults().withModel(description.name()).withAccuracy(description.accuracy())
        .withRanges(description.inputs()).withTask(description.task());
    if (description.calibration().isPresent() && Files.exists(folder.resolve(description.calibration().get()))) {
      options = options.withCalibration(CalibrationRows.read(folder.resolve(description.calibration().get())));
    }
    JsonNode compile = new YAMLMapper().readTree(text).path("compile");
    for (Iterator<String> names = compile.fieldNames(); names.hasNext(); ) {
      String key = names.next();
      if (!KEYS.contains(key)) {
        throw new MalformedException("compile has an unknown key '" + key + "'; known are " + KEYS.stream().sorted().toList());
      }
    }
    options = options.withMargin(number(compile, "margin", options.margin()));
    options = options.withMaxDegree((int) number(compile, "max_degree", options.maxDegree()));
    options = options.withMaxLogRingDegree((int) number(compile, "max_log_ring_degree", options.maxLogRingDegree()));
    options = options.withGuards(compile.path("guards").asBoolean(options.guards()));
    options = options.withSecurity(security(compile.path("security").asText("128")));
    if (compile.hasNonNull("share_results")) {
      options = options.withSharing(new Sharing(
          (long) number(compile, "share_results", 0), (int) number(compile, "share_bits", CompileOptions.SHARE_BITS), 0));
    }
    if (compile.hasNonNull("key_budget")) {
      options = options.withKeyBudget(ByteSize.parse(compile.get("key_budget").asText()));
    }
    if (compile.hasNonNull("ring")) {
      options = options.withRing(ring(compile.get("ring").asText()));
    }
    return options.withPacking(packing(compile.path("packing").asText("auto")));
  }

  private static SecurityLevel security(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "128" -> SecurityLevel.CLASSICAL_128;
      case "192" -> SecurityLevel.CLASSICAL_192;
      case "256" -> SecurityLevel.CLASSICAL_256;
      case "quantum128" -> SecurityLevel.QUANTUM_128;
      default -> throw new MalformedException("security is '" + name + "', needs 128, 192, 256 or quantum128");
    };
  }

  private static CompileOptions.Ring ring(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "standard" -> CompileOptions.Ring.STANDARD;
      case "conjugate-invariant" -> CompileOptions.Ring.CONJUGATE_INVARIANT;
      case "auto" -> CompileOptions.Ring.AUTO;
      default -> throw new MalformedException("ring is '" + name + "', needs standard, conjugate-invariant or auto");
    };
  }

  private static CompileOptions.Packing packing(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "auto" -> CompileOptions.Packing.AUTO;
      case "latency" -> CompileOptions.Packing.LATENCY;
      case "coefficient" -> CompileOptions.Packing.COEFFICIENT;
      case "throughput" -> CompileOptions.Packing.THROUGHPUT;
      default -> throw new MalformedException("packing is '" + name + "', needs auto, latency, throughput or coefficient");
    };
  }

  private static double number(JsonNode node, String key, double fallback) {
    if (!node.hasNonNull(key)) {
      return fallback;
    }
    if (!node.get(key).isNumber()) {
      throw new MalformedException(key + " is '" + node.get(key).asText() + "', needs a number");
    }
    return node.get(key).asDouble();
  }
}
