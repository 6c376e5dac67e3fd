// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CompileReport;
import dev.tacet.compiler.ModelProblem;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.emit.LinearMap;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.compiler.internal.onnx.OnnxNode;
import dev.tacet.compiler.internal.pack.Layout;
import dev.tacet.compiler.internal.params.LeastDepth;
import dev.tacet.compiler.internal.params.ParameterSelector;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.OutputValue;
import dev.tacet.he.ValueType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** What keeps a lowered model from running as a whole: its depth, and answers that the model itself leaves undefined. */
public final class Feasibility {
  /** The most layers that a message names. */
  private static final int MOST_NAMED = 40;

  /** A program that gives fewer sample rows their class is of no use. */
  private static final double LEAST_DECIDED = 0.5;

  private Feasibility() {}

  /**
   * Compares the fewest levels that a network can take with the most that the largest ring can have.
   *
   * @return the problem with both numbers and the layers; nothing if the fewest levels may fit
   */
  public static Optional<ModelProblem> depth(String model, Network network, CompileOptions options) {
    LeastDepth.Depth least = LeastDepth.of(network);
    int most = ParameterSelector.mostLevels(options.security(), options.maxLogRingDegree());
    if (least.levels() <= most) {
      return Optional.empty();
    }
    return Optional.of(new ModelProblem(model, "model",
        "even with activations of degree " + LeastDepth.DEGREE + " it needs " + least.levels()
            + " levels, more than a ring of degree 2^" + options.maxLogRingDegree() + " has room for: at most " + most + " at "
            + options.security() + "; these layers take them (weights and activation): " + layers(least.layers()),
        2 * least.layers().size() + 1 <= most ? "use fewer layers, or squares as activations (2 levels a layer)"
            : "use fewer layers: at most " + (most - 1) / 2 + ", with squares as activations (2 levels a layer)"));
  }

  private static String layers(List<String> all) {
    return String.join(", ", all.subList(0, Math.min(all.size(), MOST_NAMED))) + (all.size() > MOST_NAMED ? ", and " + (all.size() - MOST_NAMED) + " more" : "");
  }

  /** Says by how much evaluation keys exceed their budget, where that is why there is no program. */
  static Optional<ModelProblem> keys(String model, CompileOptions options, OptionalLong leastBytes) {
    if (options.keyBudget() == 0 || leastBytes.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new ModelProblem(model, "model",
        String.format(Locale.ROOT, "its evaluation keys take at least %d bytes (%.1f MB), more than the key budget of %d bytes",
            leastBytes.getAsLong(), leastBytes.getAsLong() / 1e6, options.keyBudget()),
        String.format(Locale.ROOT, "give a key budget of %.1f MB or more, or a looser accuracy", Math.ceil(leastBytes.getAsLong() / 1e5) / 10)));
  }

  /** Says that a sample row leaves an interval, or the range of the model's values, once polynomials stand in the activations' places. */
  static UncompilableModelException sampleRow(CipherOutput output, int row) {
    boolean guards = output.kind().guards();
    return new UncompilableModelException(List.of(new ModelProblem(
        guards ? output.name().replaceFirst("^guard of ", "") : output.name(), guards ? "activation" : "output",
        "sample row " + row + " leaves the " + (guards ? "interval that its functions are fitted on" : "range of its values")
            + " when polynomials stand in for the activations before it: no degree that there is room for is close enough for the range that their"
            + " values have",
        "narrow the range of what comes before it (scale or clip it), or leave out the sample rows of the most extreme values")));
  }

