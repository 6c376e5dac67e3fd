// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.compiler.HostMemory;
import dev.tacet.he.Context;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.Signature;
import dev.tacet.protocol.ModelProvenance;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A model that is ready to run. Immutable but for its measured cost; shared between threads. Its native parts are used under a lease:
 * once it is retired no new one is given, and with the last one the native memory is freed.
 */
public final class ServedModel {
  /** The cost assumed before the first run, in nanoseconds. */
  private static final long FIRST_COST_NANOS = 100_000_000L;

  private final String name;
  private final String version;
  private final String artifactSha256;
  private final String signatureSha256;
  private final Signature signature;
  private final Program program;
  private final Optional<ModelProvenance> provenance;
  private final Context context;
  private final ExecutableProgram executable;
  private final long memoryBytes;
  private final long programBytes;
  private final AtomicLong costNanos = new AtomicLong(FIRST_COST_NANOS);
  private final Runnable freed;
  private final AtomicBoolean retired = new AtomicBoolean();

  /** Those that are out and, until it is retired, one for the repository. */
  private final AtomicInteger leases = new AtomicInteger(1);

  /** The right to use a model's native parts until it is closed, at the latest with the call that it was taken for. */
  public static final class Lease implements AutoCloseable {
    private final ServedModel model;
    private final AtomicBoolean returned = new AtomicBoolean();

    private Lease(ServedModel model) {
      this.model = model;
    }

    /** Returns the model. */
    public ServedModel model() {
      return model;
    }

    /** Gives the right back; closing again does nothing. */
    @Override
    public void close() {
      if (returned.compareAndSet(false, true)) {
        model.release();
      }
    }
  }

  /**
   * Takes the parts.
   *
   * @param provenance the owner's signature, if there is one
   * @param context made from the artifact's parameters; shared, closed by its owner
   * @param executable closed with the last lease
   * @param freed called after that
   */
  ServedModel(
      String name, String version, ModelArtifact artifact, Optional<ModelProvenance> provenance, Context context,
      ExecutableProgram executable, Runnable freed) {
    this.name = name;
    this.version = version;
    this.artifactSha256 = artifact.sha256();
    this.signature = artifact.signature();
    this.signatureSha256 = signature.sha256();
    this.program = artifact.program();
    this.provenance = provenance;
    this.context = context;
    this.executable = executable;
    this.freed = freed;
    this.memoryBytes = HostMemory.of(program, Runtime.getRuntime().availableProcessors()).run();
    this.programBytes = executable.encodedBytes();
  }

  /** Returns the model's name. */
  public String name() {
    return name;
  }

  /** Returns the version. */
  public String version() {
    return version;
  }

  /** Returns the SHA-256 of the artifact, lower-case hex. */
  public String artifactSha256() {
    return artifactSha256;
  }

  /** Returns the SHA-256 of the signature, lower-case hex. */
  public String signatureSha256() {
    return signatureSha256;
  }

  /** Returns the parameters. */
  public Parameters parameters() {
    return program.parameters();
  }

  /** Returns the signature. */
  public Signature signature() {
    return signature;
  }

  /** Returns the program. */
  public Program program() {
    return program;
  }

  /** Returns the native context of the parameters. */
  public Context context() {
    return context;
  }

  /** Returns the native program. */
  public ExecutableProgram executable() {
    return executable;
  }

  /** Returns the estimated bytes that one run holds. */
  public long memoryBytes() {
    return memoryBytes;
  }

  /** Returns the bytes of native memory that the encoded constants take. */
  public long programBytes() {
    return programBytes;
  }

  /** Returns the estimated time of one run in nanoseconds: a moving average of the measured ones. */
  public long costNanos() {
    return costNanos.get();
  }

  /** Records the time of one run; each new one has a weight of one quarter. */
  public void measured(long nanos) {
    costNanos.updateAndGet(before -> before + (nanos - before) / 4);
  }

  /** Returns a lease, or nothing if the model has been retired. */
  Optional<Lease> lease() {
    for (int now = leases.get(); now > 0 && !retired.get(); now = leases.get()) {
      if (leases.compareAndSet(now, now + 1)) {
        return Optional.of(new Lease(this));
      }
    }
    return Optional.empty();
  }

  private void release() {
    if (leases.decrementAndGet() == 0) {
      executable.close();
      freed.run();
    }
  }

  /** Gives no more leases; frees the native parts now, or with the last lease. */
  void retire() {
    if (retired.compareAndSet(false, true)) {
      release();
    }
  }

  /** Tells whether the native parts are freed. */
  public boolean isFreed() {
    return leases.get() == 0;
  }

  /** Returns the owner's signature of the artifact, if there is one. */
  public Optional<ModelProvenance> provenance() {
    return provenance;
  }
}
