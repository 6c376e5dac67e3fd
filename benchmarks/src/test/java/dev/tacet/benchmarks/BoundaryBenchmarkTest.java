// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Each benchmark runs, on the smallest ring, in this process. */
class BoundaryBenchmarkTest {
  @Test
  void everyCallIsMeasured() throws Exception {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(BoundaryBenchmark.class.getSimpleName())
                    .param("logRingDegree", "4")
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementTime(TimeValue.milliseconds(20))
                    .shouldFailOnError(true)
                    .build())
            .run();
    Set<String> names = results.stream().map(r -> r.getPrimaryResult().getLabel()).collect(Collectors.toSet());
    assertEquals(Set.of("negate", "rotate", "encode", "encrypt", "decrypt"), names);
    results.forEach(r -> assertTrue(r.getPrimaryResult().getScore() > 0, r.getPrimaryResult().toString()));
  }
}
