// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What must be undone when this process ends, in whichever way: child processes killed, temporary folders removed.
 *
 * <p>Actions run once, the latest first, on {@link Registration#close()} or, for a process that ends by Ctrl-C,
 * SIGTERM or {@code System.exit}, in a shutdown hook.
 */
public final class Cleanup {
  private static final Deque<Registration> PENDING = new ArrayDeque<>();
  private static boolean hooked;
  private static volatile boolean ending;

  private Cleanup() {}

  /** An action that will run exactly once. */
  public static final class Registration implements AutoCloseable {
    private final Runnable action;
    private boolean done;

    private Registration(Runnable action) {
      this.action = action;
    }

    /** Runs the action now, if it has not run yet. */
    @Override
    public void close() {
      synchronized (PENDING) {
        PENDING.remove(this);
      }
      synchronized (this) {
        if (!done) {
          done = true;
          action.run();
        }
      }
    }
  }

  /** Registers {@code action}, which must not throw and must tolerate a process in any state. */
  public static Registration atExit(Runnable action) {
    Registration registration = new Registration(action);
    synchronized (PENDING) {
      if (!hooked) {
        hooked = true;
        Runtime.getRuntime().addShutdownHook(new Thread(Cleanup::runAll, "tacet-cleanup"));
      }
      PENDING.push(registration);
    }
    return registration;
  }

  /** Whether this process is on its way out: what fails then fails because of that, and is nobody's news. */
  public static boolean isEnding() {
    return ending;
  }

  private static void runAll() {
    ending = true;
    while (true) {
      Registration next;
      synchronized (PENDING) {
        next = PENDING.poll();
      }
      if (next == null) {
        return;
      }
      next.close();
    }
  }
}
