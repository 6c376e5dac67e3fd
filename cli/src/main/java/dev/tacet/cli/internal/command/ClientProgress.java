// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.client.ProgressListener;

/** Shows the SDK's long work as one progress bar after the other. */
final class ClientProgress implements ProgressListener, AutoCloseable {
  private static final long BYTES_PER_UNIT = 1 << 20;

  private Stage stage;
  private Progress bar;

  @Override
  public synchronized void progress(Stage now, long done, long total) {
    if (now != stage) {
      close();
      stage = now;
      bar =
          switch (now) {
            case GENERATE_KEYS -> Progress.start("Making evaluation keys", total, " keys");
            case UPLOAD_KEYS -> Progress.start("Uploading keys", total / BYTES_PER_UNIT, " MiB");
            case EXPORT -> Progress.start("Fetching", total / BYTES_PER_UNIT, " MiB");
            case PREDICT -> Progress.start("Predicting", total, " rows");
          };
    }
    long unit = now == Stage.UPLOAD_KEYS || now == Stage.EXPORT ? BYTES_PER_UNIT : 1;
    bar.at(done / unit, total / unit);
    if (done >= total) {
      close();
    }
  }

  /** Rows done of those that the command predicts itself. */
  void rows(long done, long total) {
    progress(Stage.PREDICT, done, total);
  }

  @Override
  public synchronized void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
    stage = null;
  }
}
