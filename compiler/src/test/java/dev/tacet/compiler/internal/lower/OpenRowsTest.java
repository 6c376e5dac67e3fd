// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.compiler.TestModels;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.compiler.internal.ir.Network;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import dev.tacet.compiler.internal.onnx.proto.AttributeProto;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of an open batch are followed to whatever axis they are moved, and never mixed. */
class OpenRowsTest {
  private static final double[] X = {1, 2, 3, 4, 5, 6};

  private static TestModels model(TestModels start) {
    return start.indexes("zero", 0).indexes("one", 1).indexes("two", 2).indexes("minus", -1).indexes("end", Long.MAX_VALUE)
        .indexes("s23", -1, 2, 3).indexes("s3", -1, 3).indexes("s6", -1, 6).indexes("back", 0, 6).indexes("flat", 1, -1).indexes("three", 3, -1)
        .indexes("pads", 0, 1, 0, 0).indexes("twice", 1, 2).indexes("sizes", 1, 1);
  }

  private static double[] answer(TestModels model) {
    Network network = Lowering.lower(OnnxReader.read(model.source("y")), 0);
    return network.output().evaluate(network.evaluate(X));
  }

  /** Adds nodes that are written as "Type inputs > output key=value, ...". */
  private static TestModels with(TestModels model, String nodes) {
    for (String node : nodes.split("; ")) {
      String[] sides = node.split(" > ");
      String[] made = sides[1].split(" ");
      model.node(sides[0].substring(0, sides[0].indexOf(' ')), sides[0].substring(sides[0].indexOf(' ') + 1), made[0],
          Arrays.stream(made).skip(1).map(OpenRowsTest::attribute).toArray(AttributeProto[]::new));
    }
    return model;
  }

  private static AttributeProto attribute(String text) {
    String[] sides = text.split("=");
    return sides[0].equals("perm") ? TestModels.integers("perm", sides[1].chars().mapToLong(c -> c - '0').toArray())
        : TestModels.integer(sides[0], Long.parseLong(sides[1]));
  }

  @ParameterizedTest
  @ValueSource(strings = {
      "Unsqueeze x zero > u; ReduceMean u one > y",
      "Unsqueeze x zero > u; ReduceSum u > y",
      "Transpose x > t; ReduceMean t one > y",
      "Transpose x > t; Softmax t > y",
      "Transpose x > t; Softmax t > y axis=1",
      "Transpose x > t; ArgMax t > y axis=1",
      "Transpose x > t; Concat t t > y axis=1",
      "Concat x x > y axis=0",
      "Transpose x > t; Split t > y axis=1",
      "Transpose x > t; Gather t zero > y axis=1",
      "Transpose x > t; Slice t zero one one > y",
      "Transpose x > t; Pad t pads > y",
      "Transpose x > t; Tile t twice > y",
      "Transpose x > t; Transpose t > v; Slice v zero one zero > y",
      "Transpose x > t; Unsqueeze t zero > u; Transpose u > v perm=021; Squeeze v zero > s; Slice s zero one zero > y",
      "Slice x zero one zero > y",
      "Slice x minus zero zero minus > y",
      "Transpose x > t; Add x t > y",
      "Unsqueeze x one > a; Unsqueeze x zero > b; Mul a b > y",
      "Reshape x s3 > r; ReduceSum r zero > y",
      "Reshape x s3 > r; Slice r zero one zero > y",
      "Reshape x three > y",
      "Reshape x flat > r; Softmax r > y",
      "Flatten x > f axis=0; Softmax f > y",
      "Reshape x s23 > r; Transpose r > t perm=102; Flatten t > f axis=2; ReduceMean f zero > y",
      "Reshape x s23 > r; Transpose r > t perm=120; ReduceMean t two > y",
      "Unsqueeze x zero > u; GlobalAveragePool u > g; Unsqueeze x one > v; Transpose v > w perm=120; GlobalAveragePool w > y",
  })
  void nodesThatWouldMixRowsAreRefused(String nodes) {
    refused(with(model(TestModels.of(6)), nodes));
  }

