// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.ModelDescription;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.ir.Node;
import dev.tacet.compiler.internal.onnx.OnnxGraph;
import dev.tacet.he.FeatureTable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Which column of the sample rows is which feature, and what features are called. */
public final class Columns {
  private Columns() {}

  /**
   * Puts the sample rows' columns into the model's order, where the model's features have names without them: those of declared ranges, or
   * of several inputs.
   *
   * @throws IllegalArgumentException with the names, if the columns are called like other features
   * @throws dev.tacet.he.MalformedException if the options declare other inputs, features or classes than the model has
   */
  public static CompileOptions ordered(Network network, CompileOptions options) {
    Declarations.require(network, options);
    List<String> declared = declared(network, options);
    List<String> names = declared.isEmpty() ? ofInputs(network) : declared;
    List<String> given = options.featureNames();
    if (names.isEmpty() || given.size() != names.size() || options.calibration().isEmpty() || options.calibration().get(0).length != given.size()) {
      return options;
    }
    int[] order;
    try {
      order = new FeatureTable(names, List.of()).columns(given, false);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("sample rows: " + e.getMessage(), e);
    }
    List<double[]> rows = options.calibration().stream().map(row -> FeatureTable.ordered(row, order)).toList();
    return options.withCalibration(rows).withFeatureNames(IntStream.of(order).mapToObj(given::get).toList());
  }

  /** Returns what the signature says of the features: names that are declared or those of the sample rows, and inputs of integers. */
  public static FeatureTable table(OnnxGraph graph, Network network, CompileOptions options) {
    List<Integer> wholes = new ArrayList<>();
    for (int i = 0; i < network.inputs().size(); i++) {
      String name = network.inputs().get(i).name();
      if (graph.inputs().stream().anyMatch(input -> input.name().equals(name) && input.type() != null && !input.type().isReal())) {
        wholes.add(i);
      }
    }
    List<String> declared = declared(network, options);
    List<String> names = declared.isEmpty() ? options.featureNames().stream().map(String::strip).toList() : declared;
    boolean counted = names.equals(IntStream.range(0, names.size()).mapToObj(Integer::toString).toList());
    boolean useful = !counted && names.size() == network.features() && FeatureTable.areNames(names) && !names.equals(ofInputs(network));
    return new FeatureTable(useful ? names : List.of(), wholes);
  }

  private static List<String> ofInputs(Network network) {
    return FeatureTable.ofInputs(
        network.inputs().stream().map(Node.Input::name).toList(), network.inputs().stream().map(Node.Input::size).toList()).names();
  }

  /** Names that declared ranges give to features, those of the inputs for others; empty if no feature is named. */
  private static List<String> declared(Network network, CompileOptions options) {
    List<String> names = new ArrayList<>();
    boolean any = false;
    for (Node.Input input : network.inputs()) {
      List<String> own = options.ranges().stream()
          .filter(range -> range.input().equals(input.name()) || options.ranges().size() == 1 && network.inputs().size() == 1)
          .map(ModelDescription.InputRange::featureNames).filter(found -> found.size() == input.size()).findFirst().orElse(List.of());
      any |= !own.isEmpty();
      names.addAll(own.isEmpty() ? FeatureTable.ofInput(input.name(), input.size()) : own);
    }
    return any && FeatureTable.areNames(names) ? names : List.of();
  }
}
