// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeHandle;
import dev.tacet.he.internal.NativeObject;
import java.nio.ByteBuffer;

/** Encrypted slots or coefficients, all or extracted ones, with a level and an exact scale. Immutable. */
public final class Ciphertext extends NativeObject {
  private final Context context;
  private final ValueType type;
  private final int[] extracted;

  /** Takes over a handle; for the library's own use, since handles come from its internals only. */
  public Ciphertext(Context context, NativeHandle handle) {
    super(handle);
    this.context = context;
    BoundedReader in = description(handle);
    this.type = readType(in);
    this.extracted = new int[in.remaining() / 2];
    for (int i = 0; i < extracted.length; i++) {
      extracted[i] = in.u16("extracted coefficient");
    }
  }

  /**
   * Reads a CIPHERTEXT blob.
   *
   * @param bytes the blob, from its position to its limit; direct memory is read in place
   * @throws MalformedException if it is not a well-formed ciphertext under the context's parameters
   */
  public static Ciphertext fromBytes(Context context, ByteBuffer bytes) {
    return new Ciphertext(context, Engine.load("ciphertext", context, BlobKind.CIPHERTEXT.code(), bytes));
  }

  /** Returns the CIPHERTEXT blob; half the size while it carries a seed, as fresh secret-key encryptions do. */
  public byte[] toBytes() {
    return Engine.storeArray(this);
  }

  /** Returns the CIPHERTEXT blob in direct memory. */
  public ByteBuffer toByteBuffer() {
    return Engine.store(this);
  }

  /** Returns the size of the blob in bytes. */
  public long storedSize() {
    return Engine.storedSize(this);
  }

  /** Returns the context. */
  public Context context() {
    return context;
  }

  /** Returns encoding, level, components and scale. */
  public ValueType type() {
    return type;
  }

  /** Returns the indexes of the coefficients that an extracted ciphertext has, ascending; none of another. */
  public int[] extracted() {
    return extracted.clone();
  }

  /** Returns the level, 0 to the parameters' highest. */
  public int level() {
    return type.level();
  }

  /** Returns the exact scale. */
  public Scale scale() {
    return type.scale();
  }

  /** Returns the number of polynomials: 2, or 3 after a multiplication until it is relinearized. */
  public int components() {
    return type.components();
  }

  /**
   * Tells whether every polynomial but the first, of which an extracted ciphertext has a part, is zero. Such a ciphertext holds its message in the open: nobody encrypted it, so
   * as an answer it is a fault.
   */
  public boolean isTransparent() {
    byte[] blob = toBytes();
    int limbs = 0;
    for (int i = 0; i <= level(); i++) {
      int bits = Long.SIZE - Long.numberOfLeadingZeros(context.parameters().modulus(i));
      limbs += (context.parameters().ringDegree() * bits + 7) / 8;
    }
    int end = blob.length - Integer.BYTES;
    for (int i = end - (components() - 1) * limbs; i < end; i++) {
      if (blob[i] != 0) {
        return false;
      }
    }
    return true;
  }

  static ValueType typeOf(NativeHandle handle) {
    return readType(description(handle));
  }

  private static BoundedReader description(NativeHandle handle) {
    return new BoundedReader("value type", ByteBuffer.wrap(Engine.describe(handle)));
  }

  private static ValueType readType(BoundedReader in) {
    Encoding encoding = Encoding.ofCode(in.u8("encoding"));
    int level = in.u8("level");
    int components = in.u8("components");
    in.u8("seeded");
    return new ValueType(encoding, level, components, Scale.readFrom(in));
  }
}
