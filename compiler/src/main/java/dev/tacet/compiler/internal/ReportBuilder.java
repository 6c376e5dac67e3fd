// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CompileReport;
import dev.tacet.compiler.HostMemory;
import dev.tacet.compiler.NoisePrediction;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.compiler.internal.calibrate.Outliers;
import dev.tacet.compiler.internal.cost.LayerCounts;
import dev.tacet.compiler.internal.cost.ProgramWork;
import dev.tacet.compiler.internal.emit.Costs;
import dev.tacet.compiler.internal.emit.Emission;
import dev.tacet.compiler.internal.emit.Plan;
import dev.tacet.compiler.internal.emit.ProgramEmitter;
import dev.tacet.compiler.internal.fit.AnswerMetric;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.pack.SlotMap;
import dev.tacet.compiler.internal.params.NoiseModel;
import dev.tacet.compiler.internal.params.ProgramNoise;
import dev.tacet.compiler.internal.params.Selection;
import dev.tacet.compiler.internal.simulate.NoiseTrial;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Sharing;
import dev.tacet.he.Signature;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the report and the provenance of a compilation. */
final class ReportBuilder {
  /** The part of the sample rows that may be undecided. */
  static final double MAX_OPEN = 0.01;

  /** The same, with all that the client's own steps leave undecided, those that jump too. */
  private static final double MAX_UNDECIDED = 0.02;

  /** Draws of noise for a layer's precision. */
  private static final int DRAWS = 100;

  /** What may be drawn for it whatever a layer's size, in slots of instructions: some tens of milliseconds. */
  private static final long DRAWN_SLOTS = 8_000_000;

  private ReportBuilder() {}

  static CompileReport build(
      String name, CompileOptions options, Plan plan, Selection selection, AnswerMetric.Score score, double errorBound,
      double programError, double fitError, List<String> searchNotes, Signature signature, List<double[]> rows) {
    Parameters parameters = selection.parameters();
    Emission emission = selection.emission();
    Program program = emission.program();
    Map<String, int[]> slots = slots(plan, signature.packing());
    NoiseTrial noise = signature.packing() == RowPacking.COEFFICIENT
        ? new NoiseTrial(Map.of(), new NoisePrediction(deviation(emission.outputs().get(0)), true), 0)
        : NoiseTrial.run(program, emission.inputs(), emission.outputs(), signature.packing(), rows, ProgramNoise.Encryption.SECRET_KEY,
            spreadRows(program, slots), slots);
    double[] nanos = ProgramWork.nanos(program, options.costs());
    HostMemory memory = HostMemory.of(program, options.costs().threads());
    List<CompileReport.Layer> layers = layers(plan, emission, signature.packing(), noise, nanos);
    CompileReport.Prediction prediction = new CompileReport.Prediction(
        options.costs(), Arrays.stream(nanos).sum(), others(program, layers, nanos), noise.answers(), fitError);
    long input = program.inputCiphertexts().stream().mapToLong(i -> Costs.ciphertextBytes(parameters, i.level(), true)).sum();
    long result = Costs.resultBytes(program);
    int undecided = undecided(plan, options, signature);
    boolean met = score.isNotShownToMiss(options.accuracy(), MAX_OPEN) && selection.precise() && errorBound <= widest(plan)
        && undecided - Math.sqrt(undecided) <= MAX_UNDECIDED * options.calibration().size();  // more is no chance of few rows
    List<String> all = notes(options, plan, selection, programError, errorBound, searchNotes, signature);
    if (undecided > 0) {
      all.add(String.format(java.util.Locale.ROOT, "%d of %d sample rows are undecided: within the error bound %.3g a choice or a step of the client"
          + " may go either way", undecided, options.calibration().size(), errorBound));
    }
    return new CompileReport(name, signature.packing(), signature.rowsPerRequest(parameters), parameters.ringType(), parameters.ringDegree(), parameters.logQ(), parameters.logQP(), parameters.logScale(),
        parameters.maxLevel(), parameters.security(), program.requiredKeys().size(), Costs.keyBytes(program), input,
        result, memory, prediction, score.agreement(), score.numberError(), errorBound, options.accuracy(), met,
        layers, all);
  }

  /** The sample rows that the client would call undecided, if it got the fitted network's values. */
  private static int undecided(Plan plan, CompileOptions options, Signature signature) {
    Map<String, double[]> errors = new HashMap<>();
    for (CipherOutput output : signature.cipherOutputs()) {
      if (output.kind() == CipherOutput.Kind.VALUE) {
        errors.put(output.name(), output.errorBounds());
      }
    }
    String name = plan.fitted().network().outputName();
    if (!errors.keySet().equals(java.util.Set.of(name))) {
      return 0;
    }
    int undecided = 0;
    for (double[] values : plan.fitted().outputs(options.calibration())) {
      undecided += signature.tail().runMeasured(Map.of(name, values), errors).undecided().isEmpty() ? 0 : 1;
    }
    return undecided;
  }

