// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.observe;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.Parameters;
import dev.tacet.server.internal.models.ServedModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Numbers of each served version, which come and go with it: levels, precision and headroom of its answers, what a run costs. */
final class ModelGauges {
  private final Map<MultiGauge, ToDoubleFunction<ServedModel>> gauges = new LinkedHashMap<>();

  ModelGauges(MeterRegistry registry) {
    add(registry, "tacet.model.levels", "levels of the model's modulus chain", m -> m.parameters().maxLevel());
    add(registry, "tacet.model.levels.left", "lowest level of an answer", m -> least(m, (p, o) -> o.level()));
    add(registry, "tacet.model.precision.bits", "least log2 of an answer's largest value over the bound of its noise",
        m -> least(m, (p, o) -> Math.log(o.bound() / o.slotError()) / Math.log(2)));
    add(registry, "tacet.model.headroom.bits", "least log2 of the modulus over the largest coefficient that an answer may have",
        m -> least(m, ModelGauges::headroom));
    add(registry, "tacet.model.run.estimate.seconds", "what admission takes a run to cost", m -> m.costNanos() / 1e9);
    add(registry, "tacet.model.run.bytes", "memory that a run is admitted with", ServedModel::memoryBytes);
    add(registry, "tacet.model.program.bytes", "encoded constants in native memory", ServedModel::programBytes);
  }

  /** A number of one output under the model's parameters. */
  private interface OfOutput {
    double apply(Parameters parameters, CipherOutput output);
  }

  private static double least(ServedModel model, OfOutput number) {
    return model.signature().cipherOutputs().stream()
        .filter(output -> output.kind() == CipherOutput.Kind.VALUE)
        .mapToDouble(output -> number.apply(model.parameters(), output))
        .min().orElse(Double.NaN);
  }

  private static double headroom(Parameters parameters, CipherOutput output) {
    double modulus = 0;
    for (int i = 0; i <= output.level(); i++) {
      modulus += Math.log(parameters.modulus(i)) / Math.log(2);
    }
    return modulus - 1 - output.scale().log2(parameters) - Math.log(output.bound()) / Math.log(2);
  }

  private void add(MeterRegistry registry, String name, String description, ToDoubleFunction<ServedModel> number) {
    gauges.put(MultiGauge.builder(name).description(description).register(registry), number);
  }

  /** Brings the rows to what is served now. */
  void refresh(List<ServedModel> models) {
    gauges.forEach((gauge, number) -> {
      List<MultiGauge.Row<?>> rows = new ArrayList<>();
      for (ServedModel model : models) {
        double value = number.applyAsDouble(model);
        rows.add(MultiGauge.Row.of(Tags.of("model", model.name(), "version", model.version()), value));
      }
      gauge.register(rows, true);
    });
  }
}
