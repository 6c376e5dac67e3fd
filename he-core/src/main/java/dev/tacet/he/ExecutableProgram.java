// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeHandle;
import dev.tacet.he.internal.NativeObject;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A program that was proved by the native checker, with its constants encoded. Immutable; any number of runs share it. */
public final class ExecutableProgram extends NativeObject {
  private final Context context;
  private final Program program;
  private final boolean floods;

  private ExecutableProgram(Context context, Program program) {
    super(Engine.load("program", context, BlobKind.PROGRAM.code(), ByteBuffer.wrap(program.toBytes())));
    this.context = context;
    this.program = program;
    this.floods = program.instructions().stream().anyMatch(in -> in.op() == Op.FLOOD);
  }

  /**
   * Checks a program natively and encodes its constants, on all cores.
   *
   * @throws IllegalArgumentException if the program is for other parameters
   * @throws MalformedException naming the op whose levels, scales, components or constants do not fit
   * @throws UnsupportedException naming an op that this version cannot run
   * @throws OutOfMemoryError if the encoded constants do not fit in memory
   */
  public static ExecutableProgram load(Context context, Program program) {
    if (!context.parameters().equals(program.parameters())) {
      throw new IllegalArgumentException(
          "the program is for parameters " + program.parameters().hashHex() + ", the context has "
              + context.parameters().hashHex());
    }
    return new ExecutableProgram(context, program);
  }

  /** Returns the program. */
  public Program program() {
    return program;
  }

  /** Returns the context. */
  public Context context() {
    return context;
  }

  /** Returns the bytes of native memory that the encoded constants take. */
  public long encodedBytes() {
    return Engine.measure(this);
  }

  /**
   * Runs the program in one native call, on the shared thread pool.
   *
   * @param keys may be null when the program needs none
   * @param inputs by input index, arrays element after element, of just the declared types
   * @param cancellation may be null
   * @return the outputs, which the caller closes
   * @throws IllegalArgumentException naming the input whose number, level, scale, components or parameters differ
   * @throws MissingKeyException naming a Galois element and level that the keys lack, before anything is computed
   * @throws CancelledException if cancellation was asked for before the last operation was done
   */
  public Run run(EvaluationKeySet keys, List<Ciphertext> inputs, Cancellation cancellation) {
    Objects.requireNonNull(inputs, "inputs");
    long[] layerNanos = new long[program.layers().size()];
    Cancellation flag = cancellation == null ? new Cancellation() : cancellation;
    Engine.Run run = Engine.run(this, keys, inputs, flag.flag(), floods, layerNanos);
    List<Ciphertext> outputs = new ArrayList<>(run.outputs().size());
    for (NativeHandle handle : run.outputs()) {
      outputs.add(new Ciphertext(context, handle));
    }
    return new Run(List.copyOf(outputs), layerNanos, run.nanos());
  }

  /**
   * What a run gave.
   *
   * @param outputs by output index, arrays element after element; closed with this
   * @param layerNanos nanoseconds by layer of {@link Program#layers()}
   * @param nanos nanoseconds of the whole native call
   */
  public record Run(List<Ciphertext> outputs, long[] layerNanos, long nanos) implements AutoCloseable {
    @Override
    public void close() {
      outputs.forEach(Ciphertext::close);
    }
  }
}
