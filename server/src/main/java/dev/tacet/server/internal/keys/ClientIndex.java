// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the index of one tenant says about a client: which keys came from it, whether a key set names them or not, and which key sets it
 * owns. All of it is database work for a blocking thread. Thread safe.
 */
public interface ClientIndex {
  /** Notes that a client sends a key, before the first byte is kept. */
  void sends(ContentHash key, String client, Instant at);

  /** What a client has shown of a key that it sent to its end, or that one of its key sets names. */
  long WHOLE = Long.MAX_VALUE;

  /** Returns how many bytes of a key a client has shown to have, from the first, or {@link #WHOLE}. */
  long proved(ContentHash key, String client);

  /**
   * Notes how many that are.
   *
   * @return whether the client sends the key; not if what is kept about it was deleted meanwhile
   */
  boolean proves(ContentHash key, String client, long bytes);

  /** Forgets that a client sends a key of which it has shown nothing. */
  void withdraws(ContentHash key, String client);

  /** Forgets what clients have shown of a key but {@link #WHOLE}: the upload that it was of is gone. */
  void beginAnew(ContentHash key);

  /** Tells whether any client sends or sent a key. */
  boolean isSent(ContentHash key);

  /** Returns the key sets that nobody owns and whose keys a client sent, up to an instant. */
  List<ContentHash> ownerless(String client, Instant upTo);

  /** Returns the keys that a client sent, also those whose upload has not ended. */
  List<ContentHash> sent(String client);

  /** Returns the stored keys that a client sent whole or that its key sets name, with their lengths. */
  Map<ContentHash, Long> keys(String client);

  /** Returns the key sets that a client owns since an instant or longer. */
  List<ContentHash> owned(String client, Instant upTo);

  /**
   * Forgets which keys a client sent up to an instant.
   *
   * @return those that no other client sent to their end
   */
  List<ContentHash> forgetSent(String client, Instant upTo);

  /** Forgets what a client granted and was granted up to an instant; returns how many grants that were. */
  int forgetGrants(String client, Instant upTo);

  /** Forgets who sent keys before an instant that are not stored. */
  void forgetUnknown(Instant before);

  /**
   * Notes that a deletion has ended, in the place of the same client's earlier one.
   *
   * @param clientSha256 of the client's name, which is not kept
   */
  void deleted(String clientSha256, Instant at);

  /** Returns when the last deletion of each client was made that has ended, by the hash of its name. */
  Map<String, Instant> deletions();

  /** Forgets the deletions before an instant. */
  void forgetDeletions(Instant before);

  /** Returns the names of all clients that something is kept about. */
  Set<String> clients();
}
