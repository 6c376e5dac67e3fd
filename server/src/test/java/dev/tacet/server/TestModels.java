// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.Program;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.ValueType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small models inside the security table, made without the compiler. */
final class TestModels {
  private static final double[] ONES = {1, 1, 1};
  private static final double[] ZEROS = {0, 0, 0};

  private TestModels() {}

  /** N = 2^13: four chain primes, one special prime. */
  static Parameters parameters() {
    return ModulusChain.select(13, RingType.STANDARD, 45, 32, 3, 45, 1).security(SecurityLevel.CLASSICAL_128).build();
  }

  /** N = 2^12, no special prime: no key can be used. */
  static Parameters smallParameters() {
    return ModulusChain.select(12, RingType.STANDARD, 40, 30, 1, 40, 0).security(SecurityLevel.CLASSICAL_128).build();
  }

  /** slot i -> (W x + b)^2 for a 2x3 matrix: rotations and a relinearization. */
  static ModelArtifact square() {
    ProgramBuilder b = new ProgramBuilder(parameters()).layer("fc1");
    ProgramBuilder.Value x = b.input(3, Scale.powerOfTwo(32));
    Constant.Matrix w = new Constant.Matrix(2, 3, 4, 4, new double[] {0.1, 0.2, 0.3, 0.4, -0.5, 0.1});
    ProgramBuilder.Value z = b.rescale(b.linearTransform(x, w, 2, Scale.prime(3, 1)));
    ProgramBuilder.Value y = b.addPlain(z, new Constant.Vector(new double[] {0.25, -0.125}, 4));
    b.layer("square");
    b.output(b.rescale(b.relinearize(b.square(y))));
    return artifact("square", b.build(), 2);
  }

  /** What {@link #square()} computes. */
  static double[] squareInTheClear(double... x) {
    double a = 0.1 * x[0] + 0.2 * x[1] + 0.3 * x[2] + 0.25;
    double b = 0.4 * x[0] - 0.5 * x[1] + 0.1 * x[2] - 0.125;
    return new double[] {a * a, b * b};
  }

  /** x -> x / 2: needs no key. */
  static ModelArtifact half() {
    return scaled("half", 0.5);
  }

  /** x -> factor x, under a name. */
  static ModelArtifact scaled(String name, double factor) {
    return scaled(name, factor, 3);
  }

  /** The same with another number of outputs, which makes another signature. */
  static ModelArtifact scaled(String name, double factor, int outputs) {
    ProgramBuilder b = new ProgramBuilder(smallParameters()).layer("scale");
    ProgramBuilder.Value x = b.input(1, Scale.powerOfTwo(30));
    b.output(b.rescale(b.multiplyScalar(x, factor, Scale.prime(1, 1))));
    return artifact(name, b.build(), outputs);
  }

  /** A chain of rotations that takes seconds. */
  static ModelArtifact slow(int rotations) {
    ProgramBuilder b = new ProgramBuilder(parameters()).layer("spin");
    ProgramBuilder.Value x = b.input(3, Scale.powerOfTwo(32));
    for (int i = 0; i < rotations; i++) {
      x = b.rotate(x, 4);
    }
    b.output(x);
    return artifact("slow", b.build(), 3);
  }

  /** x -> x by a chain of rotations by the period, for each of which it takes a key of its own. */
  static ModelArtifact manyKeys(int keys) {
    ProgramBuilder b = new ProgramBuilder(parameters()).layer("spin");
    ProgramBuilder.Value x = b.input(3, Scale.powerOfTwo(32));
    for (int i = 1; i <= keys; i++) {
      x = b.rotate(x, 4 * i);
    }
    b.output(x);
    return artifact("many", b.build(), 3);
  }

  private static ModelArtifact artifact(String name, Program program, int outputs) {
    ValueType in = program.inputTypes().get(0);
    ValueType out = program.outputTypes().get(0);
    SignatureInput input =
        new SignatureInput(
            "X", new int[] {3}, 3, 4, in.scale(), in.level(), new double[] {-1, -1, -1}, ONES, ZEROS, ONES);
    CipherOutput output =
        new CipherOutput(
            CipherOutput.Kind.VALUE, 0, "y", outputs, 4, out.level(), out.scale(),
            java.util.Arrays.copyOf(ONES, outputs), java.util.Arrays.copyOf(ZEROS, outputs), 1, 1e-3, 1e-3);
    Parameters parameters = program.parameters();
    Signature signature =
        new Signature(
            name, parameters.hashHex(), parameters.security().bits(), List.of(input), List.of(output),
            Postprocessing.identity(List.of("y")), List.copyOf(program.requiredKeys()));
    return new ModelArtifact(parameters, signature, program, "{}", "{}");
  }

  /** Writes {@code <root>/<name>/<version>/model.tacet}. */
  static void write(Path root, String name, String version, ModelArtifact artifact) throws IOException {
    Path folder = Files.createDirectories(root.resolve(name).resolve(version));
    Files.write(folder.resolve("model.tacet"), artifact.toBytes());
  }
}
