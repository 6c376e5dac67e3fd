// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Terminal;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.CoefficientBlocks;
import dev.tacet.he.Constant;
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
 * @param report the compiler's own report, JSON
 */
public record Explanation(
    String model,
    String sha256,
    TrialReport.ParameterReport parameters,
    String packing,
    int features,
    List<Layer> layers,
    List<String> clientSteps,
    List<Output> outputs,
    Sizes sizes,
    @JsonProperty("report") @JsonRawValue String report) {

  /** One layer: the levels of what it takes and gives, and its operations. */
  public record Layer(String name, int levelIn, int levelOut, String operations) {}

  /** One encrypted output. */
  public record Output(String name, String kind, int count, double errorBound) {}

  /** Sizes in bytes as they travel, and how many evaluation keys there are. */
  public record Sizes(int keys, long evaluationKeys, long publicKey, long input, long result, int rows) {}

  /** Reads everything from the artifact. */
  public static Explanation of(ModelArtifact artifact) {
    Signature signature = artifact.signature();
    return new Explanation(
        signature.model(),
        artifact.sha256(),
        TrialReport.ParameterReport.of(artifact),
        signature.packing().name().toLowerCase(Locale.ROOT),
        signature.features(),
        layers(artifact.program()),
        signature.tail().nodes().stream()
            .filter(node -> node.op() != TailOp.IDENTITY)
            .map(Explanation::step)
            .toList(),
        signature.cipherOutputs().stream()
            .map(o -> new Output(o.name(), o.kind().name().toLowerCase(Locale.ROOT), o.count(), o.errorBound()))
            .toList(),
        sizes(artifact),
        artifact.report());
  }

  /** Prints it. */
  public void print() {
    System.out.printf(
        Locale.ROOT, "%s: %d features, %s packing, N = %d (%s ring), log Q %.1f, log QP %.1f, security %s%n%n",
        Terminal.bold(model), features, packing, parameters.ringDegree(), words(parameters.ringType()).replace(' ', '-'), parameters.logQ(),
        parameters.logQp(), words(parameters.security()));
    Table table = new Table("layer", ">level in", ">level out", "operations");
    layers.forEach(layer -> table.row(layer.name(), layer.levelIn(), layer.levelOut(), layer.operations()));
    if (!clientSteps.isEmpty()) {
      table.row("on the client", "", "", String.join(", ", clientSteps));
    }
    table.print();
    System.out.println();
    Table facts = new Table("", "");
    String each = sizes.rows() == 1 ? " a row" : " a request of up to " + sizes.rows() + " rows";
    facts.row("evaluation keys", sizes.keys() + ", " + Units.bytes(sizes.evaluationKeys()));
    facts.row("public key", Units.bytes(sizes.publicKey()));
    facts.row("input", Units.bytes(sizes.input()) + each);
    facts.row("result", Units.bytes(sizes.result()) + each);
    long values = outputs.stream().filter(output -> output.kind().equals("value")).count();
    for (Output output : outputs) {
      if (output.kind().equals("value")) {
        facts.row(values == 1 ? "error bound" : "error bound of " + output.name(), Units.error(output.errorBound()));
      }
    }
    String guards = outputs.stream().filter(output -> output.kind().equals("guard")).map(Output::name).collect(Collectors.joining("; "));
    facts.row("guards", guards.isEmpty() ? "none" : guards);
    facts.print();
  }

  private static List<Layer> layers(Program program) {
    List<Layer> layers = new ArrayList<>();
    for (int l = 0; l < program.layers().size(); l++) {
      int in = -1;
      int out = Integer.MAX_VALUE;
      Map<Op, Integer> counts = new EnumMap<>(Op.class);
      List<String> notes = new ArrayList<>();
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
        counts.merge(instruction.op(), 1, Integer::sum);
        note(program, instruction, notes);
      }
      boolean computes = counts.keySet().stream().anyMatch(op -> op != Op.OUTPUT && op != Op.INPUT);
      if (computes) {
        layers.add(new Layer(program.layers().get(l), in, out, operations(counts, notes)));
      }
    }
    return layers;
  }

  private static void note(Program program, Instruction instruction, List<String> notes) {
    if (instruction.op() == Op.LINEAR_TRANSFORM && program.constants().get(instruction.constant()) instanceof Constant.Matrix m) {
      notes.add(m.rows() + " x " + m.cols() + " matrix");
    } else if (instruction.op() == Op.POLYNOMIAL
        && program.constants().get(instruction.constant()) instanceof Constant.Polynomial p) {
      notes.add("degree " + p.degree());
    }
  }

  private static String operations(Map<Op, Integer> counts, List<String> notes) {
    String ops =
        counts.entrySet().stream()
            .filter(entry -> entry.getKey() != Op.OUTPUT && entry.getKey() != Op.INPUT)
            .map(entry -> (entry.getValue() > 1 ? entry.getValue() + " " : "") + words(entry.getKey().name()))
            .collect(Collectors.joining(", "));
    return ops + (notes.isEmpty() ? "" : " (" + String.join(", ", notes) + ")");
  }

  private static String step(TailNode node) {
    return words(node.op().name());
  }

  private static String words(String name) {
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
