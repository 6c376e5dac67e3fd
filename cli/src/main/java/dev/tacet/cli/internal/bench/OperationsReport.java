// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.RingType;
import dev.tacet.he.SecurityLevel;
import java.util.Locale;
import java.util.stream.StreamSupport;

/** What {@code bench ops} reports: the object that tacet_bench printed, with the times through Java added to each result. */
public final class OperationsReport {
  private static final double JNI_SECONDS = 0.3;
  private static final int SMALLEST_LOG_DEGREE = 4;

  private final ObjectNode report;
  private final RingType ringType;

  /** Takes over {@code report} of tacet_bench. */
  public OperationsReport(ObjectNode report, RingType ringType) {
    this.report = report;
    this.ringType = ringType;
  }

  /**
   * Measures through Java every operation of the report that Java offers, on the same primes: {@code jni_min_us},
   * {@code jni_median_us}; and the boundary itself as {@code machine.jni_call_us}.
   */
  public void addJava(double seconds) {
    for (JsonNode set : report.path("parameters")) {
      try (JavaBench bench = new JavaBench(parametersOf(set))) {
        for (JsonNode result : report.path("results")) {
          if (result.path("params").equals(set.path("params"))) {
            bench.measure(result.path("op").asText(), seconds)
                .ifPresent(
                    taken ->
                        ((ObjectNode) result).put("jni_min_us", taken.min()).put("jni_median_us", taken.median()));
          }
        }
      }
    }
    ((ObjectNode) report.path("machine")).put("jni_call_us", callMicroseconds());
  }

  /** A call with an operand and a result, on a ring of 16 coefficients, where the work itself takes next to nothing. */
  private static double callMicroseconds() {
    Parameters smallest =
        ModulusChain.select(SMALLEST_LOG_DEGREE, RingType.STANDARD, 40, 30, 1, 40, 1)
            .security(SecurityLevel.UNCHECKED_FOR_TESTS)
            .build();
    try (JavaBench bench = new JavaBench(smallest)) {
      return bench.measure("negate", JNI_SECONDS).orElseThrow().min();
    }
  }

  private Parameters parametersOf(JsonNode set) {
    return Parameters.builder()
        .ringType(ringType)
        .logRingDegree(set.path("log_n").asInt())
        .logScale(set.path("log_scale").asInt())
        .digitSize(set.path("digit_size").asInt())
        .modulusChain(longs(set.path("q")))
        .specialPrimes(longs(set.path("p")))
        .security(SecurityLevel.CLASSICAL_128)
        .build();
  }

  private static long[] longs(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).mapToLong(JsonNode::asLong).toArray();
  }

  /** The whole report. */
  public ObjectNode json() {
    return report;
  }

  /** Prints the machine's limits and one table for each parameter set. */
  public void print() {
    JsonNode machine = report.path("machine");
    System.out.printf(
        Locale.ROOT, "%s, %d cores, kernels %s, %.2f G ticks/s; a call through JNI takes %s%n",
        machine.path("cpu").asText(), machine.path("cores").asInt(), machine.path("kernels").asText(),
        machine.path("ticks_per_second").asDouble() / 1e9,
        Units.milliseconds(machine.path("jni_call_us").asDouble(Double.NaN) / 1e3));
    Table limits = new Table("limit of this machine, one core", ">G/s");
    machine.path("limits").properties().forEach(
        entry -> {
          if (entry.getValue().isNumber()) {
            limits.row(entry.getKey().replace("_per_second", ""), giga(entry.getValue()));
          } else {
            entry.getValue().properties().forEach(
                read -> limits.row("read " + read.getKey().replace('_', ' ') + ", bytes", giga(read.getValue())));
          }
        });
    limits.print();
    for (JsonNode set : report.path("parameters")) {
      printSet(set.path("params"));
    }
  }

  private void printSet(JsonNode params) {
    Table table =
        new Table("operation", ">minimum", ">median", ">through JNI", ">cycles/element", ">share of limit", ">allocations",
            ">largest error", ">size");
    JsonNode any = null;
    for (JsonNode r : report.path("results")) {
      if (r.path("params").equals(params)) {
        any = r;
        table.row(
            r.path("op").asText(), microseconds(r, "min_us"), microseconds(r, "median_us"), microseconds(r, "jni_min_us"),
            String.format(Locale.ROOT, "%.3g", r.path("cycles_per_element").asDouble()),
            Units.percent(r.path("share_of_limit").asDouble(Double.NaN)),
            String.format(Locale.ROOT, "%.0f", r.path("allocations").asDouble()),
            r.has("max_error") ? Units.error(r.path("max_error").asDouble()) : "",
            r.has("bytes") ? Units.bytes(r.path("bytes").asLong()) : "");
      }
    }
    if (any != null) {
      System.out.printf(
          Locale.ROOT, "%n%s, N = %d, log Q = %.0f, log QP = %.0f, threads: %d%n", any.path("ring_type").asText(), any.path("ring_degree").asInt(),
          any.path("log_q").asDouble(), any.path("log_qp").asDouble(), any.path("threads").asInt());
      table.print();
    }
  }

  private static String microseconds(JsonNode result, String field) {
    return result.has(field) ? Units.milliseconds(result.path(field).asDouble() / 1e3) : "-";
  }

  private static String giga(JsonNode value) {
    return String.format(Locale.ROOT, "%.2f", value.asDouble() / 1e9);
  }
}
