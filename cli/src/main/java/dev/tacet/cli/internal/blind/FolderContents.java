// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Every regular file under a folder, searched one by one. */
public final class FolderContents {
  private FolderContents() {}

  /**
   * Searches all files under {@code folder}.
   *
   * @return bytes searched
   */
  public static long search(Path folder, NeedleSearch search, List<NeedleSearch.Hit> hits) {
    long total = 0;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        try (Haystack haystack = open(file)) {
          total += search.search(haystack, hits);
        } catch (NoSuchFileException e) {
          // A temporary file of the server that was renamed meanwhile: it is met under its new name.
          continue;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + folder, e);
    }
    return total;
  }

  private static Haystack open(Path file) throws IOException {
    InputStream in = Files.newInputStream(file);
    return new Haystack() {
      @Override
      public String name() {
        return file.toString();
      }

      @Override
      public long start() {
        return 0;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        return in.read(buffer, offset, length);
      }

      @Override
      public void close() throws IOException {
        in.close();
      }
    };
  }
}
