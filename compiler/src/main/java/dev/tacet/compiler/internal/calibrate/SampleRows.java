// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.calibrate;

import dev.tacet.compiler.FeatureRange;
import dev.tacet.compiler.internal.ir.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The rows on which a model is measured while it is compiled: the sample data, and rows made from them that stand for rows
 * not seen yet. The same input gives the same rows.
 *
 * @param data sample rows; where none are given, rows drawn from the declared ranges
 * @param synthetic rows on lines through two sample rows, a little beyond them, with a little noise on each feature; near ones instead lie
 *     beside one of the sample rows
 * @param near whether synthetic rows are near ones, and fresh rows are taken to be as the sample rows: what a layer takes in a row is then judged
 *     by the row's extremes, for a whole channel or layer at once
 */
public record SampleRows(List<double[]> data, List<double[]> synthetic, boolean near) {
  /** Of fewer rows of sample data the tails are not known well enough to take fresh rows to be as they are, unless they are images. */
  public static final int ENOUGH_FOR_NEAR = 200;

  private static final long SEED = 0x7ace7L;
  private static final int MAX_DATA = 1500;
  private static final int SYNTHETIC = 600;

  /** Where a row takes long, there are fewer rows: all of them take about this many multiplications, but they are never fewer than these. */
  private static final double MOST_WORK = 3e9;

  /** How far beyond two of very many sample rows the synthetic rows on the line through them go, in their distance. */
  private static final double BEYOND = 0.25;

  /**
   * What few rows add to that, over the square root of their number: sixty rows show much less of what other rows of their kind
   * reach than a thousand.
   */
  private static final double BEYOND_FEW = 3;

  /**
   * How far a synthetic row lies from a sample row towards or away from another, where rows are images or series: what is halfway
   * between two images is none, and drives activations where no image does.
   */
  private static final double NEAR_IMAGES = 0.08;

  /** The noise of a feature of a synthetic row, as a part of its range. */
  private static final double NOISE = 0.03;

  /** The same of images, many of whose pixels a weight sums up. */
  private static final double NOISE_OF_IMAGES = 0.01;

  private static final int LEAST_DATA = 400;
  private static final int LEAST_SYNTHETIC = 160;

  /** Chooses and makes the rows: near ones where an input is an image or a series. */
  public static SampleRows of(Network network, List<double[]> rows, List<FeatureRange> ranges) {
    return of(network, rows, ranges, network.takesImages());
  }

  /** Chooses and makes the rows. */
  public static SampleRows of(Network network, List<double[]> rows, List<FeatureRange> ranges, boolean near) {
    SplittableRandom random = new SplittableRandom(SEED);
    List<FeatureRange> data = FeatureBounds.dataRanges(network.features(), rows, ranges);
    List<double[]> base = new ArrayList<>();
    double part = Math.min(1, MOST_WORK / ((MAX_DATA + SYNTHETIC) * (double) Math.max(1, network.work())));
    int mostData = (int) Math.max(LEAST_DATA, part * MAX_DATA);
    int mostSynthetic = (int) Math.max(LEAST_SYNTHETIC, part * SYNTHETIC);
    if (rows.isEmpty()) {
      for (int i = 0; i < mostSynthetic; i++) {
        base.add(drawn(data, random));
      }
    } else {
      int step = (rows.size() + mostData - 1) / mostData;
      for (int i = 0; i < rows.size(); i += step) {
        base.add(rows.get(i));
      }
    }
    double beyond = BEYOND + BEYOND_FEW / Math.sqrt(Math.max(1, base.size()));
    double from = near ? -NEAR_IMAGES : -beyond;
    double to = near ? NEAR_IMAGES : 1 + beyond;
    double noise = near ? NOISE_OF_IMAGES : NOISE;
    List<double[]> synthetic = new ArrayList<>();
    for (int i = 0; i < mostSynthetic && base.size() > 1; i++) {
      double[] a = base.get(random.nextInt(base.size()));
      double[] b = base.get(random.nextInt(base.size()));
      double t = random.nextDouble(from, to);
      double[] row = new double[a.length];
      for (int j = 0; j < row.length; j++) {
        double width = data.get(j).high() - data.get(j).low();
        row[j] = a[j] + t * (b[j] - a[j]) + noise * width * (random.nextDouble() - random.nextDouble());
      }
      synthetic.add(row);
    }
    return new SampleRows(List.copyOf(base), List.copyOf(synthetic), near);
  }

  /** A row of independent features, each the mean of three uniform draws from its range widened to keep the spread. */
  private static double[] drawn(List<FeatureRange> ranges, SplittableRandom random) {
    double[] row = new double[ranges.size()];
    for (int j = 0; j < row.length; j++) {
      double sum = random.nextDouble() + random.nextDouble() + random.nextDouble();
      FeatureRange range = ranges.get(j);
      row[j] = range.low() + (range.high() - range.low()) * sum / 3;
    }
    return row;
  }

  /** Returns all rows, the sample data first. */
  public List<double[]> all() {
    List<double[]> all = new ArrayList<>(data);
    all.addAll(synthetic);
    return all;
  }
}
