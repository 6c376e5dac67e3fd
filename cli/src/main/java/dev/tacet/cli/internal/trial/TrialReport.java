// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Parameters;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What {@code try --json} writes, and for each model {@code demo --json}: every field by its snake_case name.
 *
 * @param name the model
 * @param kind classifier or regressor
 * @param rows how many rows were predicted
 * @param accuracyClear the clear model on the truths: share of right classes, or R²; null without truths
 * @param accuracyEncrypted the same of the decrypted answers; an undecided class counts as wrong
 * @param agreement share of the rows that agree with the clear model
 * @param maxError largest absolute difference of two numbers over the rows that have an answer; null if none is finite
 * @param clampedRows rows with a feature outside its bounds, moved to the bound, those without an answer included; from 0
 * @param undecidedRows rows whose class the error bound leaves open; from 0
 * @param failedRows rows whose answer failed a check, so that there is none; from 0
 * @param farRows rows of a classifier that agree, with a number far from the clear one ({@link Comparison#FAR}); from 0
 * @param packing latency, throughput or coefficient
 * @param rowsPerRequest the most rows of one request, to which the sizes and times belong
 * @param rowsPerSecond rows over the host's time for them, in the throughput packing; null in others
 * @param outputs decrypted, by output name, one row of numbers or labels per input row; null elements where there is no answer
 * @param clearOutputs the same from onnxruntime, on the rows as they were given
 */
public record TrialReport(
    String name,
    String kind,
    int rows,
    Double accuracyClear,
    Double accuracyEncrypted,
    double agreement,
    @JsonInclude(JsonInclude.Include.ALWAYS) Double maxError,
    List<Integer> clampedRows,
    List<Integer> undecidedRows,
    List<Integer> failedRows,
    List<Integer> farRows,
    ParameterReport parameters,
    Bytes bytes,
    String packing,
    int rowsPerRequest,
    @JsonInclude(JsonInclude.Include.ALWAYS) Double rowsPerSecond,
    Milliseconds milliseconds,
    List<Layer> layers,
    Map<String, List<List<Object>>> outputs,
    Map<String, List<List<Object>>> clearOutputs) {

  /**
   * The parameters that the compiler chose.
   *
   * @param ringType STANDARD or CONJUGATE_INVARIANT
   * @param ringDegree N
   * @param logQ bits of the modulus
   * @param logQp bits of the modulus with the special primes
   * @param securityBits bits of security by the 2024/463 table
   * @param security the table's row: classical_128, classical_192, classical_256 or quantum_128
   */
  public record ParameterReport(
      String ringType, int ringDegree, double logQ, double logQp, int securityBits, String security) {
    /** Of an artifact. */
    public static ParameterReport of(ModelArtifact artifact) {
      Parameters parameters = artifact.parameters();
      return new ParameterReport(
          parameters.ringType().name().toLowerCase(Locale.ROOT),
          parameters.ringDegree(),
          rounded(parameters.logQ()),
          rounded(parameters.logQP()),
          parameters.security().bits(),
          parameters.security().name().toLowerCase(Locale.ROOT));
    }

    private static double rounded(double value) {
      return Math.round(value * 1000) / 1000.0;
    }
  }

  /** Sizes as they travel. */
  public record Bytes(long publicKey, long evaluationKeys, long input, long result) {}

  /** Times of each step: of compile, keygen and upload there is one; of the others one per request. */
  public record Milliseconds(
      Spread compile, Spread keygen, Spread upload, Spread encrypt, Spread server, Spread decrypt) {}

  /**
   * One layer of the program.
   *
   * @param level the highest level at which it takes a value
   * @param milliseconds on the server, median over the requests
   */
  public record Layer(String name, int level, double milliseconds) {}

}
