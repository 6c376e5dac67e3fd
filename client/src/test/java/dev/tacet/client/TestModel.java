// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

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
import dev.tacet.he.TailNode;
import dev.tacet.he.TailOp;
import dev.tacet.he.ValueType;
import java.util.List;

/** A small model inside the security table: scores = (W x + b)^2 for a 2 x 3 matrix, then a label. */
final class TestModel {
  static final String NAME = "square";

  private TestModel() {}

  static Parameters parameters() {
    return ModulusChain.select(13, RingType.STANDARD, 45, 32, 3, 45, 1).security(SecurityLevel.CLASSICAL_128).build();
  }

  static ModelArtifact artifact() {
    return artifact(0.25);
  }

  static ModelArtifact artifact(double bias) {
    ProgramBuilder b = new ProgramBuilder(parameters()).layer("fc1");
    ProgramBuilder.Value x = b.input(3, Scale.powerOfTwo(32));
    Constant.Matrix w = new Constant.Matrix(2, 3, 4, 4, new double[] {0.1, 0.2, 0.3, 0.4, -0.5, 0.1});
    ProgramBuilder.Value z = b.rescale(b.linearTransform(x, w, 2, Scale.prime(3, 1)));
    ProgramBuilder.Value y = b.addPlain(z, new Constant.Vector(new double[] {bias, -0.125}, 4));
    b.layer("square");
    b.output(b.dropLevel(b.rescale(b.relinearize(b.square(y))), 0));
    Program program = b.build();
    ValueType in = program.inputTypes().get(0);
    ValueType out = program.outputTypes().get(0);
    double[] ones = {1, 1, 1};
    SignatureInput input =
        new SignatureInput(
            "X", new int[] {3}, 3, 4, in.scale(), in.level(), new double[] {-1, -1, -1}, ones, new double[3], ones);
    CipherOutput output =
        new CipherOutput(
            CipherOutput.Kind.VALUE, 0, "scores", 2, 4, out.level(), out.scale(), new double[] {1, 1}, new double[2],
            2, 1e-3, 1e-3 + bias * 1e-9);
    Postprocessing tail =
        new Postprocessing(
            List.of("scores"),
            List.of(TailNode.withStrings(TailOp.LABEL, "scores", "label", List.of("first", "second"))),
            List.of("label", "scores"));
    Signature signature =
        new Signature(
            NAME, program.parameters().hashHex(), 128, List.of(input), List.of(output), tail,
            List.copyOf(program.requiredKeys()));
    return new ModelArtifact(program.parameters(), signature, program, "{}", "{}");
  }

  static double[] clear(double... x) {
    double a = 0.1 * x[0] + 0.2 * x[1] + 0.3 * x[2] + 0.25;
    double b = 0.4 * x[0] - 0.5 * x[1] + 0.1 * x[2] - 0.125;
    return new double[] {a * a, b * b};
  }
}
