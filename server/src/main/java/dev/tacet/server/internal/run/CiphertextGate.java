// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import dev.tacet.he.Blob;
import dev.tacet.he.BlobKind;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.MalformedException;
import dev.tacet.he.Parameters;
import dev.tacet.he.ValueType;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Turns the bytes of one input into a ciphertext that is exactly what the program declares, or says which number is wrong.
 * Lengths and the header are checked before native memory is taken; residues are checked by the native reader.
 */
public final class CiphertextGate {
  /** Room for the fields before the limbs: four bytes, a scale of up to 64 primes, a seed. */
  private static final int FIELDS_BYTES = 4 + 5 + 64 * 3 + 32;

  private CiphertextGate() {}

  /** Returns the largest length in bytes that a ciphertext of this type can have. */
  public static long maxBytes(Parameters parameters, ValueType type) {
    long bits = 0;
    for (int i = 0; i <= type.level(); i++) {
      bits += 64 - Long.numberOfLeadingZeros(parameters.modulus(i));
    }
    long limbs = bits * parameters.ringDegree() / 8 + type.level() + 1;
    return Blob.OVERHEAD_BYTES + FIELDS_BYTES + type.components() * limbs;
  }

  /**
   * Checks the length alone, before anything is copied.
   *
   * @throws ServiceException WRONG_CIPHERTEXT
   */
  public static void checkLength(int index, long length, Parameters parameters, ValueType type) {
    long most = maxBytes(parameters, type);
    if (length > most) {
      throw new ServiceException(
          ErrorCause.WRONG_CIPHERTEXT,
          "input " + index + " has " + length + " bytes, a ciphertext of " + describe(type) + " has at most " + most);
    }
  }

  /**
   * Reads one input.
   *
   * @param bytes a CIPHERTEXT blob in a direct buffer, position to limit
   * @return the ciphertext; the caller closes it
   * @throws MalformedException if it is no whole ciphertext blob, or a residue is out of range
   * @throws ServiceException WRONG_PARAMETERS, WRONG_CIPHERTEXT
   */
  public static Ciphertext read(int index, ByteBuffer bytes, Context context, Parameters parameters, ValueType type) {
    checkLength(index, bytes.remaining(), parameters, type);
    Blob blob = Blob.read(bytes, BlobKind.CIPHERTEXT);
    if (!Arrays.equals(blob.parameterHash(), parameters.hash())) {
      throw new ServiceException(
          ErrorCause.WRONG_PARAMETERS,
          "input " + index + " was made for parameters " + HexFormat.of().formatHex(blob.parameterHash()) + ", the model has "
              + parameters.hashHex());
    }
    ByteBuffer body = blob.body();
    if (body.remaining() < 4) {
      throw new MalformedException("input " + index + " has a body of " + body.remaining() + " bytes");
    }
    int encoding = Byte.toUnsignedInt(body.get(body.position()));
    int level = Byte.toUnsignedInt(body.get(body.position() + 1));
    int components = Byte.toUnsignedInt(body.get(body.position() + 2));
    if (encoding != type.encoding().code() || level != type.level() || components != type.components()) {
      throw new ServiceException(
          ErrorCause.WRONG_CIPHERTEXT,
          "input " + index + " has encoding " + encoding + ", level " + level + ", " + components
              + " components; the program takes " + describe(type));
    }
    Ciphertext ciphertext = Ciphertext.fromBytes(context, bytes);
    if (!ciphertext.scale().equals(type.scale())) {
      ServiceException wrong =
          new ServiceException(
              ErrorCause.WRONG_CIPHERTEXT,
              "input " + index + " has scale " + ciphertext.scale() + "; the program takes " + type.scale());
      ciphertext.close();
      throw wrong;
    }
    return ciphertext;
  }

  private static String describe(ValueType type) {
    return "encoding " + type.encoding().code() + ", level " + type.level() + ", " + type.components() + " components";
  }
}
