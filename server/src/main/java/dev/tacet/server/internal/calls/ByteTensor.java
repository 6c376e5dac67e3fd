// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.calls;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The one tensor of a model in the Open Inference Protocol: BYTES, an element a ciphertext. Its raw form is each element after its
 * length in 4 bytes, little endian.
 */
public final class ByteTensor {
  /** The tensor's name, in and out. */
  public static final String NAME = "ciphertexts";

  /** Its type. */
  public static final String TYPE = "BYTES";

  private ByteTensor() {}

  /**
   * Checks a tensor's declaration.
   *
   * @throws ServiceException INVALID_ARGUMENT, MALFORMED
   */
  public static void check(String name, String type, List<Long> shape) {
    if (!name.equals(NAME) || !type.equals(TYPE)) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT, "a model takes one tensor, \"" + NAME + "\" of type " + TYPE + ", each element a ciphertext");
    }
    if (shape.size() == 1 && shape.get(0) < 0) {
      throw new ServiceException(
          ErrorCause.MALFORMED, "the shape of tensor " + NAME + " must be [the number of ciphertexts], a whole number");
    }
    if (shape.size() != 1) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT, "tensor " + NAME + " has one dimension, the number of ciphertexts; the call declares " + shape.size());
    }
  }

  /**
   * Checks the names of the outputs that a call asks for; without any it gets what there is.
   *
   * @throws ServiceException INVALID_ARGUMENT
   */
  public static void checkRequested(List<String> outputs) {
    if (outputs.size() > 1 || outputs.size() == 1 && !outputs.get(0).equals(NAME)) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT, "a model gives one tensor, \"" + NAME + "\"; the call asks for " + (outputs.size() > 1
              ? outputs.size() : "another one"));
    }
  }

  /**
   * Cuts the raw form into its elements, without copying.
   *
   * @param count elements that the shape declares
   * @throws ServiceException MALFORMED if the bytes are not as many elements
   */
  public static List<ByteBuffer> split(ByteBuffer raw, long count) {
    ByteBuffer rest = raw.slice().order(ByteOrder.LITTLE_ENDIAN);
    List<ByteBuffer> elements = new ArrayList<>();
    while (rest.hasRemaining()) {
      int length = rest.remaining() < 4 ? -1 : rest.getInt();
      if (length < 0 || length > rest.remaining() || elements.size() >= count) {
        throw new ServiceException(
            ErrorCause.MALFORMED,
            "tensor " + NAME + " breaks at byte " + rest.position() + " of " + raw.remaining() + ", in element " + elements.size()
                + " of " + count);
      }
      elements.add(rest.slice(rest.position(), length));
      rest.position(rest.position() + length);
    }
    requireCount(elements.size(), count);
    return elements;
  }

  /** Compares the number of elements with the shape. */
  public static void requireCount(long elements, long declared) {
    if (elements != declared) {
      throw new ServiceException(
          ErrorCause.MALFORMED, "tensor " + NAME + " has " + elements + " elements, its shape declares " + declared);
    }
  }

  /** Returns the raw form of elements. */
  public static byte[] join(List<ByteBuffer> elements) {
    int bytes = 0;
    for (ByteBuffer element : elements) {
      bytes = Math.addExact(bytes, Math.addExact(4, element.remaining()));
    }
    ByteBuffer raw = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (ByteBuffer element : elements) {
      raw.putInt(element.remaining()).put(element.duplicate());
    }
    return raw.array();
  }
}
