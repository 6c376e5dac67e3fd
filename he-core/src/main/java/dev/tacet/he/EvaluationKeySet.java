// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeObject;
import java.nio.ByteBuffer;
import java.util.List;

/** Relinearization and Galois keys, expanded for use. Immutable and shared between threads. */
public final class EvaluationKeySet extends NativeObject {
  private final Context context;

  private EvaluationKeySet(Context context, Iterable<ByteBuffer> blobs) {
    super(Engine.keySet(context, blobs));
    this.context = context;
  }

  /**
   * Reads and expands EVALUATION_KEY blobs.
   *
   * @param blobs read one after the other, each done with before the next is asked for, so that an iterator may reuse one buffer
   * @throws MalformedException if one is not a well-formed key under the context's parameters
   */
  public static EvaluationKeySet load(Context context, Iterable<ByteBuffer> blobs) {
    return new EvaluationKeySet(context, blobs);
  }

  /** Returns a set without keys, for programs that need none. */
  public static EvaluationKeySet empty(Context context) {
    return load(context, List.of());
  }

  /** Returns the bytes of native memory that the expanded keys take. */
  public long expandedBytes() {
    return Engine.measure(this);
  }

  /** Returns the context. */
  public Context context() {
    return context;
  }
}
