// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** The SIGNATURE blob: one of several versions of the body, whatever a signature needs; see docs/formats.md. */
final class SignatureCodec {
  private static final int BODY_VERSION = 1;

  /** The version of a body that ends with a {@link Sharing}. */
  private static final int SHARING_VERSION = 2;

  /** What is added to the version where an input has a copy shift, which all inputs then carry. */
  private static final int SHIFTS = 2;

  /** The version of a body that names its packing. */
  private static final int PACKING_VERSION = 5;

  /** The version of a body of the latency packing with several rows side by side; all inputs carry a copy shift. */
  private static final int ROWS_VERSION = 6;

  /** The version of a body that names its packing, which is no other than the coefficient packing, and ends with a {@link ModelPrivacy}. */
  private static final int PRIVACY_VERSION = 7;

  /** The version of a body of the latency packing that ends with a {@link ModelPrivacy}; all inputs carry a copy shift. */
  private static final int LATENCY_PRIVACY_VERSION = 8;

  /** The version of a body that goes on with the version of another body, that body, and a {@link FeatureTable}. */
  private static final int TABLE_VERSION = 9;

  /** The version of a body that goes on with the version of another body, that body, and the error bounds of each value of the VALUE outputs. */
  private static final int ERRORS_VERSION = 10;

  private SignatureCodec() {}

  static byte[] write(Signature s) {
    BoundedWriter out = new BoundedWriter();
    Sharing sharing = s.sharing().orElse(null);
    ModelPrivacy privacy = s.modelPrivacy().orElse(null);
    boolean named = s.packing() != RowPacking.LATENCY;
    boolean several = s.rows() > 1;
    boolean shifts = several || privacy != null && !named || s.hasShifts();
    int plainVersion = (sharing == null ? BODY_VERSION : SHARING_VERSION) + (shifts ? SHIFTS : 0);
    boolean described = !s.featureTable().equals(FeatureTable.NONE);
    boolean byValue = s.cipherOutputs().stream().anyMatch(CipherOutput::hasErrorBoundsByValue);
    if (byValue) {
      out.u16(ERRORS_VERSION);
    }
    if (described) {
      out.u16(TABLE_VERSION);
    }
    int latencyVersion = several ? ROWS_VERSION : privacy != null ? LATENCY_PRIVACY_VERSION : plainVersion;
    out.u16(!named ? latencyVersion : privacy == null ? PACKING_VERSION : PRIVACY_VERSION).string(s.model()).u16(s.securityBits());
    if (named) {
      out.u8(s.packing().ordinal());
    }
    if (several) {
      out.u32(s.rows());
    }
    out.u16(s.inputs().size());
    s.inputs().forEach(input -> input.writeTo(out, shifts));
    out.u16(s.cipherOutputs().size());
    s.cipherOutputs().forEach(output -> output.writeTo(out));
    s.tail().writeTo(out);
    out.u32(s.keys().size());
    for (KeyRequirement key : s.keys()) {
      out.u32(key.galoisElement()).u8(key.level());
    }
    if (sharing != null) {
      out.u64(sharing.results()).u8(sharing.statisticalBits()).f64(sharing.noise());
    }
    s.knownRows().ifPresent(known -> known.writeTo(out));
    s.coefficientBlocks().ifPresent(blocks -> blocks.writeTo(out));
    if (privacy != null) {
      out.u64(privacy.answers()).u8(privacy.statisticalBits()).u8(privacy.floodBits());
    }
    if (described) {
      s.featureTable().writeTo(out);
    }
    if (byValue) {
      values(s.cipherOutputs()).forEach(output -> output.writeErrorBounds(out));
    }
    return Blob.write(BlobKind.SIGNATURE, HexFormat.of().parseHex(s.parametersHash()), out.toBytes());
  }