  /**
   * Says that most sample rows would be left without a class: the levels that there are do not take activations one after the other as close as the
   * choice needs.
   */
  static Optional<ModelProblem> decided(String model, Network network, CompileOptions options, CompileReport report) {
    if (!network.tail().chooses() || network.activations().isEmpty() || report.agreement() >= LEAST_DECIDED) {
      return Optional.empty();
    }
    int rows = options.calibration().size();
    return Optional.of(new ModelProblem(model, "model", String.format(Locale.ROOT,
        "of %d sample rows %.0f would be undecided or wrong: %d levels, at most %d at N = 2^%d and %s, do not bring its %d activations as"
            + " close to the functions as its classes need (error bound %.2g)", rows, (1 - report.agreement()) * rows, report.levels(),
        ParameterSelector.mostLevels(options.security(), options.maxLogRingDegree()), options.maxLogRingDegree(), options.security(),
        network.activations().size(), report.errorBound()),
        "use fewer activations one after the other, squares, a higher degree if one was given, or a smaller accuracy where levels are left"));
  }

  /** Says what the throughput packing cannot do: arrays that are too long, answers for sharing, a ring that it does not use. */
  static Optional<ModelProblem> batches(String model, Network network, CompileOptions options) {
    if (options.sharing() != null) {
      return Optional.of(new ModelProblem(model, "model", "answers of the throughput packing have no reserve for sharing",
          "use --packing latency, or leave --share-results out"));
    }
    for (Node node : network.nodes()) {
      if (options.ring() == CompileOptions.Ring.CONJUGATE_INVARIANT && node instanceof Node.Activation activation
          && activation.function().degree() != 2) {
        return Optional.of(new ModelProblem(model, node.name(),
            "the throughput packing evaluates polynomials of activations in the standard ring, not in the conjugate-invariant one: their"
                + " noise there takes more bits than the slots gain",
            "leave --ring out, or use squares as activations"));
      }
      if (node.size() > ValueType.MAX_LENGTH) {
        return Optional.of(new ModelProblem(model, node.name(),
            "it has " + node.size() + " elements, an array of the throughput packing has at most " + ValueType.MAX_LENGTH,
            "use --packing latency, or fewer channels or larger strides"));
      }
    }
    return Optional.empty();
  }

  /** Says with what answers that hide the model do not go: the throughput packing, results that are shared, a ring of real slots. */
  static Optional<ModelProblem> privacy(String model, CompileOptions options) {
    String reason = null;
    String fix = "compile it without --model-privacy, or ";
    if (options.modelPrivacy() == null) {
      return Optional.empty();
    } else if (options.packing() == CompileOptions.Packing.THROUGHPUT) {
      reason = "answers hide the model in the latency and the coefficient packing, and packing THROUGHPUT is asked for";
      fix += "use --packing latency";
    } else if (options.sharing() != null) {
      reason = "answers that hide the model have no reserve for sharing: their flooding is the host's, and hides nothing of the client's key";
      fix += "leave --share-results out";
    } else if (options.ring() == CompileOptions.Ring.CONJUGATE_INVARIANT) {
      reason = "answers hide the model in the standard ring, and the conjugate-invariant one is asked for";
      fix += "leave --ring out";
    }
    String found = fix;
    return Optional.ofNullable(reason).map(why -> new ModelProblem(model, "model", why, found));
  }

  /** Says why rows cannot lie side by side: a packing without copies, answers for sharing or that hide the model; or they are too wide. */
  static Optional<ModelProblem> sideBySide(String model, Network network, CompileOptions options) {
    if (options.rowsPerRequest() == 1) {
      return Optional.empty();
    }
    boolean spread = options.packing() == CompileOptions.Packing.AUTO || options.packing() == CompileOptions.Packing.LATENCY;
    if (!spread || options.sharing() != null || options.modelPrivacy() != null) {
      return Optional.of(new ModelProblem(model, "model", options.rowsPerRequest() + " rows lie side by side in the latency packing, without"
          + " a reserve for sharing and without hiding the model; asked for is packing " + options.packing()
          + (options.sharing() == null ? "" : " with such a reserve") + (options.modelPrivacy() == null ? "" : " with model privacy"),
          "leave --rows-per-request out, or use --packing latency without --share-results and --model-privacy"));
    }
    long slots = (long) options.rowsPerRequest() * Layout.of(network).largestPeriod();
    long most = 1L << options.maxLogRingDegree() - (options.ring() == CompileOptions.Ring.AUTO
        || options.ring() == CompileOptions.Ring.CONJUGATE_INVARIANT ? 0 : 1);
    return slots <= most ? Optional.empty() : Optional.of(new ModelProblem(model, "model",
        options.rowsPerRequest() + " rows side by side take " + slots + " slots, the largest ring allowed has " + most,
        "use --rows-per-request " + Math.max(1, most / Layout.of(network).largestPeriod()) + " at most"));
  }

