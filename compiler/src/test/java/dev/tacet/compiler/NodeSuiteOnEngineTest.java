// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Postprocessing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The smallest case of each operator of the ONNX project's own suite, compiled and run on the case's own numbers, encrypted. */
class NodeSuiteOnEngineTest {
  private static final double ACCURACY = 0.02;
  private static final int SAMPLE_ROWS = 30;
  private static final int MOST_NUMBERS = 64;

  /** Operators with a jump, at which the suite's case has a number. */
  private static final Set<String> NOT_FITTED = Set.of("ThresholdedRelu");

  /** Sample rows are the case's own numbers, each more or less by at most this part. */
  private static final double SPREAD = 0.2;

  @TempDir
  Path temporary;

  private final List<String> wrong = new ArrayList<>();

  @Test
  void everyOperatorGivesTheSuitesNumbersEncrypted() throws Exception {
    Map<String, NodeCase> cases = NodeCase.small(temporary);
    Set<String> operators = new TreeSet<>();
    cases.values().stream().filter(NodeCase::isNumeric).forEach(nodeCase -> operators.addAll(nodeCase.operators()));
    operators.retainAll(NodeSuiteTest.OPERATORS);
    Set<String> run = new TreeSet<>();
    for (String operator : operators) {
      for (NodeCase.Mode mode : NodeCase.Mode.values()) {
        boolean client = NodeCase.CLIENT_ONLY.contains(operator);
        if ((mode == NodeCase.Mode.FIRST) == client && runsOne(operator, mode, cases)) {
          run.add(operator);
        }
      }
    }
    assertEquals(List.of(), wrong);
    operators.removeAll(NOT_FITTED);
    assertEquals(operators, run);
  }

  /** Runs the cases of this operator alone, those that encrypt the fewest numbers first, until one is not refused. */
  private boolean runsOne(String operator, NodeCase.Mode mode, Map<String, NodeCase> cases) throws Exception {
    List<String> names = cases.entrySet().stream().filter(named -> {
      NodeCase nodeCase = named.getValue();
      return nodeCase.isNumeric() && nodeCase.operators().equals(Set.of(operator)) && nodeCase.differs(mode) && nodeCase.elements(mode) > 1;
    }).map(Map.Entry::getKey).sorted(Comparator.comparing(name -> cases.get(name).elements(mode))).toList();
    for (String name : names) {
      if (!NOT_FITTED.contains(operator) && run(name + " " + mode, cases.get(name).thinned(MOST_NUMBERS), mode)) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether the case runs; encrypted weights, and a pole between two numbers of one tensor, may be refused. */
  private boolean run(String what, NodeCase nodeCase, NodeCase.Mode mode) throws Exception {
    NodeCase.Wrapped wrapped = nodeCase.wrapped(mode);
    ModelArtifact artifact;
    try {
      artifact = Compiler.compile(OnnxSource.ofBytes("case", wrapped.bytes()), CompileOptions.defaults()
          .withTask(ModelDescription.Task.REGRESSION).withAccuracy(ACCURACY).withCalibration(around(wrapped.row()))).artifact();
    } catch (UncompilableModelException e) {
      return false;
    }
    String output = artifact.signature().cipherOutputs().get(0).name();
    double[] bounds = artifact.signature().cipherOutputs().get(0).errorBounds();
    double[] values = EncryptedRows.run(artifact, new double[][] {wrapped.row()})[0];
    Postprocessing.Result answer = artifact.signature().tail().runMeasured(Map.of(output, values), Map.of(output, bounds));
    double error = nodeCase.error(artifact.signature().tail().outputs(), answer.outputs());
    if (!(error <= ACCURACY)) {
      wrong.add(String.format(Locale.ROOT, "%s: wrong by %.3g", what, error));
    }
    return true;
  }

  private static List<double[]> around(double[] row) {
    SplittableRandom random = new SplittableRandom(3);
    List<double[]> rows = new ArrayList<>(List.of(row));
    for (int r = 1; r < SAMPLE_ROWS; r++) {
      double[] near = row.clone();
      for (int i = 0; i < near.length; i++) {
        near[i] *= 1 + SPREAD * (2 * random.nextDouble() - 1);
      }
      rows.add(near);
    }
    return rows;
  }
}
