// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tacet.compiler.CostProfile;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.CoefficientBlocks;
import dev.tacet.he.Instruction;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Op;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a model became, for people.
 *
 * @param model its name
 * @param sha256 of the artifact
 * @param packing latency, throughput or coefficient
 * @param notes what the compiler has to say
 * @param accuracyChoices what other accuracies cost; empty where it was not asked
 * @param report the compiler's own report, JSON
 */
public record Explanation(
    String model,
    String sha256,
    String packing,
    TrialReport.ParameterReport parameters,
    int features,
    List<Layer> layers,
    List<String> clientSteps,
    List<Output> outputs,
    Sizes sizes,
    Memory memory,
    Prediction predicted,
    List<String> notes,
    List<Choice> accuracyChoices,
    @JsonProperty("report") @JsonRawValue String report) {

  /**
   * One layer.
   *
   * @param shape dimensions of its result in the model; empty where the report does not say
   * @param packing where the result's elements lie
   * @param levelIn the highest level of what it takes
   * @param levelOut the level of what it gives
   * @param milliseconds predicted on the machine of the cost profile
   * @param precisionBits predicted, of its result; null where the report does not say
   * @param guard whether its input is proved to stay inside the interval that its function was made for
   * @param operations of the program, each with its number where there are several
   */
  public record Layer(String name, String computes, List<Integer> shape, String packing, int levelIn, int levelOut, int rotations,
      int relinearizations, int products, double milliseconds, Double precisionBits, String guard, String operations) {}

  /** One encrypted output. */
  public record Output(String name, String kind, int count, double errorBound) {}

  /** Sizes in bytes as they travel, and how many evaluation keys there are. */
  public record Sizes(int keys, long evaluationKeys, long publicKey, long input, long result, int rows) {}

  /** What the host holds, in bytes. */
  public record Memory(long keys, long constants, long run) {}

  /**
   * What is predicted of a request.
   *
   * @param profile the machine
   * @param milliseconds of the host's computation for a request
   * @param error the largest error of a decrypted value among so many numbers
   * @param noiseError the part of noise in it
   * @param fitError the part of fitted activations and rounded weights
   */
  public record Prediction(
      String profile, int threads, double milliseconds, double error, double noiseError, double fitError, int numbers) {}

  /**
   * Reads everything from the artifact.
   *
   * @param profile the machine that times are predicted for; null for that of the compilation
   */
  public static Explanation of(ModelArtifact artifact, CostProfile profile) {
    Signature signature = artifact.signature();
    JsonNode report = report(artifact);
    List<Layer> layers = layers(artifact.program(), report, profile);
    JsonNode predicted = report.path("predicted");
    double milliseconds = profile == null
        ? predicted.path("server_ms").asDouble() : layers.stream().mapToDouble(Layer::milliseconds).sum();
    JsonNode bytes = report.path("bytes");
    List<String> notes = new ArrayList<>();
    report.path("notes").forEach(note -> notes.add(note.asText()));
    return new Explanation(
        signature.model(),
        artifact.sha256(),
        signature.packing().name().toLowerCase(Locale.ROOT),
        TrialReport.ParameterReport.of(artifact),
        signature.features(),
        layers,
        signature.tail().nodes().stream()
            .filter(node -> node.op() != TailOp.IDENTITY)
            .map(Explanation::step)
            .toList(),
        signature.cipherOutputs().stream()
            .map(o -> new Output(o.name(), o.kind().guards() ? "guard" : o.kind().name().toLowerCase(Locale.ROOT), o.count(), o.errorBound()))
            .toList(),
        sizes(artifact),
        new Memory(bytes.path("memory_keys").asLong(), bytes.path("memory_constants").asLong(), bytes.path("memory_run").asLong()),
        new Prediction(profile == null ? predicted.path("cost_profile").asText() : profile.name(),
            profile == null ? predicted.path("threads").asInt() : profile.threads(), milliseconds, predicted.path("error").asDouble(),
            predicted.path("noise_error").asDouble(), predicted.path("fit_error").asDouble(), predicted.path("numbers").asInt()),
        notes,
        List.of(),
        report.toString());
  }

  /** Returns a copy with what other accuracies cost. */
  public Explanation with(List<Choice> choices) {
    return new Explanation(model, sha256, packing, parameters, features, layers, clientSteps, outputs, sizes, memory, predicted, notes,
        List.copyOf(choices), report);
  }

  /** Returns the bytes that the encoded constants of a model take on its host. */
  static long constantBytes(ModelArtifact artifact) {
    return report(artifact).path("bytes").path("memory_constants").asLong();
  }

  private static JsonNode report(ModelArtifact artifact) {
    try {
      return new JsonMapper().readTree(artifact.report());
    } catch (JsonProcessingException e) {
      return new JsonMapper().createObjectNode();  // an artifact of somebody else's making may have any text there
    }
  }

  private static List<Layer> layers(Program program, JsonNode report, CostProfile profile) {
    Map<String, JsonNode> reported = new HashMap<>();
    report.path("layers").forEach(layer -> reported.put(layer.path("name").asText(), layer));
    double[] nanos = profile == null ? null : profile.nanosByLayer(program);
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < program.layers().size(); l++) {
      int in = -1;
      int out = Integer.MAX_VALUE;
      boolean computes = false;
      Map<Op, Integer> counts = new EnumMap<>(Op.class);
      for (Instruction instruction : program.instructions()) {
        if (instruction.layer() != l) {
          continue;
        }
        int before = instruction.type().level();
        for (int i = 0; i < instruction.argumentCount(); i++) {
          before = Math.max(before, program.instructions().get(instruction.argument(i)).type().level());
        }
        in = Math.max(in, before);
        if (instruction.op() != Op.DROP_LEVEL) {
          out = Math.min(out, instruction.type().level());
        }
        if (instruction.op() != Op.OUTPUT && instruction.op() != Op.INPUT) {
          computes = true;
          counts.merge(instruction.op(), 1, Integer::sum);
        }
      }
      if (computes) {
        String name = program.layers().get(l);
        JsonNode layer = reported.getOrDefault(name, new JsonMapper().createObjectNode());
        double milliseconds = layer.path("predicted_ms").asDouble(report.path("predicted").path("other_layers_ms").path(name).asDouble());
        List<Integer> shape = new ArrayList<>();
        layer.path("shape").forEach(dimension -> shape.add(dimension.asInt()));
        layers.add(new Layer(name, layer.path("kind").asText(), shape, layer.path("packing").asText(), in, out,
            layer.path("rotations").asInt(), layer.path("relinearizations").asInt(), layer.path("products").asInt(),
            nanos == null ? milliseconds : nanos[l] / 1e6,
            layer.hasNonNull("precision_bits") ? layer.get("precision_bits").asDouble() : null, layer.path("guard").asText(), operations(counts)));
      }
    }
    return layers;
  }

  private static String operations(Map<Op, Integer> counts) {
    return counts.entrySet().stream().map(entry -> (entry.getValue() > 1 ? entry.getValue() + " " : "") + words(entry.getKey().name()))
        .collect(Collectors.joining(", "));
  }

  private static String step(TailNode node) {
    return words(node.op().name());
  }

  /** A constant's name as words. */
  static String words(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static Sizes sizes(ModelArtifact artifact) {
    Parameters parameters = artifact.parameters();
    Signature signature = artifact.signature();
    long keys = signature.keys().stream().mapToLong(key -> key.blobBytes(parameters)).sum();
    long input = 0;
    for (SignatureInput in : signature.inputs()) {
      input += signature.ciphertexts(in) * limbBytes(parameters, in.level());
    }
    if (signature.modelPrivacy().isPresent()) {
      input += limbBytes(parameters, signature.zeroType().level());  // the encryption of zero
    }
    long result = 0;
    for (CipherOutput out : signature.cipherOutputs()) {
      result += resultBytes(parameters, signature, out);
    }
    return new Sizes(signature.keys().size(), keys, limbBytes(parameters, parameters.maxLevel()), input, result,
        signature.rowsPerRequest(parameters));
  }

  /** Two polynomials a ciphertext; in the coefficient packing one, and the coefficients that are left of the other. */
  private static long resultBytes(Parameters parameters, Signature signature, CipherOutput out) {
    long ciphertexts = signature.ciphertexts(out);
    long polynomial = limbBytes(parameters, out.level());
    if (signature.coefficientBlocks().isEmpty()) {
      return 2 * ciphertexts * polynomial;
    }
    CoefficientBlocks blocks = signature.coefficientBlocks().get();
    long coefficients = (long) out.count() * blocks.digits() + ciphertexts * blocks.zeros();
    return ciphertexts * polynomial + coefficients * (2 + polynomial / parameters.ringDegree());
  }

  /** Bytes of one polynomial at a level, residues packed to their prime's width. */
  private static long limbBytes(Parameters parameters, int level) {
    long bytes = 0;
    for (int i = 0; i <= level; i++) {
      bytes += ((long) parameters.ringDegree() * (64 - Long.numberOfLeadingZeros(parameters.modulus(i))) + 7) / 8;
    }
    return bytes;
  }
}
