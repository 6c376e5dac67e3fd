// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A flag that stops the runs it was given to, soon after {@link #cancel()}, from any thread. It cannot be reset. */
public final class Cancellation {
  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

  private final ByteBuffer flag = ByteBuffer.allocateDirect(Integer.BYTES);

  /** Asks every run that has this cancellation to stop; it then throws CancelledException. */
  public void cancel() {
    INT.setVolatile(flag, 0, 1);
  }

  /** Returns whether {@link #cancel()} was called. */
  public boolean isCancelled() {
    return (int) INT.getVolatile(flag, 0) != 0;
  }

  ByteBuffer flag() {
    return flag;
  }
}
