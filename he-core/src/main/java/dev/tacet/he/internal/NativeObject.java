// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.internal;

import java.util.Objects;

/** A Java object with a native one behind it: the superclass of everything that must be closed. */
public abstract class NativeObject implements AutoCloseable {
  final NativeHandle handle;

  /** Takes over a handle. */
  protected NativeObject(NativeHandle handle) {
    this.handle = Objects.requireNonNull(handle, "handle");
  }

  /** Returns whether {@link #close()} has freed the native object. */
  public final boolean isClosed() {
    return handle.isClosed();
  }

  /**
   * Frees the native object. Closing again does nothing.
   *
   * @throws IllegalStateException if a call is using it; it stays open and can be closed later
   */
  @Override
  public void close() {
    handle.close();
  }
}
