// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import dev.tacet.compiler.internal.onnx.proto.ModelProto;
import dev.tacet.compiler.internal.onnx.proto.StringStringEntryProto;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import dev.tacet.he.HeException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Model files that are wrong on purpose: each is a typed error with the numbers. */
class HostileModelTest {
  private static final double[] ONES = {1, 1, 1, 1};

  private static void refused(OnnxSource source, String... words) {
    CompileOptions options = CompileOptions.defaults().withCalibration(TestModels.rows(20, 4));
    MalformedModelException e = assertThrows(MalformedModelException.class, () -> Compiler.compile(source, options));
    for (String word : words) {
      assertTrue(e.getMessage().contains(word), e.getMessage());
    }
  }

  private static void uncompilable(OnnxSource source, String... words) {
    CompileOptions options = CompileOptions.defaults().withCalibration(TestModels.rows(20, 4));
    UncompilableModelException e = assertThrows(UncompilableModelException.class, () -> Compiler.compile(source, options));
    for (String word : words) {
      assertTrue(e.getMessage().contains(word), e.getMessage());
    }
  }

  private static TestModels linear() {
    return TestModels.of(4).node("MatMul", "x w", "y");
  }

  @Test
  void bytesThatAreNoModelAreRefusedWithTheirLength() {
    refused(OnnxSource.ofBytes("test", new byte[0]), "0 bytes");
    refused(OnnxSource.ofBytes("test", new byte[] {1, 2, 3, 4, 5}), "5 bytes");
  }

  @Test
  void aFormatThatIsNewerThanTheOnesKnownIsRefused() throws IOException {
    byte[] bytes = linear().constant("w", new long[] {4, 1}, ONES).output("y");
    refused(OnnxSource.ofBytes("test", ModelProto.parseFrom(bytes).toBuilder().setIrVersion(99).build().toByteArray()), "IR version is 99", "14");
    assertTrue(Compiler.check(OnnxSource.ofBytes("test", ModelProto.parseFrom(bytes).toBuilder().setIrVersion(14).build().toByteArray())).isEmpty());
  }

  @Test
  void everyTruncationInsideTheGraphIsATypedError() {
    byte[] bytes = linear().constant("w", new long[] {4, 1}, ONES).output("y");
    int operatorSets = 24;
    for (int length = 0; length < bytes.length - operatorSets; length++) {
      OnnxSource source = OnnxSource.ofBytes("test", Arrays.copyOf(bytes, length));
      assertThrows(HeException.class, () -> Compiler.compile(source,
          CompileOptions.defaults().withCalibration(TestModels.rows(5, 4))));
    }
  }

  @Test
  void mutatedBytesGiveATypedErrorOrAModel() throws IOException {
    byte[] model = Files.readAllBytes(CompiledZooTest.FOLDER.resolve("skl_mlpc_relu.onnx"));
    SplittableRandom random = new SplittableRandom(11);
    for (int i = 0; i < 3000; i++) {
      byte[] mutated = model.clone();
      for (int k = 0; k <= random.nextInt(4); k++) {
        mutated[random.nextInt(mutated.length)] = (byte) random.nextInt(256);
      }
      try {
        Compiler.check(OnnxSource.ofBytes("test", mutated));
      } catch (HeException typed) {
        assertTrue(typed.getMessage().length() > 10);
      }
    }
  }

