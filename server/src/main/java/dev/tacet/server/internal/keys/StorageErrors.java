// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/** Names what went wrong with the disk. The exception's own text, which may hold paths, stays in this process. */
final class StorageErrors {
  private static final Duration RETRY = Duration.ofSeconds(30);

  private StorageErrors() {}

  /**
   * Returns STORAGE_FULL if there is no space, else STORAGE_FAILED. The system says why a write failed in the language of its
   * locale only, so the space is asked for too.
   *
   * @param usableBytes what could still be written after the failure
   */
  static ServiceException translate(String doing, IOException failure, long usableBytes) {
    return usableBytes <= 0 ? full(doing, failure) : translate(doing, failure);
  }

  /** As {@link #translate(String, IOException, long)}, where nothing was written. */
  static ServiceException translate(String doing, IOException failure) {
    String text = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    if (text.contains("no space left") || text.contains("quota exceeded")) {
      return full(doing, failure);
    }
    return new ServiceException(
        ErrorCause.STORAGE_FAILED, doing + ": the host's disk failed", Map.of(), RETRY, failure);
  }

  static ServiceException full(String doing, IOException failure) {
    return new ServiceException(
        ErrorCause.STORAGE_FULL, doing + ": the host's disk is full", Map.of(), RETRY, failure);
  }
}
