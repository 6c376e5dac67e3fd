// SPDX-License-Identifier: Apache-2.0
package dev.tacet.benchmarks.load;

import dev.tacet.he.CipherOutput;
import dev.tacet.he.Constant;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.ModulusChain;
import dev.tacet.he.Parameters;
import dev.tacet.he.Postprocessing;
import dev.tacet.he.ProgramBuilder;
import dev.tacet.he.Program;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.ValueType;
import java.util.List;
import java.util.Random;

/** The model that is called where none is given: 16 features, a dense layer and a square, at N = 2^13. */
final class LoadModel {
  private static final int FEATURES = 16;
  private static final int OUTPUTS = 15;

  private LoadModel() {}

  static ModelArtifact artifact() {
    Parameters parameters =
        ModulusChain.select(13, RingType.STANDARD, 45, 32, 3, 45, 1).security(SecurityLevel.CLASSICAL_128).build();
    Random random = new Random(1);
    ProgramBuilder builder = new ProgramBuilder(parameters).layer("dense");
    ProgramBuilder.Value x = builder.input(3, Scale.powerOfTwo(32));
    double[] weights = random.doubles(OUTPUTS * FEATURES, -0.1, 0.1).toArray();
    ProgramBuilder.Value y = builder.rescale(
        builder.linearTransform(x, new Constant.Matrix(OUTPUTS, FEATURES, FEATURES, FEATURES, weights), 2, Scale.prime(3, 1)));
    builder.layer("square");
    builder.output(builder.rescale(builder.relinearize(builder.square(y))));
    Program program = builder.build();
    ValueType in = program.inputTypes().get(0);
    ValueType out = program.outputTypes().get(0);
    SignatureInput input = new SignatureInput(
        "x", new int[] {FEATURES}, FEATURES, FEATURES, in.scale(), in.level(), filled(FEATURES, -1), filled(FEATURES, 1),
        filled(FEATURES, 0), filled(FEATURES, 1));
    CipherOutput output = new CipherOutput(
        CipherOutput.Kind.VALUE, 0, "y", OUTPUTS, FEATURES, out.level(), out.scale(), filled(OUTPUTS, 1), filled(OUTPUTS, 0), 4, 1e-3, 1e-3);
    Signature signature = new Signature(
        "load", parameters.hashHex(), parameters.security().bits(), List.of(input), List.of(output),
        Postprocessing.identity(List.of("y")), List.copyOf(program.requiredKeys()));
    return new ModelArtifact(parameters, signature, program, "{}", "{}");
  }

  private static double[] filled(int count, double value) {
    double[] values = new double[count];
    java.util.Arrays.fill(values, value);
    return values;
  }
}
