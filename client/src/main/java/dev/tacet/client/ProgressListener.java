// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/** Hears how far long work is. Called from the working thread; it must be quick and must not throw. */
@FunctionalInterface
public interface ProgressListener {
  /** Listens to nothing. */
  ProgressListener NONE = (stage, done, total) -> { };

  /** What is in progress, and the unit it is counted in. */
  enum Stage {
    /** Evaluation keys are made; counted in keys. */
    GENERATE_KEYS,
    /** Evaluation keys are uploaded; counted in bytes. */
    UPLOAD_KEYS,
    /** Rows are predicted; counted in rows. */
    PREDICT,
    /** What a host keeps about the client is fetched; counted in bytes. */
    EXPORT
  }

  /**
   * Called when work has moved on.
   *
   * @param done units done, 0..total
   * @param total units in all
   */
  void progress(Stage stage, long done, long total);
}
