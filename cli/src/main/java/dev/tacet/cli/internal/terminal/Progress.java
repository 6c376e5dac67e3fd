// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.terminal;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on standard error while it is a terminal; otherwise nothing at all. */
public final class Progress implements AutoCloseable {
  private static final int WIDTH = 78;

  private final ProgressBar bar;

  private Progress(ProgressBar bar) {
    this.bar = bar;
  }

  /**
   * Starts a bar.
   *
   * @param task what is being done, at most 24 characters
   * @param total how many steps there are; 0 if that is not known
   * @param unit what a step is, " rows"
   */
  public static Progress start(String task, long total, String unit) {
    if (!Terminal.errIsTerminal()) {
      return new Progress(null);
    }
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(String.format("%-24s", task))
            .setInitialMax(total)
            .setUnit(unit, 1)
            .setStyle(ProgressBarStyle.UNICODE_BLOCK)
            .setMaxRenderedLength(WIDTH)
            .setUpdateIntervalMillis(200)
            .clearDisplayOnFinish()
            .setConsumer(new ConsoleProgressBarConsumer(new PrintStream(System.err, true), WIDTH))
            .build());
  }

  /** One step done. */
  public void step() {
    if (bar != null) {
      bar.step();
    }
  }

  /** So many steps done. */
  public void step(int steps) {
    if (bar != null) {
      bar.stepBy(steps);
    }
  }

  /** {@code done} steps of {@code total} are done. */
  public void at(long done, long total) {
    if (bar != null) {
      bar.maxHint(total);
      bar.stepTo(done);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
