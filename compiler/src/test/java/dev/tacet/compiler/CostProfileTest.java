// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.internal.cost.ProgramWork;
import dev.tacet.compiler.internal.cost.Work;
import dev.tacet.he.Program;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cost profiles as files, and the rates that are found from times. */
class CostProfileTest {
  @Test
  void aFileGivesTheProfileThatWasWritten() {
    CostProfile profile = CostProfile.embedded();
    assertEquals(profile, CostProfile.parse(profile.toJson()));
    assertEquals(profile.sha256(), CostProfile.parse(profile.toJson()).sha256());
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{}", "not JSON", "{\"name\":\"a\\u001b[2J\",\"processor\":\"b\",\"kernels\":\"c\",\"threads\":1}",
      "{\"name\":\"a\",\"processor\":\"b\",\"kernels\":\"c\",\"threads\":1,\"start\":1,\"nanoseconds\":{}}",
      "{\"name\":\"a\",\"processor\":\"b\",\"kernels\":\"c\",\"threads\":1,\"start\":1,\"nanoseconds\":{\"13\":{\"butterfly\":1}}}"})
  void aFileThatIsNoProfileIsRefused(String json) {
    assertThrows(IllegalArgumentException.class, () -> CostProfile.parse(json));
  }

  @ParameterizedTest
  @CsvSource({"butterfly, -1", "butterfly, 0", "call, 1e300", "word, -0.5", "start, -1", "start, 1e300"})
  void aRateThatNoMachineHasIsRefused(String rate, double value) {
    String json = CostProfile.embedded().toJson().replaceAll("\"" + rate + "\" : [0-9.E+-]+", "\"" + rate + "\" : " + value);
    String message = assertThrows(IllegalArgumentException.class, () -> CostProfile.parse(json)).getMessage();
    assertTrue(message.contains(rate), message);
  }

  @Test
  void aFileWithoutTheStartOfARunIsRefused() {
    String json = CostProfile.embedded().toJson().replaceAll("\"start\" : [0-9.E+-]+,", "");
    String message = assertThrows(IllegalArgumentException.class, () -> CostProfile.parse(json)).getMessage();
    assertTrue(message.contains("start"), message);
  }

  /** What a run takes beside its operations counts once, however many operations there are. */
  @Test
  void theStartOfARunIsInTheLayerOfTheOutput() {
    CostProfile profile = CostProfile.embedded();
    Program program = CostCalibration.programs(13).get(0);
    double[] all = ProgramWork.nanos(program, profile);
    double[] operations = Arrays.stream(ProgramWork.byLayer(program)).mapToDouble(work -> work.nanos(profile.at(13))).toArray();
    int output = program.layers().indexOf("output");
    for (int l = 0; l < all.length; l++) {
      assertEquals(l == output ? profile.start() : 0, all[l] - operations[l], 1e-3, program.layers().get(l));
    }
    assertTrue(profile.start() > 0);
  }

  @Test
  void aRingDegreeThatWasNotMeasuredHasTheRatesOfTheNearest() {
    CostProfile profile = CostProfile.embedded();
    assertEquals(profile.at(profile.rates().firstKey()), profile.at(1));
    assertEquals(profile.at(profile.rates().lastKey()), profile.at(17));
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 13, 14, 15, 16})
  void ratesAreFoundAgainFromTheTimesThatTheyGive(int logRingDegree) {
    List<Program> programs = CostCalibration.programs(logRingDegree);
    CostProfile.Rates expected = new CostProfile.Rates(0.3, 0.1, 0.7, 0.5, 0.6, 0.2, 0.07, 5000);
    List<double[]> nanos = new ArrayList<>();
    for (Program program : programs) {
      nanos.add(Arrays.stream(ProgramWork.byLayer(program)).mapToDouble(work -> work.nanos(expected)).toArray());
    }
    CostProfile.Rates found = CostCalibration.fit(programs, nanos, CostProfile.embedded().at(logRingDegree));
    for (int p = 0; p < programs.size(); p++) {
      double[] predicted = Arrays.stream(ProgramWork.byLayer(programs.get(p))).mapToDouble(work -> work.nanos(found)).toArray();
      for (int l = 0; l < predicted.length; l++) {
        assertEquals(nanos.get(p)[l], predicted[l], 0.1 * nanos.get(p)[l], programs.get(p).layers().get(l));
      }
    }
  }

  /** Transforms that take half as much again as their rotations are said to: what diagonals take is found beside that all the same. */
  @ParameterizedTest
  @ValueSource(ints = {13, 15})
  void productsWithDiagonalsAreFoundWhereRotationsTakeMoreThanIsCounted(int logRingDegree) {
    List<Program> programs = CostCalibration.programs(logRingDegree);
    CostProfile.Rates expected = CostProfile.embedded().at(logRingDegree);
    double diagonals = expected.toArray()[3];
    List<double[]> nanos = new ArrayList<>();
    for (Program program : programs) {
      Work[] layers = ProgramWork.byLayer(program);
      double[] times = Arrays.stream(layers).mapToDouble(work -> work.nanos(expected)).toArray();
      for (int l = 0; l < times.length; l++) {
        double ofDiagonals = layers[l].diagonalWords() * diagonals;
        times[l] += ofDiagonals > 0 ? 0.5 * (times[l] - ofDiagonals) : 0;
      }
      nanos.add(times);
    }
    double found = CostCalibration.fit(programs, nanos, expected).toArray()[3];
    assertEquals(diagonals, found, 0.2 * diagonals);
  }

  @Test
  void workAddsUp() {
    double[] amounts = {1, 2, 3, 4, 5, 6, 7, 8};
    Work work = new Work(1, 2, 3, 4, 5, 6, 7, 8);
    assertArrayEquals(amounts, work.amounts());
    assertArrayEquals(Arrays.stream(amounts).map(x -> 3 * x).toArray(), work.plus(work.times(2)).amounts());
    assertEquals(204, work.nanos(CostProfile.Rates.of(amounts)));
  }

  @ParameterizedTest
  @CsvSource({"1, 0.6745", "1000, 3.3923", "1000000, 4.9633"})
  void theMedianOfTheLargestOfManyNormalErrors(long numbers, double expected) {
    assertEquals(expected, new NoisePrediction(1, true).largest(numbers), 5e-4 * expected);
  }
}
