// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import dev.tacet.protocol.AuditEntry;
import java.time.Instant;
import java.util.List;

/**
 * The trails of one tenant: what the host did with each client's keys and calls, in order, nothing of their contents. Entries are added
 * at the end and, when their time is over or their client wishes it, deleted from the beginning. All methods are database work for a blocking thread. Thread safe.
 */
public interface Audit {
  /** What was done. */
  enum Action {
    /** A key came in whole. */
    KEY_STORED("key-stored"),
    /** A key set was registered. */
    KEY_SET_REGISTERED("key-set-registered"),
    /** A key set's owner gave it up; it is gone unless others own it too. */
    KEY_SET_DELETED("key-set-deleted"),
    /** The client allowed another to use a key set. */
    GRANT_GIVEN("grant-given"),
    /** The client took that back. */
    GRANT_REVOKED("grant-revoked"),
    /** Another client, which a grant allows it, asked for a run with this client's keys. */
    GRANT_USED("grant-used"),
    /** Everything that was kept about the client was deleted, the trail up to here too; names the receipt. */
    DELETED("deleted"),
    /** A run with the client's ciphertexts was admitted. */
    INFERENCE("inference"),
    /** The client asked to load a model. */
    MODEL_LOAD("model-load"),
    /** The client asked to unload a model. */
    MODEL_UNLOAD("model-unload");

    private final String text;

    Action(String text) {
      this.text = text;
    }

    /** Returns the action's name in the trail. */
    public String text() {
      return text;
    }
  }

  /** Returns the name of a client's trail, which is part of every hash. */
  String trail(String client);

  /**
   * Adds an entry to a client's trail.
   *
   * @param object what it was done to; cut after 512 characters
   * @param detail numbers in words; cut after 512 characters
   * @throws dev.tacet.protocol.ServiceException STORAGE_FAILED; nothing was added then
   */
  AuditEntry append(String client, Action action, String object, String detail);

  /**
   * Reads a client's trail.
   *
   * @param from sequence of the first entry wanted
   * @param limit most entries that are returned
   */
  List<AuditEntry> read(String client, long from, int limit);

  /**
   * Where a trail begins and ends.
   *
   * @param base number of the last entry that was deleted; 0 if none was
   * @param baseSha256 its hash
   * @param last number of the last entry; base if none is left
   * @param lastSha256 its hash
   */
  record Ends(long base, String baseSha256, long last, String lastSha256) {}

  /** Returns where a client's trail begins and ends. */
  Ends ends(String client);

  /**
   * Deletes the beginning of a client's trail: all entries before the first that was written at an instant or later. What is left begins
   * with the hash of the last one deleted, so that the chain stays whole.
   *
   * @return how many
   */
  long deleteBefore(String client, Instant before);

  /**
   * Deletes a client's whole trail; what is added at the same time is deleted too, or follows.
   *
   * @return where it began and ended
   */
  Ends deleteAll(String client);

  /** As {@link #deleteBefore}, for every client of the tenant. */
  long deleteBefore(Instant before);
}
