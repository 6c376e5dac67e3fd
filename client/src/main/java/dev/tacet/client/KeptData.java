// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Everything that a host says it keeps about this client. Of a request for an inference it keeps nothing after the answer but an entry
 * in the audit trail.
 *
 * @param client the client's name on the host: the tenant, a slash, the client
 * @param keySets its key sets
 * @param keys the evaluation keys, also those that no key set names
 * @param grantsGiven what it granted to others
 * @param grantsReceived what others granted to it
 * @param auditFirst number of the first entry of its audit trail that is not deleted
 * @param auditLast number of the last one; auditFirst - 1 if there is none
 * @param times how long the host keeps things
 */
public record KeptData(
    String client, List<StoredKeySet> keySets, List<Key> keys, List<KeyGrant> grantsGiven, List<KeyGrant> grantsReceived,
    long auditFirst, long auditLast, Times times) {
  /** Copies. */
  public KeptData {
    keySets = List.copyOf(keySets);
    keys = List.copyOf(keys);
    grantsGiven = List.copyOf(grantsGiven);
    grantsReceived = List.copyOf(grantsReceived);
  }

  /**
   * An evaluation key.
   *
   * @param sha256 hexadecimal
   * @param bytes that the host holds
   * @param complete false for an upload that has not ended
   */
  public record Key(String sha256, long bytes, boolean complete) {}

  /**
   * How long things are kept at most.
   *
   * @param keys key sets, from their last registration; empty until they are deleted
   * @param uploads unfinished uploads
   * @param audit entries of the audit trail; empty until they are deleted
   * @param backups backups of the host's disk; empty if the operator does not say
   */
  public record Times(Optional<Duration> keys, Optional<Duration> uploads, Optional<Duration> audit, Optional<Duration> backups) {}

  /** Says in words which entries of the audit trail the host keeps: {@code entries 3 to 25}, or that none is left. */
  public String auditEntries() {
    if (auditFirst <= auditLast) {
      return "entries " + auditFirst + " to " + auditLast;
    }
    return auditLast == 0 ? "no entries" : "no entries left, those up to " + auditLast + " are deleted";
  }

  /** Tells whether nothing is kept but the audit trail. */
  public boolean isEmpty() {
    return keySets.isEmpty() && keys.isEmpty() && grantsGiven.isEmpty() && grantsReceived.isEmpty();
  }
}
