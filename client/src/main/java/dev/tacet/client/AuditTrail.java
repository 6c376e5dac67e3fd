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
 * saw last is still in it: a host can leave out an entry before it ever showed it, and none afterwards. Entries whose time is over, or
 * that the client had deleted, are gone from the beginning: what follows names the hash of the last of them.
 *
 * @param name names the trail: the tenant, a slash, the client
 * @param deleted how many entries are deleted at the beginning
 * @param head hash of the last entry, 64 hexadecimal digits
 */
public record AuditTrail(String name, long deleted, List<Entry> entries, String head) {
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

  /** An entry that was seen: its hash, and its number, 0 where that is not known. */
  record Seen(long sequence, String sha256) {
    private boolean is(long number, String hash) {
      return sha256.equals(hash) && (sequence == 0 || sequence == number);
    }
  }

  /** Returns the last entry; number 0 where there never was one. */
  Seen last() {
    return new Seen(deleted + entries.size(), head);
  }

  /** Reads the whole trail and checks it against the entry seen last. */
  static AuditTrail read(Host host, Optional<Seen> seen) {
    List<Entry> entries = new ArrayList<>();
    String name = null;
    String head = AuditEntry.START;
    long base = 0;
    boolean found = seen.isEmpty() || seen.get().is(0, head);
    while (true) {
      Host.AuditPage page = host.readAudit(base + entries.size() + 1L, PAGE);
      if (name == null && page.base() != 0) {
        base = page.base();
        head = page.baseSha256();
        found |= isDeleted(seen, base, head);
      }
      if (name != null && !name.equals(page.trail())) {
        throw new AuditTrailException("the host changed its name while it was read");
      }
      name = page.trail();
      for (AuditEntry entry : page.entries()) {
        if (entry.sequence() != base + entries.size() + 1L || !entry.previous().equals(head)) {
          throw new AuditTrailException("entry " + (base + entries.size() + 1L) + " does not follow the one before it");
        }
        if (!entry.isGenuine(name)) {
          throw new AuditTrailException("entry " + entry.sequence() + " was changed after it was written");
        }
        head = entry.sha256();
        found |= seen.isPresent() && seen.get().is(entry.sequence(), head);
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
    return new AuditTrail(ErrorTable.oneLine(name), base, entries, head);
  }

  /** The entry seen last is among the deleted ones; if it is the last of them, its hash must be theirs. */
  private static boolean isDeleted(Optional<Seen> seen, long base, String baseSha256) {
    return seen.isPresent()
        && (seen.get().sequence() > 0 && seen.get().sequence() < base || seen.get().is(base, baseSha256));
  }
}
