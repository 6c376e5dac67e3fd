// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

import dev.tacet.he.BlobKind;
import dev.tacet.he.Context;
import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeHandle;
import dev.tacet.he.internal.NativeObject;
import java.util.List;
import java.util.Objects;

/**
 * The secret key: uniform ternary, derived from a 32-byte seed. It sits in native memory that is locked as far as the limits
 * allow, kept out of core dumps, and zeroed on {@link #close()}. It has no serialized form but the one that
 * {@link #export(SecretKeyAccess)} hands out.
 */
public final class SecretKey extends NativeObject {
  private final Context context;

  private SecretKey(Context context, NativeHandle handle) {
    super(handle);
    this.context = context;
  }

  /** Makes a new key from a seed of the platform's CSPRNG. */
  public static SecretKey generate(Context context) {
    return new SecretKey(context, Engine.secretKey(context));
  }

  /**
   * Reads a SECRET_KEY blob that {@link #export} gave. The caller wipes the array.
   *
   * @throws dev.tacet.he.MalformedException if it is not a well-formed secret key under the context's parameters
   */
  public static SecretKey restore(Context context, byte[] blob, SecretKeyAccess access) {
    Objects.requireNonNull(access, "access");
    return new SecretKey(context, Engine.loadSecretKey(context, BlobKind.SECRET_KEY.code(), blob));
  }

  /** Returns the SECRET_KEY blob, which holds the seed in the clear. The caller encrypts it and wipes the array. */
  public byte[] export(SecretKeyAccess access) {
    Objects.requireNonNull(access, "access");
    return Engine.storeSecretKey(this);
  }

  /**
   * Returns copies of the forms of the key as they lie in memory, for searches that show where they are not: the 32-byte seed, the
   * ternary coefficients (one signed byte each), the evaluation form (64-bit words). The caller wipes the arrays.
   */
  public List<byte[]> memoryForms(SecretKeyAccess access) {
    Objects.requireNonNull(access, "access");
    return List.of(
        Engine.secretKeyForm(this, 0), Engine.secretKeyForm(this, 1), Engine.secretKeyForm(this, 2));
  }

  /** Returns whether all its pages are locked in memory; if not, the limit of locked memory is too small. */
  public boolean isLocked() {
    return Engine.measure(this) == 1;
  }

  /** Returns the context. */
  public Context context() {
    return context;
  }
}
