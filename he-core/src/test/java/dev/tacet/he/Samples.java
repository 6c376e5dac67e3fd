// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.util.List;

/** Small valid objects that the tests start from. */
final class Samples {
  private Samples() {}

  /** N = 2^13, three levels, inside the table for 128 bits. */
  static Parameters parameters() {
    return parameters(RingType.STANDARD);
  }

  static Parameters parameters(RingType ring) {
    return ModulusChain.select(13, ring, 45, 32, 3, 45, 1).security(SecurityLevel.CLASSICAL_128).build();
  }

  /** N = 2^5: 16 slots, for fast random programs. */
  static Parameters tiny() {
    return tiny(RingType.STANDARD);
  }

  /** The ring with 16 slots. */
  static Parameters tiny(RingType ring) {
    return ModulusChain.select(ring == RingType.STANDARD ? 5 : 4, ring, 45, 32, 6, 45, 2)
        .security(SecurityLevel.UNCHECKED_FOR_TESTS)
        .build();
  }

  /** A program with one linear layer 3 -> 2 and a square. */
  static Program program(Parameters parameters) {
    Scale delta = Scale.powerOfTwo(32);
    ProgramBuilder b = new ProgramBuilder(parameters).layer("fc1");
    ProgramBuilder.Value x = b.input(3, delta);
    ProgramBuilder.Value z =
        b.linearTransform(x, new Constant.Matrix(2, 3, 4, 4, new double[] {1, 2, 3, 4, 5, 6}), 2, Scale.prime(3, 1));
    ProgramBuilder.Value y = b.addPlain(b.rescale(z), new Constant.Vector(new double[] {0.5, -0.5}, 4));
    b.layer("square");
    ProgramBuilder.Value s = b.rescale(b.relinearize(b.square(y)));
    b.output(s);
    return b.build();
  }

  static Signature signature(Program program) {
    ValueType in = program.inputTypes().get(0);
    ValueType out = program.outputTypes().get(0);
    SignatureInput input =
        new SignatureInput(
            "X", new int[] {3}, 3, 4, in.scale(), in.level(), new double[] {-1, 0, 10}, new double[] {1, 4, 20},
            new double[] {0, 2, 15}, new double[] {1, 2, 5});
    CipherOutput output =
        new CipherOutput(
            CipherOutput.Kind.VALUE, 0, "scores", 2, 4, out.level(), out.scale(), new double[] {2, 2}, new double[] {0, 1},
            1, 1e-4, 1e-3);
    return new Signature(
        "sample", program.parameters().hashHex(), program.parameters().security().bits(), List.of(input), List.of(output),
        tail(), List.copyOf(program.requiredKeys()));
  }

  static Postprocessing tail() {
    return new Postprocessing(
        List.of("scores"),
        List.of(
            TailNode.withStrings(TailOp.LABEL, "scores", "label", List.of("no", "yes")),
            TailNode.of(TailOp.SOFTMAX, "scores", "p"),
            TailNode.withIntegers(TailOp.ZIP_MAP, "p", "probabilities", 0, 1)),
        List.of("label", "probabilities"));
  }

  static ModelArtifact artifact() {
    return artifact(RingType.STANDARD);
  }

  static ModelArtifact artifact(RingType ring) {
    Program program = program(parameters(ring));
    return new ModelArtifact(program.parameters(), signature(program), program, "{\"source\":\"test\"}", "{}");
  }

  static KeyManifest manifest() {
    return new KeyManifest(
        parameters().hash(),
        List.of(
            new KeyManifest.Entry(new KeyRequirement(5, 3), "ab".repeat(32), 1000),
            new KeyManifest.Entry(new KeyRequirement(0, 2), "cd".repeat(32), 2000)));
  }
}
