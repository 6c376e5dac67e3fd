// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.OutputValue;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checked answer for one row.
 *
 * @param outputs by ONNX output name, in the model's order
 * @param errorBounds by output name, a bound of the difference to the clear model; 0 for labels
 * @param undecidedOutputs labels and indices whose margin is below the error, so that the clear model may have chosen another, and
 *     numbers behind a step, such as a comparison or a rounding, that the error may take to its other side
 * @param clampedFeatures indices of the features that were moved to their bounds; empty unless clamping was asked for
 * @param timings how long it took
 */
public record Prediction(
    Map<String, OutputValue> outputs,
    Map<String, Double> errorBounds,
    Set<String> undecidedOutputs,
    List<Integer> clampedFeatures,
    Timings timings) {

  /** Returns whether a label, an index or a step could be another within the error bounds. */
  public boolean undecided() {
    return !undecidedOutputs.isEmpty();
  }

  /** Returns whether a feature was moved to its bound. */
  public boolean clamped() {
    return !clampedFeatures.isEmpty();
  }

  /**
   * Returns one output.
   *
   * @throws IllegalArgumentException if the model has no such output; the message lists those it has
   */
  public OutputValue output(String name) {
    OutputValue value = outputs.get(name);
    if (value == null) {
      throw new IllegalArgumentException("no output " + name + ", the model has " + outputs.keySet());
    }
    return value;
  }

  /** Returns the numbers of one output: a tensor's elements, or a class map's values in order. */
  public double[] numbers(String name) {
    return output(name).toNumbers();
  }

  /** Returns names and flags and no value: this object is likely to be logged. */
  @Override
  public String toString() {
    return "Prediction[" + outputs.keySet() + ", undecided " + undecidedOutputs + ", clamped features " + clampedFeatures + "]";
  }
}