  /**
   * Rows that are spread over slots: more where a layer has few elements, or the program is small, so that what is drawn of each is
   * not chance. (The value with the largest deviation is the one reported: of ten that are measured over ten rows, one comes out a third
   * too large.)
   */
  private static int spreadRows(Program program, Map<String, int[]> slots) {
    int fewest = slots.values().stream().mapToInt(each -> each.length).min().orElse(Integer.MAX_VALUE);
    int least = Math.min(4 * NoiseTrial.SPREAD_ROWS, Math.max(NoiseTrial.SPREAD_ROWS, DRAWS / Math.max(1, fewest)));
    long work = (long) program.parameters().slots() * program.instructions().size();
    return (int) Math.max(least, Math.min(DRAWS, DRAWN_SLOTS / work));
  }

  /** The slots of each layer's elements where rows are spread over slots; nothing where they lie in all. */
  private static Map<String, int[]> slots(Plan plan, RowPacking packing) {
    Map<String, int[]> slots = new HashMap<>();
    if (packing == RowPacking.LATENCY) {
      for (Node node : plan.fitted().network().nodes()) {
        slots.put(node.name(), plan.layout().map(node.id()).slots());
      }
      slots.put(ProgramEmitter.OUTPUT_LAYER, plan.layout().output().slots());
    }
    return slots;
  }

  private static List<CompileReport.Layer> layers(Plan plan, Emission emission, RowPacking packing, NoiseTrial noise, double[] nanos) {
    Program program = emission.program();
    LayerCounts[] counts = LayerCounts.of(program);
    Network network = plan.fitted().network();
    List<CompileReport.Layer> layers = new ArrayList<>();
    for (Emission.Layer layer : emission.layers()) {
      int index = program.layers().indexOf(layer.name());
      List<Integer> shape = List.of(network.output().size());
      SlotMap map = plan.layout().output();
      for (Node node : network.nodes()) {
        if (node.name().equals(layer.name())) {
          shape = Arrays.stream(node.shape()).boxed().toList();
          map = plan.layout().map(node.id());
        }
      }
      double deviation = noise.layers().getOrDefault(layer.name(), Math.pow(2, -layer.precisionBits()) / NoiseModel.DEVIATIONS);
      boolean even = packing != RowPacking.THROUGHPUT;
      double largest = new NoisePrediction(deviation, even).largest(CompileReport.NUMBERS);
      layers.add(new CompileReport.Layer(layer.name(), layer.kind(), shape, packing(program.parameters(), packing, shape, map, plan.rows()),
          layer.level(), layer.levels(), counts[index].rotations(), counts[index].relinearizations(), counts[index].products(),
          nanos[index], -Math.log(Math.max(largest, 1e-300)) / Math.log(2), layer.guarded()));
    }
    return layers;
  }

  /** The times of the program's layers that are none of the model's: guards, and what hides the model. */
  private static Map<String, Double> others(Program program, List<CompileReport.Layer> layers, double[] nanos) {
    Map<String, Double> others = new LinkedHashMap<>();
    for (int l = 0; l < nanos.length; l++) {
      String name = program.layers().get(l);
      if (nanos[l] > 0 && layers.stream().noneMatch(layer -> layer.name().equals(name))) {
        others.put(name, nanos[l]);
      }
    }
    return others;
  }

  /** How a layer's elements lie, in a few words. */
  private static String packing(Parameters parameters, RowPacking packing, List<Integer> shape, SlotMap map, int rows) {
    return switch (packing) {
      case LATENCY -> map.slots().length + " slots of " + map.period() + ", " + parameters.slots() / map.period() / rows + " copies"
          + (rows == 1 ? "" : " of " + rows + " rows side by side");
      case COEFFICIENT -> "coefficients of few ciphertexts";
      case THROUGHPUT -> shape.stream().reduce(1, (a, b) -> a * b) + " ciphertexts, a row a slot";
    };
  }