  @Test
  void rowsThatAreMovedAndStayApartAreAnswered() {
    double[] halves = {6, 15};
    assertArrayEquals(halves, answer(with(model(TestModels.of(6)), "Reshape x s23 > r; ReduceSum r two > y keepdims=0")));
    assertArrayEquals(halves, answer(with(model(TestModels.of(6)), "Reshape x s23 > r; Transpose r > t perm=102; ReduceSum t two > s; Transpose s > y perm=102")));
    double[] columns = {5, 7, 9};
    assertArrayEquals(columns, answer(with(model(TestModels.of(6)), "Reshape x s23 > r; Transpose r > t perm=102; ReduceSum t zero > y")));
    double[] all = {21};
    assertArrayEquals(all, answer(with(model(TestModels.of(6)), "Reshape x s3 > r; ReduceSum r one > h; Reshape h s2 > g; ReduceSum g one > y").indexes("s2", -1, 2)));
    assertArrayEquals(all, answer(with(model(TestModels.of(6)), "Transpose x > t; ReduceSum t zero > y")));
    assertArrayEquals(X, answer(with(model(TestModels.of(6)), "Slice x zero end zero > y")));
    assertArrayEquals(X, answer(with(model(TestModels.of(6)).indexes("many", 1000), "Slice x zero many zero > y")));
    assertArrayEquals(X, answer(with(model(TestModels.of(6)), "Shape x > p; Gather p zero > n; Slice x zero n zero > y")));
    assertArrayEquals(X, answer(with(model(TestModels.of(6)), "Shape x > p; Gather p zero > n; Concat n minus > s axis=0; Reshape x s > y")));
    assertArrayEquals(X, answer(with(model(TestModels.of(6)), "Reshape x s3 > r; Reshape r s6 > y")));
    assertArrayEquals(X, answer(with(model(TestModels.of(6)), "Reshape x back > y")));
    assertArrayEquals(X, answer(with(model(TestModels.of(6)), "Unsqueeze x zero > u; Squeeze u zero > y")));
    assertArrayEquals(new double[] {1.5, 3, 4.5, 6, 7.5, 9}, answer(with(model(TestModels.of(6)).constant("c", new long[] {1}, 2),
        "Mul x c > z; Unsqueeze x zero > u; Unsqueeze z zero > v; Concat u v > j axis=0; ReduceMean j zero > y keepdims=0")));
  }

  @Test
  void aModelOfOneRowHasNoOthersToMix() {
    assertArrayEquals(X, answer(with(model(TestModels.ofRows(1, 6)), "Unsqueeze x zero > u; ReduceMean u one > y")));
    assertArrayEquals(X, answer(with(model(TestModels.ofRows(1, 6)), "Slice x zero one zero > y")));
    double[] sum = {21};
    assertArrayEquals(sum, answer(with(model(TestModels.of(6)).constant("w", new long[] {6, 1}, 1, 1, 1, 1, 1, 1), "Reshape x flat > r; MatMul r w > y")));
  }

  /** Five places of three features, seen place by place: the rows are inside of the places, as what is computed from the shape says. */
  @Test
  void numbersThatAreComputedFromTheShapeSayWhereTheRowsAre() {
    String byPlace = "Transpose x > t perm=102; Shape x > p; Gather p zero > n; Mul n two > m; Concat m three > s axis=0; Reshape t s > r; "
        + "Concat two n three > q axis=0; Reshape r q > v; ";
    assertArrayEquals(new double[] {5, 7, 9}, answer(with(places(), byPlace + "ReduceSum v zero > y")));
    refused(with(places(), byPlace + "ReduceMean v one > y"));
    refused(places().node("Transpose", "x", "t", TestModels.integers("perm", 1, -3, 2)).node("ReduceMean", "t one", "y"));
    refused(with(places(), byPlace + "Concat n two three > o axis=0; Reshape v o > y"));
  }

  private static TestModels places() {
    return TestModels.of(2, 3).indexes("zero", 0).indexes("one", 1).indexes("two", 2).indexes("three", 3);
  }

  private static void refused(TestModels model) {
    String message = assertThrows(UncompilableModelException.class, () -> answer(model)).getMessage();
    assertTrue(message.contains("the batch"), message);
  }
}
