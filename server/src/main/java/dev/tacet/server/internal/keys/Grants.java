// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.keys;

import java.time.Instant;
import java.util.List;

/**
 * What the owners of one tenant's key sets allow other clients of the tenant: to run models with a key set, until it is revoked. A
 * grant ends with the key set and with its owner's ownership. All of it is database work for a blocking thread. Thread safe.
 */
public interface Grants {
  /** Longest purpose. */
  int MAX_PURPOSE_CHARACTERS = 128;

  /** The most grants of one owner. */
  int MAX_GRANTS = 1024;

  /**
   * A grant.
   *
   * @param owner the client that gave it
   * @param grantee the client that may use the key set
   * @param purpose what for, in the owner's words
   */
  record Grant(ContentHash keySet, String owner, String grantee, String purpose, Instant since) {}

  /**
   * Adds a grant, or renews purpose and time of one that is there.
   *
   * @return false, and nothing is added, if its owner does not own the key set
   * @throws dev.tacet.protocol.ServiceException QUOTA_EXCEEDED if the owner gave {@link #MAX_GRANTS} others
   */
  boolean give(Grant grant);

  /** Takes a grant back; returns whether it was there. */
  boolean revoke(ContentHash keySet, String owner, String grantee);

  /** Returns what a client gave. */
  List<Grant> givenBy(String owner);

  /** Returns what a client was given. */
  List<Grant> givenTo(String grantee);
}
