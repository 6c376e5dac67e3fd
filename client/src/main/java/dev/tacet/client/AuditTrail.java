// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.Host;
import dev.tacet.protocol.AuditEntry;
import dev.tacet.protocol.ErrorTable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a host says that it did with this client's keys and calls. The chain of hashes is checked, and that the entry which this key ring
 * saw last is still in it: a host can leave out an entry before it ever showed it, and none afterwards.
 *
 * @param name names the trail: the tenant, a slash, the client
 * @param head hash of the last entry, 64 hexadecimal digits
 */
public record AuditTrail(String name, List<Entry> entries, String head) {
  private static final int PAGE = 1000;

  /** Entries that are read at most; more is an error, not an endless reading. */
  private static final long MOST = 10_000_000;

  /** Makes the trail. */
  public AuditTrail {
    entries = List.copyOf(entries);
  }

  /**
   * One entry.
   *
   * @param sequence 1 for the first
   * @param at by the host's clock
   * @param action key-stored, key-set-registered, inference, or what a later host adds
   * @param object what it was done to: a hash, or model@version
   * @param detail numbers in words
   */
  public record Entry(long sequence, Instant at, String action, String object, String detail) {}

  /** Reads the whole trail and checks it against the entry seen last. */
  static AuditTrail read(Host host, Optional<String> seen) {
    List<Entry> entries = new ArrayList<>();
    String name = null;
    String head = AuditEntry.START;
    boolean found = seen.isEmpty() || seen.get().equals(head);
    while (true) {
      Host.AuditPage page = host.readAudit(entries.size() + 1L, PAGE);
      if (name != null && !name.equals(page.trail())) {
        throw new AuditTrailException("the host changed its name while it was read");
      }
      name = page.trail();
      for (AuditEntry entry : page.entries()) {
        if (entry.sequence() != entries.size() + 1L || !entry.previous().equals(head)) {
          throw new AuditTrailException("entry " + (entries.size() + 1L) + " does not follow the one before it");
        }
        if (!entry.isGenuine(name)) {
          throw new AuditTrailException("entry " + entry.sequence() + " was changed after it was written");
        }
        head = entry.sha256();
        found |= seen.isPresent() && seen.get().equals(head);
        entries.add(
            new Entry(
                entry.sequence(), Instant.ofEpochMilli(entry.atMillis()), ErrorTable.oneLine(entry.action()),
                ErrorTable.oneLine(entry.object()), ErrorTable.oneLine(entry.detail())));
      }
      if (page.entries().isEmpty()) {
        break;
      }
      if (entries.size() > MOST) {
        throw new AuditTrailException("it has more than " + MOST + " entries");
      }
    }
    if (!found) {
      throw new AuditTrailException("the entry that was the last when it was read before is not among its " + entries.size());
    }
    return new AuditTrail(ErrorTable.oneLine(name), entries, head);
  }
}
