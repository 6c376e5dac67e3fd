// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.CipherOutput;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.OutputValue;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.Signature;
import dev.tacet.he.RowPacking;
import dev.tacet.he.SignatureInput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Compiles a model and runs the program in the clear on rows that the compiler did not see, beside onnxruntime.
 *
 * @param rows rows tried
 * @param agreed rows whose labels are equal and decided, and whose numbers lie within 1 % of their range
 * @param refused rows that a check refused, such as a guard
 * @param undecided rows whose label the error bound leaves open
 * @param numberError largest error of a number relative to its range over the rows
 */
record ZooTrial(CompileReport report, int rows, int agreed, int refused, int undecided, double numberError) {
  static ZooTrial run(Path folder, String name, int maxRows) throws Exception {
    Path model = folder.resolve(name + ".onnx");
    CompileOptions options = CompileOptions.defaults()
        .withCalibration(CalibrationRows.read(folder.resolve(name + ".calibration.csv")));
    CompileResult result = Compiler.compile(OnnxSource.ofFile(model), options);
    List<double[]> rows = CalibrationRows.read(folder.resolve(name + ".test.csv"));
    rows = rows.subList(0, Math.min(maxRows, rows.size()));
    return compare(model, result, rows);
  }

  static ZooTrial compare(Path model, CompileResult result, List<double[]> rows) throws Exception {
    ModelArtifact artifact = ModelArtifact.fromBytes(java.nio.ByteBuffer.wrap(result.artifact().toBytes()));
    Signature signature = artifact.signature();
    List<Map<String, List<Object>>> expected = new ArrayList<>();
    try (ClearOnnx clear = new ClearOnnx(model)) {
      for (double[] row : rows) {
        expected.add(clear.run(clamp(signature, row)));
      }
    }
    Map<String, double[]> ranges = ranges(expected);
    boolean labelled = expected.get(0).values().stream().anyMatch(values -> !(values.get(0) instanceof Double));
    int agreed = 0;
    int refused = 0;
    int undecided = 0;
    double worst = 0;
    for (int r = 0; r < rows.size(); r++) {
      Postprocessing.Result answer;
      try {
        answer = predict(artifact, clamp(signature, rows.get(r)));
      } catch (AnswerCheckException e) {
        refused++;
        continue;
      }
      boolean same = answer.undecided().isEmpty();
      undecided += same ? 0 : 1;
      double error = 0;
      for (Map.Entry<String, OutputValue> output : answer.outputs().entrySet()) {
        List<Object> clear = expected.get(r).get(output.getKey());
        if (clear.get(0) instanceof Double) {
          double[] numbers = output.getValue().toNumbers();
          for (int i = 0; i < clear.size(); i++) {
            error = Math.max(error, Math.abs(numbers[i] - (Double) clear.get(i)) / ranges.get(output.getKey())[i]);
          }
        } else {
          same &= label(output.getValue()).equals(clear.get(0).toString());
        }
      }
      worst = Math.max(worst, error);
      agreed += same && (labelled || error <= 0.01) ? 1 : 0;
    }
    return new ZooTrial(result.report(), rows.size(), agreed, refused, undecided, worst);
  }

  private static String label(OutputValue value) {
    return value instanceof OutputValue.Strings strings ? strings.values().get(0)
        : Long.toString(((OutputValue.Integers) value).values()[0]);
  }

  static double[] clamp(Signature signature, double[] row) {
    double[] result = new double[row.length];
    int offset = 0;
    for (SignatureInput input : signature.inputs()) {
      double[] part = input.clamp(Arrays.copyOfRange(row, offset, offset + input.features()));
      System.arraycopy(part, 0, result, offset, part.length);
      offset += part.length;
    }
    return result;
  }

  static Postprocessing.Result predict(ModelArtifact artifact, double[] row) {
    int slots = artifact.parameters().slots();
    boolean inCoefficients = artifact.signature().packing() == RowPacking.COEFFICIENT;
    List<double[]> inputs = new ArrayList<>();
    int offset = 0;
    for (SignatureInput input : artifact.signature().inputs()) {
      double[] part = Arrays.copyOfRange(row, offset, offset + input.features());
      if (inCoefficients) {
        inputs.addAll(CoefficientLayout.of(artifact.signature(), artifact.parameters()).pack(input, part));
      } else {
        inputs.add(input.pack(part, slots));
      }
      offset += input.features();
    }
    List<double[]> outputs = ReferenceEvaluator.run(artifact.program(), inputs);
    Map<String, double[]> values = new HashMap<>();
    Map<String, double[]> errors = new HashMap<>();
    for (CipherOutput output : artifact.signature().cipherOutputs()) {
      double[] unpacked = inCoefficients
          ? CoefficientLayout.of(artifact.signature(), artifact.parameters()).unpack(output, outputs, new double[outputs.size()])
          : output.unpack(output.slotsOf(outputs.get(output.programOutput()), slots), null, 0);
      if (output.kind() == CipherOutput.Kind.VALUE) {
        values.put(output.name(), unpacked);
        errors.put(output.name(), output.errorBounds());
      }
    }
    return artifact.signature().tail().runMeasured(values, errors);
  }

  private static Map<String, double[]> ranges(List<Map<String, List<Object>>> rows) {
    Map<String, double[]> ranges = new HashMap<>();
    rows.get(0).forEach((name, values) -> {
      if (values.get(0) instanceof Double) {
        double[] range = new double[values.size()];
        for (int i = 0; i < range.length; i++) {
          int column = i;
          double low = rows.stream().mapToDouble(row -> (Double) row.get(name).get(column)).min().orElse(0);
          double high = rows.stream().mapToDouble(row -> (Double) row.get(name).get(column)).max().orElse(1);
          range[i] = Math.max(high - low, 1e-12);
        }
        ranges.put(name, range);
      }
    });
    return ranges;
  }

  /** Runs all models of a folder made by zoo.py and prints one line each. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    try (var files = Files.list(folder)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".onnx")).sorted().toList()) {
        String name = file.getFileName().toString().replace(".onnx", "");
        if (arguments.length > 1 && !name.matches(arguments[1])) {
          continue;
        }
        long start = System.nanoTime();
        try {
          ZooTrial trial = run(folder, name, 200);
          CompileReport report = trial.report();
          System.out.printf(Locale.ROOT,
              "%-26s agreed %3d/%3d refused %d undecided %d error %.2e | N 2^%d L %d scale %d logQP %.0f keys %d %.0f MiB met %s own %.3f/%.1e %.1fs%n",
              name, trial.agreed(), trial.rows(), trial.refused(), trial.undecided(), trial.numberError(),
              31 - Integer.numberOfLeadingZeros(report.ringDegree()), report.levels(), report.logScale(), report.logQp(),
              report.evaluationKeys(), report.evaluationKeyBytes() / 1048576.0, report.accuracyMet(), report.agreement(),
              report.numberError(), (System.nanoTime() - start) / 1e9);
          if (arguments.length > 2) {
            System.out.println(report.toText());
          }
        } catch (Exception e) {
          System.out.println(name + " FAILED " + e);
          if (arguments.length > 2) {
            e.printStackTrace(System.out);
          }
        }
      }
    }
  }
}
