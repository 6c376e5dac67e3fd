// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The gate before the workers: a call is admitted or refused at once, by the number of calls, their memory and the time that
 * those before it are estimated to take, each of them in all and for its tenant. Thread safe.
 */
public final class Admission {
  private final RunLimits limits;
  private int admitted;
  private long bytes;
  private long costNanos;
  private long refused;
  private boolean draining;
  private final Map<String, Held> tenants = new HashMap<>();

  /** What one tenant holds. */
  private static final class Held {
    int admitted;
    long bytes;
    long costNanos;
  }

  /** The place of one admitted call; closing it, at the end of the call and only once, gives the place back. */
  public final class Ticket implements AutoCloseable {
    private final String tenant;
    private final long ticketCost;
    private final long ticketBytes;
    private boolean closed;

    private Ticket(String tenant, long ticketCost, long ticketBytes) {
      this.tenant = tenant;
      this.ticketCost = ticketCost;
      this.ticketBytes = ticketBytes;
    }

    @Override
    public void close() {
      synchronized (Admission.this) {
        if (!closed) {
          closed = true;
          admitted--;
          bytes -= ticketBytes;
          costNanos -= ticketCost;
          Held held = tenants.get(tenant);
          held.admitted--;
          held.bytes -= ticketBytes;
          held.costNanos -= ticketCost;
          if (held.admitted == 0) {
            tenants.remove(tenant);
          }
          Admission.this.notifyAll();
        }
      }
    }
  }

  /** Makes the gate. */
  public Admission(RunLimits limits) {
    this.limits = limits;
  }

  /**
   * Admits a call or refuses it.
   *
   * @param tenant whose call it is
   * @param cost estimated run time in nanoseconds
   * @param memory bytes that the call will hold
   * @param remaining time until its deadline
   * @throws ServiceException OVERLOADED with a delay, TOO_LARGE if it can never be admitted, SHUTTING_DOWN
   */
  public synchronized Ticket admit(String tenant, long cost, long memory, Duration remaining) {
    if (draining) {
      throw new ServiceException(ErrorCause.SHUTTING_DOWN, "the host is shutting down");
    }
    if (memory > limits.memoryBytes()) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE, "the call needs " + memory + " bytes, the host's budget is " + limits.memoryBytes());
    }
    Held held = tenants.getOrDefault(tenant, new Held());
    long wait = wait(tenant, held);
    long maxWait = Math.min(limits.maxWait().toNanos(), Math.max(0, remaining.toNanos()));
    int places = limits.places();
    if (admitted >= places) {
      throw refuse(admitted + " calls are admitted, at most " + places + " may be", wait);
    }
    if (held.admitted >= limits.placesOfTenant()) {
      throw refuse(
          held.admitted + " calls of the tenant are admitted, at most " + limits.placesOfTenant() + " of " + places + " may be", wait);
    }
    if (held.admitted > 0 && held.bytes + memory > limits.memoryBytes() * limits.tenantShare()) {
      throw refuse(
          "the tenant's calls hold " + held.bytes + " bytes of a share of " + (long) (limits.memoryBytes() * limits.tenantShare())
              + ", the call needs " + memory, wait);
    }
    if (bytes + memory > limits.memoryBytes()) {
      throw refuse(bytes + " of " + limits.memoryBytes() + " bytes are in use, the call needs " + memory, wait);
    }
    if (wait > maxWait) {
      throw refuse(
          "the estimated wait is " + wait / 1_000_000 + " ms, the call allows " + maxWait / 1_000_000 + " ms", wait);
    }
    admitted++;
    bytes += memory;
    costNanos += cost;
    Held mine = tenants.computeIfAbsent(tenant, name -> new Held());
    mine.admitted++;
    mine.bytes += memory;
    mine.costNanos += cost;
    return new Ticket(tenant, cost, memory);
  }

  /**
   * Estimates how long a new call of a tenant would wait. Everything admitted goes before it at most; and since tenants take turns
   * ({@link FairQueue}), no more than its own tenant's calls once for each tenant that has any, and what runs now.
   */
  private long wait(String tenant, Held held) {
    if (admitted < limits.workers()) {
      return 0;
    }
    int active = tenants.size() + (tenants.containsKey(tenant) ? 0 : 1);
    long turns = held.costNanos * active + costNanos / admitted * limits.workers();
    return Math.min(costNanos, turns) / limits.workers();
  }

  private ServiceException refuse(String text, long wait) {
    refused++;
    Duration delay = Duration.ofMillis(Math.max(100, Math.min(30_000, wait / 1_000_000)));
    return new ServiceException(ErrorCause.OVERLOADED, "the host is busy: " + text, Map.of(), delay, null);
  }

  /** Refuses every later call. */
  public synchronized void drain() {
    draining = true;
  }

  /**
   * Waits until no admitted call is left.
   *
   * @return false if the time ran out first
   */
  public synchronized boolean awaitIdle(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (admitted > 0) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        return false;
      }
      wait(left);
    }
    return true;
  }

  /** Returns the number of admitted calls, waiting and running. */
  public synchronized int admitted() {
    return admitted;
  }

  /** Returns the bytes of admitted calls. */
  public synchronized long bytes() {
    return bytes;
  }

  /** Returns the number of refused calls. */
  public synchronized long refused() {
    return refused;
  }
}