  private static List<String> notes(CompileOptions options, Plan plan, Selection selection, double programError,
      double errorBound, List<String> searchNotes, Signature signature) {
    List<String> notes = new ArrayList<>(searchNotes);
    Outliers.note(plan.fitted().network(), options.calibration(), !options.ranges().isEmpty()).ifPresent(note -> notes.add(CompileReport.OUTLIER + note));
    List<Integer> constant = new ArrayList<>();
    for (int j = 0; !options.calibration().isEmpty() && j < plan.features().low().length; j++) {
      double first = options.calibration().get(0)[j];
      int column = j;
      if (options.ranges().isEmpty() && options.calibration().stream().allMatch(row -> row[column] == first)) {
        constant.add(j);
      }
    }
    if (!constant.isEmpty()) {
      notes.add(constant.size() + " features are constant in the sample rows (first: " + constant.get(0)
          + "); they are accepted within max(1, |value|) of that value");
    }
    if (isUnguarded(selection.emission())) {
      notes.add("activation inputs are not guarded: a row that drives one out of its fitted interval gives a wrong answer unseen");
    }
    if (selection.emission().layers().stream().anyMatch(layer -> layer.kind().equals("product") && layer.guarded().equals("proved"))) {
      notes.add("products of encrypted values need no guard of their own: their factors are scaled by bounds that follow from the"
          + " features' accepted bounds and from the guarded activations");
    }
    if (errorBound > widest(plan)) {
      notes.add(String.format(java.util.Locale.ROOT,
          "the answers' error bound %.3g exceeds their range %.3g over the sample rows: they say nothing", errorBound, widest(plan)));
    }
    signature.sharing().ifPresent(sharing -> {
      CipherOutput output = signature.cipherOutputs().get(0);
      double flooding = 0;
      for (int i = 0; i < output.count(); i++) {
        flooding = Math.max(flooding, Sharing.DEVIATIONS * sharing.deviation(output, i, signature.values()));
      }
      notes.add(String.format(java.util.Locale.ROOT, "%d results may be shared at %d statistical bits: flooding takes %.1f bits of"
              + " precision and moves a shared value by up to %.3g", sharing.results(), sharing.statisticalBits(),
          sharing.logFactor(signature.values()), flooding));
    });
    signature.modelPrivacy().ifPresent(privacy -> notes.add(privacyNote(privacy, signature, selection.emission())));
    if (signature.packing() == RowPacking.COEFFICIENT && signature.modelPrivacy().isEmpty()) {
      notes.add("the client uploads no key; each answer is a multiple of the client's own request, and one division of its second part by"
          + " that of the request gives the client all weights, as " + (plan.features().low().length + 1) + " honest answers would");
    }
    int values = plan.fitted().network().output().size();
    notes.add("an answer gives its reader " + values + (values == 1 ? " number" : " numbers") + " a row"
        + (plan.fitted().network().isLinear()
            ? "; a linear model can be read off from as many answers as it has features"
            : " before the client's own steps"));
    notes.add(String.format(java.util.Locale.ROOT,
        "the program, run in the clear on sample rows, differs from the model by at most %.3g", programError));
    for (CipherOutput output : selection.emission().outputs()) {
      if (output.kind().guards()) {
        notes.add("each answer carries the " + output.name());
      }
    }
    return notes;
  }

  private static boolean isUnguarded(Emission emission) {
    return emission.layers().stream().anyMatch(layer -> layer.guarded().equals("not guarded"));
  }

  private static String privacyNote(ModelPrivacy privacy, Signature signature, Emission emission) {
    CipherOutput output = signature.cipherOutputs().get(0);
    boolean unguarded = isUnguarded(emission);
    boolean spread = signature.packing() == RowPacking.LATENCY;
    double moved = Sharing.DEVIATIONS * (spread ? emission.flooding() : deviation(output));
    return String.format(java.util.Locale.ROOT, "answers hide the model from those who encrypt as the client does, for %d answers at %d"
            + " statistical bits: they are re-randomised with the client's encryption of zero and flooded with %d bits, which takes %.1f bits of"
            + " precision and moves a value by up to %.3g; what the values themselves say of the model stays%s", privacy.answers(),
        privacy.statisticalBits(), privacy.floodBits(),
        new Sharing(privacy.answers(), privacy.statisticalBits(), 0).logFactor(spread ? output.period() : signature.values()), moved,
        unguarded ? "; guards, which show inputs of activations, are left out" : "");
  }

  /** The deviation of the noise in the value with the largest unit, where each value has a slot or a coefficient of its own. */
  private static double deviation(CipherOutput output) {
    return output.slotError() / (NoiseModel.DEVIATIONS * NoiseModel.SAFETY) * Arrays.stream(output.factor()).map(Math::abs).max().orElse(1);
  }

  /** The width of the widest range of a decrypted value. */
  private static double widest(Plan plan) {
    return 2 * java.util.Arrays.stream(plan.outputReach()).max().orElse(0);
  }

  static String provenance(OnnxSource source, OnnxGraph graph, CompileOptions options) {
    Map<String, Object> root = new LinkedHashMap<>();
    byte[] bytes = source.bytes();
    root.put("onnx_sha256", HexFormat.of().formatHex(sha256(bytes)));
    root.put("onnx_bytes", bytes.length);
    root.put("producer", graph.producer());
    root.put("opsets", graph.opsets());
    root.put("sample_rows", options.calibration().size());
    root.put("accuracy", options.accuracy());
    root.put("margin", options.margin());
    root.put("max_degree", options.maxDegree());
    root.put("guards", options.guards());
    root.put("packing", options.packing().name().toLowerCase(java.util.Locale.ROOT));
    root.put("rows_per_request", options.rowsPerRequest());
    root.put("security", options.security().name());
    root.put("ring", options.ring().name());
    Map<String, Object> costs = new LinkedHashMap<>();
    costs.put("name", options.costs().name());
    costs.put("sha256", options.costs().sha256());
    root.put("cost_profile", costs);
    try {
      return new ObjectMapper().writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of numbers and strings is always JSON", e);
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