  @Test
  void aNegativeDimensionIsNamed() {
    refused(linear().constant("w", new long[] {-4, 1}, ONES).source("y"), "w", "-4");
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void anEndWithManyWaysBackToItsStartIsReadOnce() {
    TestModels model = TestModels.of(4).constant("w", new long[] {4, 4}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16).node("MatMul", "x w", "t0");
    for (int i = 0; i < 64; i++) {  // each step doubles the ways back to the first
      model.node("Max", "t" + i + " t" + i, "t" + (i + 1));
    }
    byte[] bytes = model.output("t64", 4);
    Compiler.compile(OnnxSource.ofBytes("test", bytes), CompileOptions.defaults().withCalibration(TestModels.rows(30, 4)));
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void manyStepsOfTheClientBeforeManyWeightsAreEachNamedOnce() {
    TestModels model = TestModels.of(4).constant("w", new long[] {4, 4}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    int count = 1500;
    StringBuilder sums = new StringBuilder();
    for (int i = 0; i < count; i++) {
      model.node("Softmax", "x", "s" + i);
      sums.append(" s").append(i);
    }
    model.node("Sum", sums.substring(1), "sum");
    for (int i = 0; i < count; i++) {
      model.node("MatMul", "sum w", "m" + i);
    }
    model.node("Sum", sums.substring(1).replace('s', 'm'), "y");
    assertEquals(2 * count, Compiler.check(model.source("y")).size());
  }

  @Test
  void hugeDimensionsAreRefusedBeforeMemoryIsTaken() {
    uncompilable(linear().constant("w", new long[] {1L << 40, 1}, ONES).source("y"), "node w (constant)", "1099511627776", "smaller layers");
    uncompilable(linear().constant("w", new long[] {1 << 20, 1 << 20}, ONES).source("y"), "node w (constant)", "67108864 elements");
    uncompilable(linear().constant("w", new long[] {1L << 60, 1L << 60}, ONES).source("y"), "node w (constant)", "67108864 elements");
  }

  @ParameterizedTest
  @ValueSource(strings = {"65536 65536", "65536 32768", "67108864 67108864 67108864", "4 1073741824 4 1073741824", "256 256 256 256 -1", "-1 65536 65536 -1"})
  void anInputOfMoreElementsThanAnyMayHaveIsRefusedWithItsShape(String dimensions) {
    int[] shape = Arrays.stream(dimensions.split(" ")).mapToInt(Integer::parseInt).map(dimension -> Math.min(dimension, 1 << 26)).toArray();
    ModelProblem problem = Compiler.check(TestModels.of(shape).node("Flatten", "x", "y").source("y")).get(0);
    assertEquals("x", problem.node());
    assertTrue(problem.reason().contains("more than 67108864 elements") && problem.reason().contains(Integer.toString(shape[1])),
        problem.toString());
  }

  @Test
  void anInputWithoutFeaturesIsRefusedAsTheFileHasIt() {
    uncompilable(TestModels.of(0).node("Relu", "x", "y").source("y"), "node x (input)", "[-1, 0]");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"Tile|1 1073741824|[1, 4294967296]", "Tile|1 4611686018427387904|[1, 9223372036854775807]",
      "Expand|1 1099511627776|[1, 1099511627776]", "ConstantOfShape|6 1099511627776|[6, 1099511627776]", "ConstantOfShape|6 -2|[6, -2]"})
  void aTensorThatANodeMakesTooLargeIsRefusedWithItsShape(String type, String numbers, String shape) {
    long[] values = Arrays.stream(numbers.split(" ")).mapToLong(Long::parseLong).toArray();
    TestModels model = TestModels.of(4).indexes("n", values);
    uncompilable(model.node(type, type.equals("ConstantOfShape") ? "n" : "x n", "a").node("Add", "x a", "y").source("y"), "the_a", type, shape);
  }

  @Test
  void aGatherOfMoreElementsThanAnyMayHaveIsRefused() {
    TestModels model = TestModels.of(1 << 13).indexes("i", new long[1 << 18]).constant("c", new long[] {1, 1 << 13}, new double[1 << 13]);
    uncompilable(model.node("Gather", "c i", "a", TestModels.integer("axis", 0)).node("MatMul", "x a", "y").source("y"),
        "the_a", "[262144, 8192]", "67108864 elements");
  }

  @Test
  void aPadBeyondAnIntIsRefusedWithItsNumbers() {
    TestModels model = TestModels.of(4).indexes("p", 0, 1L << 40, 0, 3);
    uncompilable(model.node("Pad", "x p", "y").source("y"), "the_y", "1099511627776 and 3");
  }

  @Test
  void aConstantOfTwoGigabytesIsNamedAndHidesNoOtherProblem(@TempDir Path folder) throws IOException {
    try (RandomAccessFile data = new RandomAccessFile(folder.resolve("w.bin").toFile(), "rw")) {
      data.setLength(1L << 31);  // a hole: it takes no room on the disk
    }
    TensorProto huge = TensorProto.newBuilder().setName("w").setDataType(1).addDims(1 << 9).addDims(1 << 20)
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue("w.bin")).build();
    Path file = folder.resolve("model.onnx");
    Files.write(file, TestModels.of(1 << 9).constant(huge).constant("v", new long[] {3, 2}, new double[6]).node("MatMul", "x w", "a")
        .declared("a", 1 << 20).node("MaxPool", "a", "b").node("MatMul", "a v", "y").node("Add", "b y", "z").output("z"));
    List<ModelProblem> problems = Compiler.check(OnnxSource.ofFile(file));
    assertTrue(problems.get(0).toString().startsWith("node w (constant): it has dimensions [512, 1048576]"), problems.toString());
    assertTrue(problems.stream().anyMatch(problem -> problem.node().equals("the_b")), problems.toString());
  }

  @Test
  void aModelFileOfThreeGigabytesIsRefusedUnread(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("big.onnx");
    try (RandomAccessFile model = new RandomAccessFile(file.toFile(), "rw")) {
      model.setLength(3L << 30);
    }
    UncompilableModelException e = assertThrows(UncompilableModelException.class, () -> OnnxSource.ofFile(file));
    assertTrue(e.getMessage().contains("big.onnx") && e.getMessage().contains("3221225472 bytes"), e.getMessage());
  }

  @Test
  void aTensorWithTooFewValuesNamesBothCounts() {
    refused(linear().constant("w", new long[] {4, 2}, ONES).source("y"), "w", "8", "4");
  }

  @Test
  void rawDataOfTheWrongLengthNamesBothLengths() {
    TensorProto raw = TensorProto.newBuilder().setName("w").setDataType(1).addDims(4).addDims(1)
        .setRawData(ByteString.copyFrom(new byte[15])).build();
    refused(linear().constant(raw).source("y"), "16", "15");
  }

  @Test
  void weightsThatAreNotFiniteAreNamedWithTheirIndex() {
    uncompilable(linear().constant("w", new long[] {4, 1}, 1, Double.NaN, 1, 1).source("y"), "the_y", "w", "NaN", "index 1");
    uncompilable(linear().constant("w", new long[] {4, 1}, 1, 1, Double.POSITIVE_INFINITY, 1).source("y"), "the_y", "w", "index 2");
  }

  @Test
  void weightsOfAbsurdMagnitudeAreNamedWithTheLimit() {
    uncompilable(linear().constant("w", new long[] {4, 1}, 1, 1, -1e30, 1).source("y"), "the_y", "w", "E30", "index 2", "1.0E15");
    uncompilable(TestModels.of(4).constant("b", new long[] {4}, 1, 3e38, 1, 1).node("Add", "x b", "y").source("y"),
        "the_y", "b", "E38", "index 1", "1.0E15");
  }

  @Test
  void weightsThatFoldToAnAbsurdMagnitudeNameTheNode() {
    uncompilable(TestModels.of(4).constant("b", new long[] {4}, 1e10, 2e10, 3e10, 4e10).node("Mul", "x b", "a")
        .node("Mul", "a b", "y").source("y"), "the_y", "1.0E15");
  }

  @Test
  void aMissingInitializerIsNamed() {
    refused(linear().source("y"), "w", "the_y");
  }

  @Test
  void aCycleIsNamed() {
    refused(TestModels.of(4).node("Add", "x b", "a").node("Relu", "a", "b").source("b"), "cycle");
  }

  @Test
  void anOutputThatNothingMakesIsNamed() {
    refused(linear().constant("w", new long[] {4, 1}, ONES).source("z"), "z");
  }

  @Test
  void aValueMadeTwiceIsNamed() {
    refused(TestModels.of(4).node("Relu", "x", "y").node("Tanh", "x", "y").source("y"), "y", "twice");
  }

  @Test
  void anUnknownOperatorSetIsNamed() {
    refused(TestModels.of(4).opset(999).node("Relu", "x", "y").source("y"), "999");
  }

  @Test
  void externalDataOutsideTheFolderIsNeverOpened(@TempDir Path folder) throws IOException {
    Files.createDirectory(folder.resolve("model"));
    Files.write(folder.resolve("secret.bin"), new byte[16]);
    for (String location : new String[] {"../secret.bin", folder.resolve("secret.bin").toString(), "/etc/passwd", "a/../../secret.bin"}) {
      refused(externalModel(folder.resolve("model"), location, null), "outside");
    }
    Files.createSymbolicLink(folder.resolve("model/link.bin"), folder.resolve("secret.bin"));
    refused(externalModel(folder.resolve("model"), "link.bin", null), "regular file");
  }

  @Test
  void externalDataThatIsTooShortNamesTheBytes(@TempDir Path folder) throws IOException {
    Files.write(folder.resolve("w.bin"), new byte[12]);
    refused(externalModel(folder, "w.bin", null), "0..16", "12");
    refused(externalModel(folder, "w.bin", "9223372036854775807"), "12");
    refused(externalModel(folder, "w.bin", "-5"), "offset");
    refused(externalModel(folder, "missing.bin", null), "missing.bin");
  }

  private static OnnxSource externalModel(Path folder, String location, String offset) throws IOException {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName("w").setDataType(1).addDims(4).addDims(1)
        .setDataLocation(TensorProto.DataLocation.EXTERNAL)
        .addExternalData(StringStringEntryProto.newBuilder().setKey("location").setValue(location));
    if (offset != null) {
      tensor.addExternalData(StringStringEntryProto.newBuilder().setKey("offset").setValue(offset));
    }
    Path file = folder.resolve("model.onnx");
    Files.write(file, linear().constant(tensor.build()).output("y"));
    return OnnxSource.ofFile(file);
  }
}
