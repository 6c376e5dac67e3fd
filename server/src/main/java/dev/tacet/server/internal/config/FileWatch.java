// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that an operator changes while the server runs: certificates, API keys, key sets. Looked at once a second; what was read
 * last stays in force until the new files are whole and right, and what is wrong with them is logged once.
 */
public final class FileWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final List<Watched<?>> all = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "tacet-files");
        thread.setDaemon(true);
        return thread;
      });

  /** Starts the watch. */
  public FileWatch() {
    timer.scheduleWithFixedDelay(
        () -> all.forEach(Watched::look), INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Reads the files anew. */
  @FunctionalInterface
  public interface Reader<T> {
    /** Returns what the files say, or throws with a message that says what is wrong with them. */
    T read() throws IOException;
  }

  /**
   * Reads files now and again whenever one of them changes.
   *
   * @param what names them in the log
   * @return gives what was read last
   * @throws IOException if they cannot be read now
   */
  public <T> Supplier<T> watch(String what, List<Path> files, Reader<T> reader) throws IOException {
    Watched<T> watched = new Watched<>(what, files, reader);
    all.add(watched);
    return watched;
  }

  @Override
  public void close() {
    timer.shutdownNow();
  }

  /** The state of a file that tells a change: time, length, identity. */
  private record Stamp(long nanos, long length, Object key) {
    static Stamp of(Path file) {
      try {
        BasicFileAttributes a = Files.readAttributes(file, BasicFileAttributes.class);
        return new Stamp(a.lastModifiedTime().to(TimeUnit.NANOSECONDS), a.size(), a.fileKey());
      } catch (IOException e) {
        return new Stamp(0, -1, null);
      }
    }
  }

  private static final class Watched<T> implements Supplier<T> {
    private final String what;
    private final List<Path> files;
    private final Reader<T> reader;
    private volatile T value;
    private List<Stamp> seen;
    private String complaint = "";

    Watched(String what, List<Path> files, Reader<T> reader) throws IOException {
      this.what = what;
      this.files = files;
      this.reader = reader;
      this.seen = stamps();
      this.value = reader.read();
    }

    private List<Stamp> stamps() {
      List<Stamp> stamps = new ArrayList<>();
      files.forEach(file -> stamps.add(Stamp.of(file)));
      return stamps;
    }

    /** The stamps are taken before the files are read: a change in between is seen the next time. */
    void look() {
      List<Stamp> now = stamps();
      if (now.equals(seen)) {
        return;
      }
      try {
        value = reader.read();
        seen = now;
        complaint = "";
        LOG.info("{} read again", what);
      } catch (IOException | RuntimeException e) {
        String text = e instanceof NoSuchFileException ? "there is no file " + e.getMessage() : String.valueOf(e.getMessage());
        if (!text.equals(complaint)) {
          complaint = text;
          LOG.error("{} changed and cannot be used, what was read before stays in force: {}", what, text);
        }
      }
    }

    @Override
    public T get() {
      return value;
    }
  }
}