  static Signature read(ByteBuffer bytes) {
    Blob blob = Blob.read(bytes, BlobKind.SIGNATURE);
    BoundedReader in = new BoundedReader("signature", blob.body());
    try {
      int outer = in.u16("body version", BODY_VERSION, ERRORS_VERSION);
      boolean byValue = outer == ERRORS_VERSION;
      outer = byValue ? in.u16("version of the body inside", BODY_VERSION, TABLE_VERSION) : outer;
      int version = outer == TABLE_VERSION ? in.u16("version of the body inside", BODY_VERSION, LATENCY_PRIVACY_VERSION) : outer;
      boolean named = version == PACKING_VERSION || version == PRIVACY_VERSION;
      boolean shifts = version > SHARING_VERSION && !named;
      String model = in.string("model");
      int securityBits = in.u16("security bits");
      RowPacking packing = named ? RowPacking.ofCode(in.u8("packing")) : RowPacking.LATENCY;
      if (named && packing == RowPacking.LATENCY) {
        throw in.malformed("packing LATENCY is written in version " + BODY_VERSION);
      }
      int rows = version == ROWS_VERSION ? in.u32("rows side by side", 2, Constant.MAX_PERIOD) : 1;
      int inputCount = in.u16("input count");
      in.needItems("inputs", inputCount, 40);
      List<SignatureInput> inputs = new ArrayList<>(inputCount);
      for (int i = 0; i < inputCount; i++) {
        inputs.add(SignatureInput.readFrom(in, shifts, rows));
      }
      int outputCount = in.u16("output count");
      in.needItems("outputs", outputCount, 40);
      List<CipherOutput> outputs = new ArrayList<>(outputCount);
      for (int i = 0; i < outputCount; i++) {
        outputs.add(CipherOutput.readFrom(in, rows));
      }
      Postprocessing tail = Postprocessing.readFrom(in);
      long keyCount = in.u32("key count");
      in.needItems("keys", keyCount, 5);
      List<KeyRequirement> keys = new ArrayList<>((int) keyCount);
      for (int i = 0; i < keyCount; i++) {
        KeyRequirement key = new KeyRequirement(in.u32("Galois element"), in.u8("key level"));
        if (i > 0 && keys.get(i - 1).compareTo(key) >= 0) {
          throw in.malformed("key " + i + " does not ascend");
        }
        keys.add(key);
      }
      Sharing sharing = version < PACKING_VERSION && (version - BODY_VERSION) % SHIFTS != 0
          ? new Sharing(in.u64("shared results"), in.u8("statistical bits"), in.f64("noise of shared values")) : null;
      KnownRows known = packing == RowPacking.THROUGHPUT ? KnownRows.readFrom(in, outputs) : null;
      CoefficientBlocks blocks = packing == RowPacking.COEFFICIENT ? CoefficientBlocks.readFrom(in) : null;
      ModelPrivacy privacy = version >= PRIVACY_VERSION
          ? new ModelPrivacy(in.u64("private answers"), in.u8("statistical bits"), in.u8("flood bits")) : null;
      FeatureTable table = outer == TABLE_VERSION ? FeatureTable.readFrom(in) : FeatureTable.NONE;
      if (byValue) {
        outputs.replaceAll(output -> output.kind() == CipherOutput.Kind.VALUE ? output.readErrorBounds(in) : output);
        if (outputs.stream().noneMatch(CipherOutput::hasErrorBoundsByValue)) {
          throw in.malformed("error bounds by value that are all the same are written in version " + outer);
        }
      }
      in.end();
      Signature signature =
          new Signature(
              model, Blob.hex(blob.parameterHash()), securityBits, inputs, outputs, tail, keys,
              new Arrangement(packing, sharing, known, blocks, privacy)).withFeatureTable(table);
      if (version != ROWS_VERSION && version != LATENCY_PRIVACY_VERSION && shifts != signature.hasShifts()) {
        throw in.malformed("body version " + version + " without a copy shift is written as version " + (version - SHIFTS));
      }
      return signature;
    } catch (IllegalArgumentException e) {
      throw in.malformed(e.getMessage());
    }
  }

  private static List<CipherOutput> values(List<CipherOutput> outputs) {
    return outputs.stream().filter(output -> output.kind() == CipherOutput.Kind.VALUE).toList();
  }
}
