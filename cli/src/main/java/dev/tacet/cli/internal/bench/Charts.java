// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tacet.cli.internal.CliException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Bar charts of reports, as SVG files. Needs no display. */
public final class Charts {
  private static final int WIDTH = 1100;
  private static final int HEIGHT = 560;
  private static final double MICROSECONDS = 1e3;

  private Charts() {}

  /** The results of one parameter set: operation -> series -> value. */
  private record Sheet(int degree, double logQ, Map<String, Map<String, Double>> values) {}

  /** Draws {@code times-N.svg} (native and through JNI) and {@code share-N.svg} for each ring degree of a report of bench ops. */
  public static void operations(JsonNode report, Path folder) {
    for (Sheet set : sets(report, List.of("min_us", "jni_min_us"), List.of("native", "through JNI"), MICROSECONDS)) {
      write(chart(set, "milliseconds, minimum", true), folder, "times-" + set.degree());
    }
    for (Sheet set : sets(report, List.of("share_of_limit"), List.of("share of this machine's limit"), 1)) {
      write(chart(set, "share", false), folder, "share-" + set.degree());
    }
  }

  /** Draws {@code peers-N.svg} for each ring degree of a report of bench peers. */
  public static void peers(JsonNode report, Path folder) {
    Map<Integer, Sheet> sets = new LinkedHashMap<>();
    for (JsonNode r : report.path("results")) {
      sets.computeIfAbsent(
              r.path("ring_degree").asInt(),
              degree -> new Sheet(degree, r.path("log_q").asDouble(), new LinkedHashMap<>()))
          .values()
          .computeIfAbsent(r.path("op").asText(), op -> new LinkedHashMap<>())
          .put(r.path("library").asText(), r.path("min_us").asDouble() / MICROSECONDS);
    }
    for (Sheet set : sets.values()) {
      write(chart(set, "milliseconds, minimum", true), folder, "peers-" + set.degree());
    }
  }

  private static List<Sheet> sets(JsonNode report, List<String> fields, List<String> names, double divisor) {
    Map<Integer, Sheet> sets = new LinkedHashMap<>();
    for (JsonNode r : report.path("results")) {
      Sheet set =
          sets.computeIfAbsent(
              r.path("ring_degree").asInt(),
              degree -> new Sheet(degree, r.path("log_q").asDouble(), new LinkedHashMap<>()));
      Map<String, Double> values = set.values().computeIfAbsent(r.path("op").asText(), op -> new LinkedHashMap<>());
      for (int i = 0; i < fields.size(); i++) {
        if (r.path(fields.get(i)).isNumber()) {
          values.put(names.get(i), r.path(fields.get(i)).asDouble() / divisor);
        }
      }
    }
    return List.copyOf(sets.values());
  }

  private static CategoryChart chart(Sheet set, String axis, boolean logarithmic) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("N = " + set.degree() + ", log Q = " + Math.round(set.logQ()))
            .yAxisTitle(axis)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideNW);
    chart.getStyler().setXAxisLabelRotation(30);
    chart.getStyler().setYAxisLogarithmic(logarithmic);
    chart.getStyler().setPlotContentSize(0.95);
    List<String> ops = new ArrayList<>(set.values().keySet());
    Set<String> series = new LinkedHashSet<>();
    set.values().values().forEach(values -> series.addAll(values.keySet()));
    for (String name : series) {
      List<Double> bars = new ArrayList<>();
      for (String op : ops) {
        bars.add(set.values().get(op).get(name));
      }
      chart.addSeries(name, ops, bars);
    }
    if (logarithmic) {
      double smallest =
          set.values().values().stream().flatMap(v -> v.values().stream()).mapToDouble(v -> v).min().orElse(1);
      chart.getStyler().setYAxisMin(Math.pow(10, Math.floor(Math.log10(smallest))));
    }
    return chart;
  }

  private static void write(CategoryChart chart, Path folder, String name) {
    try {
      Files.createDirectories(folder);
      VectorGraphicsEncoder.saveVectorGraphic(chart, folder.resolve(name).toString(), VectorGraphicsFormat.SVG);
      System.err.println("tacet: wrote " + folder.resolve(name + ".svg"));
    } catch (IOException e) {
      throw new CliException(
          CliException.FAILED, "cannot write a chart into " + folder + ": " + e, "Name a folder that can be written.", e);
    }
  }
}
