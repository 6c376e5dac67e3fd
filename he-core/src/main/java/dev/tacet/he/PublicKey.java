// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeHandle;
import dev.tacet.he.internal.NativeObject;
import java.nio.ByteBuffer;

/** The key that anyone may encrypt with and only the owner of the secret key can decrypt for. Immutable. */
public final class PublicKey extends NativeObject {
  private final Context context;

  /** Takes over a handle; for the library's own use, since handles come from its internals only. */
  public PublicKey(Context context, NativeHandle handle) {
    super(handle);
    this.context = context;
  }

  /**
   * Reads a PUBLIC_KEY blob.
   *
   * @throws MalformedException if it is not a well-formed public key under the context's parameters
   */
  public static PublicKey fromBytes(Context context, ByteBuffer bytes) {
    return new PublicKey(context, Engine.load("public key", context, BlobKind.PUBLIC_KEY.code(), bytes));
  }

  /** Returns the PUBLIC_KEY blob. */
  public byte[] toBytes() {
    return Engine.storeArray(this);
  }

  /** Returns the SHA-256 of the blob in 64 hexadecimal digits, for two people to compare over another channel. */
  public String fingerprint() {
    return Blob.sha256Hex(toBytes());
  }

  /** Returns the context. */
  public Context context() {
    return context;
  }
}
