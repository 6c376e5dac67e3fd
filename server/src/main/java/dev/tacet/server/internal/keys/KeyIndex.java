// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known about the files of one tenant without opening them: which blobs there are, which key sets name them, who owns these,
 * when they were used.
 *
 * <p>The files are the truth. A row is added after its file is durable, and a file is deleted after its row says so
 * ({@code deleting}) and before the row goes. So whatever a crash leaves can be told apart: a file without a row was finished and not
 * yet acknowledged, or comes from a folder that had no index, and gets its row; a row that says so is a deletion to be finished; any
 * other row without a file has lost it. Each method is one transaction; all of them are disk or network work for a blocking thread,
 * and throw {@link dev.tacet.protocol.ServiceException} STORAGE_FAILED when the database does not answer. Thread safe.
 */
public interface KeyIndex {
  /**
   * A registered key set.
   *
   * @param parameterHash of the parameters that its keys were made for, in hexadecimal
   * @param bytes of all its blobs
   * @param keys how many blobs it names
   * @param usedAt when a call last named it, to the hour
   * @param expiresAt when it stops being usable, if it does
   */
  record KeySet(
      ContentHash id, String parameterHash, long bytes, int keys, Instant registeredAt, Instant usedAt, Optional<Instant> expiresAt) {
    /** Tells whether it may not be used any more. */
    public boolean isExpired(Instant now) {
      return expiresAt.isPresent() && !now.isBefore(expiresAt.get());
    }
  }

  /**
   * A key set that a client may use.
   *
   * @param grantedBy the owners that allow it; empty if the client is one itself
   */
  record Use(KeySet keySet, List<String> grantedBy) {}

  /**
   * What the tenant has stored.
   *
   * @param bytes as charged against the quota, uploads in progress not included
   */
  record Usage(long bytes, int blobs, int keySets) {}

  /** Tells whether other processes may change this index and the folder of files. */
  boolean shared();

  /** Returns the sums over all rows. */
  Usage usage();

  /** Returns the length of a blob that is stored and not being deleted. */
  Optional<Long> blob(ContentHash hash);

  /** Returns all blobs with their lengths, those being deleted not. */
  Map<ContentHash, Long> blobs();

  /** Adds a blob whose file is durable; adding it again changes only its length. */
  void addBlob(ContentHash hash, long bytes, Instant storedAt);

  /** Marks the blobs that no key set names and that were stored before an instant as being deleted, and returns them. */
  List<ContentHash> markUnreferenced(Instant storedBefore);

  /** Marks those of some blobs that no key set names as being deleted, and returns them. */
  List<ContentHash> markUnreferenced(Collection<ContentHash> among);

  /** The same, without those that another client than this one has sent to their end: it was told that they are stored. */
  List<ContentHash> markUnreferenced(Collection<ContentHash> among, String client);

  /** Returns the blobs that are being deleted. */
  List<ContentHash> markedBlobs();

  /** Removes the row of a blob whose file is gone. */
  void removeBlob(ContentHash hash);

  /** Returns a key set that is registered and not being deleted. */
  Optional<KeySet> keySet(ContentHash id);

  /** As {@link #keySet}, if a client owns it or an owner granted it the use. */
  Optional<Use> use(ContentHash id, String client);

  /** Returns all key sets that are registered and not being deleted, the oldest first. */
  List<KeySet> keySets();

  /** Returns those that a client owns. */
  List<KeySet> keySetsOf(String owner);

  /** Returns a key set's blobs. */
  List<ContentHash> blobsOf(ContentHash keySet);

  /** Adds a key set whose manifest is durable and names these blobs; adding it again renews its times. */
  void addKeySet(KeySet keySet, Collection<ContentHash> blobs);

  /**
   * Records that a key set was registered again.
   *
   * @return whether it is registered and not being deleted; else nothing was changed
   */
  boolean renew(ContentHash id, Instant at, Optional<Instant> expiresAt);

  /** Brings forward the expiry of all key sets that would expire later, or never. */
  void limitExpiry(Instant latest);

  /**
   * Makes a client an owner of a key set; a key set may have several, and none where a lost index was made anew.
   *
   * @return whether the set is registered and not being deleted; else nothing was changed
   */
  boolean own(ContentHash keySet, String owner, Instant since);

  /** Brings forward the expiry of the key sets that nobody owns. */
  void limitOwnerless(Instant latest);

  /** Marks a key set that nobody owns as being deleted; returns whether there was one. */
  boolean markOwnerless(ContentHash id);

  /** Returns a key set's owners. */
  List<String> owners(ContentHash keySet);

  /** Records that a call named a key set. */
  void used(ContentHash keySet, Instant at);

  /**
   * Takes a client off a key set's owners, and with it what it granted to others.
   *
   * @return whether it was one and the last: the key set is marked as being deleted then
   */
  boolean disown(ContentHash keySet, String owner);

  /** Marks a key set as being deleted, whoever owns it; returns whether it was registered. */
  boolean markKeySet(ContentHash id);

  /** Marks the key sets that no call named since an instant as being deleted, and returns them. */
  List<ContentHash> markUnused(Instant since);

  /** Marks the key sets that have expired as being deleted, and returns them. */
  List<ContentHash> markExpired(Instant now);

  /** Returns the key sets that are being deleted. */
  List<ContentHash> markedKeySets();

  /** Removes the rows of a key set whose manifest is gone. */
  void removeKeySet(ContentHash id);

  /**
   * Deletes a key set that is marked: nobody registers it again meanwhile.
   *
   * @param deleteFile deletes its manifest; it may run more than once
   * @return whether it was marked
   */
  boolean removeMarked(ContentHash id, Runnable deleteFile);
}
