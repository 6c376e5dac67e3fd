// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.reference.ClearModel;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Rows with every feature moved into the signature's bounds, as the client encrypts them.
 *
 * @param values the rows after that
 * @param moved which rows changed, from 0
 */
public record ClampedRows(double[][] values, List<Integer> moved) {
  /** Moves the rows' features. */
  public static ClampedRows of(Signature signature, Rows rows) {
    double[][] values = new double[rows.count()][];
    List<Integer> moved = new ArrayList<>();
    for (int r = 0; r < values.length; r++) {
      values[r] = rows.values()[r].clone();
      int at = 0;
      for (SignatureInput input : signature.inputs()) {
        double[] inside = input.clamp(Arrays.copyOfRange(values[r], at, at + input.features()));
        System.arraycopy(inside, 0, values[r], at, inside.length);
        at += inside.length;
      }
      if (!Arrays.equals(values[r], rows.values()[r])) {
        moved.add(r);
      }
    }
    return new ClampedRows(values, List.copyOf(moved));
  }

  /**
   * Returns the clear outputs that encrypted ones are compared with: of a moved row those of the row as it was moved, since the
   * difference to the row as it was given is what moving it changes and no error of the computation.
   *
   * @param given the clear outputs of the rows as they were given
   */
  public OutputTable clear(ClearModel model, OutputTable given) {
    if (moved.isEmpty()) {
      return given;
    }
    OutputTable table = new OutputTable();
    for (int r = 0; r < values.length; r++) {
      table.add(moved.contains(r) ? model.run(values[r]) : given.row(r));
    }
    return table;
  }
}
