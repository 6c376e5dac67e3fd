// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * A compiled model, {@code model.tacet}: parameters, signature, program, and two JSON documents for people.
 *
 * <p>Body: {@code u8 sectionCount | sectionCount x (u8 kind, u64 length, bytes)} with kinds 1 PARAMETERS blob, 2 SIGNATURE blob,
 * 3 PROGRAM blob, 4 provenance JSON, 5 report JSON, each once and in this order. The artifact is named by its SHA-256.
 */
public final class ModelArtifact {
  private static final int SECTIONS = 5;

  private final Parameters parameters;
  private final Signature signature;
  private final Program program;
  private final String provenance;
  private final String report;
  private final byte[] bytes;

  /**
   * Makes an artifact and proves that its parts belong together.
   *
   * @param provenance JSON: where the model came from; never a row of data
   * @param report JSON: levels, costs and precision of the layers
   * @throws IllegalArgumentException if the signature does not describe the program, or the parameters are UNCHECKED_FOR_TESTS
   */
  public ModelArtifact(
      Parameters parameters, Signature signature, Program program, String provenance, String report) {
    this.parameters = Objects.requireNonNull(parameters, "parameters");
    this.signature = Objects.requireNonNull(signature, "signature");
    this.program = Objects.requireNonNull(program, "program");
    this.provenance = Objects.requireNonNull(provenance, "provenance");
    this.report = Objects.requireNonNull(report, "report");
    Signature.require(
        parameters.security() != SecurityLevel.UNCHECKED_FOR_TESTS, "parameters UNCHECKED_FOR_TESTS cannot be served");
    Signature.require(
        program.parameters().equals(parameters), "program is for parameters %s, the artifact has %s",
        program.parameters().hashHex(), parameters.hashHex());
    signature.requireMatches(program);
    bytes = write();
  }

  /** Returns the parameters. */
  public Parameters parameters() {
    return parameters;
  }

  /** Returns the signature. */
  public Signature signature() {
    return signature;
  }

  /** Returns the program. */
  public Program program() {
    return program;
  }

  /** Returns the provenance, JSON. */
  public String provenance() {
    return provenance;
  }

  /** Returns the compiler's report, JSON. */
  public String report() {
    return report;
  }

  /** Returns the ARTIFACT blob; a copy. */
  public byte[] toBytes() {
    return bytes.clone();
  }

  /** Returns the SHA-256 of the ARTIFACT blob in 64 hexadecimal digits. */
  public String sha256() {
    return Blob.sha256Hex(bytes);
  }

  /**
   * Reads an ARTIFACT blob and proves it.
   *
   * @throws MalformedException if the bytes are not a consistent artifact
   * @throws UnsupportedException if the program uses an op that is not implemented in this version
   */
  public static ModelArtifact fromBytes(ByteBuffer bytes) {
    Blob blob = Blob.read(bytes, BlobKind.ARTIFACT);
    BoundedReader in = new BoundedReader("artifact", blob.body());
    in.u8("section count", SECTIONS, SECTIONS);
    ByteBuffer[] sections = new ByteBuffer[SECTIONS];
    for (int i = 0; i < SECTIONS; i++) {
      in.u8("section kind", i + 1, i + 1);
      sections[i] = in.view("section " + (i + 1), in.u64("section length"));
    }
    in.end();
    Parameters parameters = Parameters.fromBytes(sections[0]);
    if (!Arrays.equals(parameters.hash(), blob.parameterHash())) {
      throw in.malformed(
          "header names parameters " + Blob.hex(blob.parameterHash()) + ", its section 1 holds " + parameters.hashHex());
    }
    try {
      return new ModelArtifact(
          parameters,
          Signature.fromBytes(sections[1]),
          Program.fromBytes(parameters, sections[2]),
          text(in, "provenance", sections[3]),
          text(in, "report", sections[4]));
    } catch (IllegalArgumentException e) {
      throw in.malformed(e.getMessage());
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelArtifact a && Arrays.equals(bytes, a.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return "ModelArtifact[" + signature.model() + ", " + parameters + ", " + program + "]";
  }

  private byte[] write() {
    byte[][] sections = {
      parameters.toBytes(),
      signature.toBytes(),
      program.toBytes(),
      provenance.getBytes(StandardCharsets.UTF_8),
      report.getBytes(StandardCharsets.UTF_8)
    };
    BoundedWriter out = new BoundedWriter();
    out.u8(SECTIONS);
    for (int i = 0; i < SECTIONS; i++) {
      out.u8(i + 1).u64(sections[i].length).bytes(sections[i]);
    }
    return Blob.write(BlobKind.ARTIFACT, parameters.hash(), out.toBytes());
  }

  private static String text(BoundedReader in, String what, ByteBuffer bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw in.malformed(what + " is not UTF-8");
    }
  }
}
