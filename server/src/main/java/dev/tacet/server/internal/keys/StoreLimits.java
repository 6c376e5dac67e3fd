// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import java.time.Duration;
import java.util.Optional;

/**
 * What one tenant may store.
 *
 * @param quotaBytes stored bytes, uploads in progress included; each file counts as at least {@link #FILE_BYTES}
 * @param maxBlobBytes length of one blob
 * @param maxChunkBytes length of one chunk
 * @param maxUploads uploads in progress
 * @param maxKeySets registered key sets
 * @param minFreeBytes free space that is left on the disk
 * @param uploadLifetime idle time after which an unfinished upload, or a blob that no key set names, may be deleted for room
 * @param maxBlobs complete blobs
 * @param keySetLifetime time without a call after which a key set may be deleted when room is needed; its owner's client
 *     uploads it again without being asked
 * @param timeToLive time after its last registration at which a key set stops being usable and is deleted; empty for no such time
 */
public record StoreLimits(
    long quotaBytes,
    long maxBlobBytes,
    int maxChunkBytes,
    int maxUploads,
    int maxKeySets,
    long minFreeBytes,
    Duration uploadLifetime,
    int maxBlobs,
    Duration keySetLifetime,
    Optional<Duration> timeToLive) {
  /** What a file costs at least, so that many tiny files cannot escape the quota. */
  public static final long FILE_BYTES = 4096;

  /**
   * Returns the defaults: 16 GiB, 128 MiB a blob, 1 MiB a chunk, 1024 uploads, 4096 key sets, 64 MiB free, one day; 262,144 blobs,
   * 7 days; no time to live.
   */
  public static StoreLimits defaults() {
    return new StoreLimits(
        16L << 30, 128L << 20, 1 << 20, 1024, 4096, 64L << 20, Duration.ofDays(1), 1 << 18, Duration.ofDays(7), Optional.empty());
  }

  /** Returns these limits with another quota. */
  public StoreLimits withQuotaBytes(long bytes) {
    return new StoreLimits(
        bytes, maxBlobBytes, maxChunkBytes, maxUploads, maxKeySets, minFreeBytes, uploadLifetime, maxBlobs, keySetLifetime, timeToLive);
  }

  /** Returns these limits with another bound on free space. */
  public StoreLimits withMinFreeBytes(long bytes) {
    return new StoreLimits(
        quotaBytes, maxBlobBytes, maxChunkBytes, maxUploads, maxKeySets, bytes, uploadLifetime, maxBlobs, keySetLifetime, timeToLive);
  }

  /** Returns these limits with other numbers of blobs and key sets. */
  public StoreLimits withCounts(int blobs, int keySets) {
    return new StoreLimits(
        quotaBytes, maxBlobBytes, maxChunkBytes, maxUploads, keySets, minFreeBytes, uploadLifetime, blobs, keySetLifetime, timeToLive);
  }

  /** Returns these limits with other times: to live for key sets, and of unfinished uploads. */
  public StoreLimits withTimes(Optional<Duration> keys, Duration uploads) {
    return new StoreLimits(
        quotaBytes, maxBlobBytes, maxChunkBytes, maxUploads, maxKeySets, minFreeBytes, uploads, maxBlobs, keySetLifetime, keys);
  }

  /** Returns what a file of a length counts against the quota. */
  public static long charge(long length) {
    return Math.max(length, FILE_BYTES);
  }
}
