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

  /** The results of one parameter set, such as 14:340: operation -> series -> value. */
  private record Sheet(String params, Map<String, Map<String, Double>> values) {
    String title() {
      String[] parts = params.split(":");
      return "N = 2^" + parts[0] + ", log Q = " + parts[1];
    }

    String file(String kind) {
      return kind + "-" + params.replace(':', '-');
    }
  }

  /** Draws {@code times-*.svg} (native and through JNI) and {@code share-*.svg} for each parameter set of a report of bench ops. */
  public static void operations(JsonNode report, Path folder) {
    for (Sheet sheet : sheets(report, List.of("min_us", "jni_min_us"), List.of("native", "through JNI"), MICROSECONDS)) {
      write(chart(sheet, "milliseconds, minimum", true), folder, sheet.file("times"));
    }
    for (Sheet sheet : sheets(report, List.of("share_of_limit"), List.of("share of this machine's limit"), 1)) {
      write(chart(sheet, "share", false), folder, sheet.file("share"));
    }
  }

  /** Draws {@code peers-*.svg} for each parameter set of a report of bench peers. */
  public static void peers(JsonNode report, Path folder) {
    Map<String, Sheet> sheets = new LinkedHashMap<>();
    for (JsonNode r : report.path("results")) {
      put(sheets, r, r.path("library").asText(), r.path("min_us"), MICROSECONDS);
    }
    sheets.values().forEach(sheet -> write(chart(sheet, "milliseconds, minimum", true), folder, sheet.file("peers")));
  }

  private static Iterable<Sheet> sheets(JsonNode report, List<String> fields, List<String> names, double divisor) {
    Map<String, Sheet> sheets = new LinkedHashMap<>();
    for (JsonNode r : report.path("results")) {
      for (int i = 0; i < fields.size(); i++) {
        put(sheets, r, names.get(i), r.path(fields.get(i)), divisor);
      }
    }
    return sheets.values();
  }

  private static void put(Map<String, Sheet> sheets, JsonNode result, String series, JsonNode value, double divisor) {
    Sheet sheet = sheets.computeIfAbsent(result.path("params").asText(), params -> new Sheet(params, new LinkedHashMap<>()));
    Map<String, Double> values = sheet.values().computeIfAbsent(result.path("op").asText(), op -> new LinkedHashMap<>());
    if (value.isNumber() && value.asDouble() > 0) {
      values.put(series, value.asDouble() / divisor);
    }
  }

  private static CategoryChart chart(Sheet sheet, String axis, boolean logarithmic) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(sheet.title())
            .yAxisTitle(axis)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.InsideNW);
    chart.getStyler().setXAxisLabelRotation(30);
    chart.getStyler().setYAxisLogarithmic(logarithmic);
    chart.getStyler().setPlotContentSize(0.95);
    List<String> ops = new ArrayList<>(sheet.values().keySet());
    Set<String> series = new LinkedHashSet<>();
    sheet.values().values().forEach(values -> series.addAll(values.keySet()));
    for (String name : series) {
      List<Double> bars = new ArrayList<>();
      for (String op : ops) {
        bars.add(sheet.values().get(op).get(name));
      }
      chart.addSeries(name, ops, bars);
    }
    if (logarithmic) {
      double smallest =
          sheet.values().values().stream().flatMap(v -> v.values().stream()).mapToDouble(v -> v).min().orElse(1);
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
          CliException.FAILED, "cannot write a chart into " + folder, "Name a folder that can be written.", e);
    }
  }
}