  /** Says why a model cannot take the coefficient packing, with the node that stands in the way. */
  static Optional<ModelProblem> coefficients(String model, Network network, CompileOptions options) {
    for (Node node : network.nodes()) {
      if (!(node instanceof Node.Input)) {
        return Optional.of(new ModelProblem(model, node.name(),
            "it is no linear map, and the coefficient packing takes a model that is one linear map as a whole",
            "use --packing latency or throughput"));
      }
      if (node.size() > Constant.MAX_PERIOD) {
        return Optional.of(new ModelProblem(model, node.name(),
            "it has " + node.size() + " features, an input has at most " + Constant.MAX_PERIOD, "use smaller inputs"));
      }
    }
    String reason = null;
    long weights = (long) network.output().size() * network.features();
    if (options.sharing() != null) {
      reason = "answers of the coefficient packing have no reserve for sharing";
    } else if (options.ring() == CompileOptions.Ring.CONJUGATE_INVARIANT) {
      reason = "the coefficient packing takes the standard ring";
    } else if (network.output().size() > ValueType.MAX_LENGTH || weights > LinearMap.MAX_WEIGHTS) {
      reason = "it maps " + network.features() + " features to " + network.output().size() + " values, the coefficient packing takes at most "
          + ValueType.MAX_LENGTH + " values and " + LinearMap.MAX_WEIGHTS + " weights";
    }
    return Optional.ofNullable(reason).map(why -> new ModelProblem(model, "model", why, "use --packing latency"));
  }

  /**
   * Looks for rows for which the client's own steps have no answer, though the decrypted values are finite.
   *
   * @return the problem with the node that makes the first such number and the range of the values it is computed from
   */
  static Optional<ModelProblem> answers(OnnxGraph graph, Network network, List<double[]> rows) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    int undefined = 0;
    String output = null;
    for (double[] values : network.output().evaluateAll(network.evaluateAll(rows))) {
      if (!Arrays.stream(values).allMatch(Double::isFinite)) {
        continue;
      }
      low = Math.min(low, Arrays.stream(values).min().orElse(low));
      high = Math.max(high, Arrays.stream(values).max().orElse(high));
      String bad = undefinedOutput(network.tail().run(Map.of(network.outputName(), values)));
      if (bad != null) {
        output = bad;
        undefined++;
      }
    }
    if (output == null) {
      return Optional.empty();
    }
    OnnxNode maker = null;
    for (OnnxNode node : graph.nodes()) {
      maker = node.outputs().contains(output) ? node : maker;
    }
    return Optional.of(new ModelProblem(maker == null ? output : maker.label(), maker == null ? "output" : maker.qualifiedType(),
        "the model itself gives NaN or an infinity for " + undefined + " of " + rows.size()
            + " calibration rows, where the decrypted values range over " + low + ".." + high,
        "use a function that is defined on that whole range, or give sample rows on which it is"));
  }

  private static String undefinedOutput(Map<String, OutputValue> outputs) {
    for (Map.Entry<String, OutputValue> output : outputs.entrySet()) {
      boolean label = output.getValue() instanceof OutputValue.Integers || output.getValue() instanceof OutputValue.Strings;
      if (!label && !Arrays.stream(output.getValue().toNumbers()).allMatch(Double::isFinite)) {
        return output.getKey();
      }
    }
    return null;
  }
}
