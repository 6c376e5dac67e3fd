// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

/** Whether the host takes calls: not while it drains, and not while its database fails. Thread safe. */
public final class Readiness {
  private final Database database;
  private volatile boolean draining;

  /** Takes the database whose failures count. */
  public Readiness(Database database) {
    this.database = database;
  }

  /** Announces the end: the host is never ready again. */
  public void drain() {
    draining = true;
  }

  /** Tells whether the end is near. */
  public boolean draining() {
    return draining;
  }

  /** Tells whether the database failed when it was asked last; does not wait. */
  public boolean databaseFailed() {
    return database.failed();
  }

  /** Looks whether there is room for the next call to be noted; does not wait. */
  public void look() {
    database.lookForSpace();
  }

  /** Returns why the database fails, empty if it does not; as {@link Database#problem}, it may wait if {@link #databaseFailed}. */
  public String databaseProblem() {
    return database.problem();
  }

  /** Tells whether calls are taken; may wait if {@link #databaseFailed}. */
  public boolean ready() {
    return !draining && databaseProblem().isEmpty();
  }
}
