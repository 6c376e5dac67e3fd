// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.secret.SecretKeyAccess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes the golden files of the current format version: one blob of each kind under one small parameter set of one ring. They are
 * written once for each version and ring and never again; {@link GoldenFilesTest} reads all of them.
 *
 * <p>{@code GoldenFiles DIRECTORY RING_TYPE}
 */
final class GoldenFiles {
  private GoldenFiles() {}

  /** The slots of every golden ciphertext. */
  static double[] slots(Parameters parameters) {
    double[] slots = new double[parameters.slots()];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = (i % 7 - 3) / 4.0;
    }
    return slots;
  }

  /** x -> 0.5 T_2(rotate(x, 1)) + x, with a vector, a matrix and a polynomial. */
  static Program program(Parameters parameters) {
    ProgramBuilder builder = new ProgramBuilder(parameters);
    Scale scale = Scale.powerOfTwo(parameters.logScale());
    builder.layer("input");
    ProgramBuilder.Value x = builder.input(3, scale);
    builder.layer("fc1");
    Constant.Matrix matrix = new Constant.Matrix(2, 3, 4, 4, new double[] {0.5, -0.25, 0.125, 1, 0, -0.5});
    ProgramBuilder.Value y =
        builder.rescale(builder.linearTransform(builder.rotate(x, 1), matrix, 2, Scale.prime(3, 1)));
    y = builder.addPlain(y, new Constant.Vector(new double[] {0.25, -0.125}, 4));
    builder.layer("activation");
    Constant.Polynomial square = new Constant.Polynomial(Constant.Basis.CHEBYSHEV, new double[] {0, 0, 0.5});
    builder.output(builder.add(builder.polynomial(y, square, scale), builder.dropLevel(x, 0)));
    return builder.build();
  }

  public static void main(String[] arguments) throws IOException {
    Path directory = Files.createDirectories(Path.of(arguments[0]));
    try (HeFixture he = new HeFixture(HeFixture.parameters(RingType.valueOf(arguments[1]), 4, 3));
        PublicKey publicKey = he.generator.publicKey();
        Ciphertext seeded = he.encrypt(slots(he.parameters));
        Ciphertext full = new Encryptor(he.context, publicKey).encrypt(slots(he.parameters), 1, he.scale);
        Ciphertext three = new Evaluator(he.context).square(seeded)) {
      Files.write(directory.resolve("parameters.bin"), he.parameters.toBytes());
      Files.write(directory.resolve("secret-key.bin"), he.secretKey.export(SecretKeyAccess.get()));
      Files.write(directory.resolve("public-key.bin"), publicKey.toBytes());
      Files.write(directory.resolve("ciphertext-seeded.bin"), seeded.toBytes());
      Files.write(directory.resolve("ciphertext-full.bin"), full.toBytes());
      Files.write(directory.resolve("ciphertext-three.bin"), three.toBytes());
      Program program = program(he.parameters);
      Files.write(directory.resolve("program.bin"), program.toBytes());
      for (KeyRequirement key : List.copyOf(program.requiredKeys())) {
        ByteBuffer blob = he.generator.evaluationKey(key);
        byte[] bytes = new byte[blob.remaining()];
        blob.get(bytes);
        Files.write(directory.resolve("evaluation-key-" + key.galoisElement() + ".bin"), bytes);
      }
    }
  }
}
