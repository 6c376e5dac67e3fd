// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.protocol.AuditEntry;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.Grants;
import dev.tacet.server.internal.keys.KeyIndex;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What every database must do with the rows of a tenant. */
abstract class KeyIndexContract {
  private static final Instant T0 = Instant.ofEpochMilli(1_700_000_000_000L);
  private static final ContentHash A = hash('a');
  private static final ContentHash B = hash('b');
  private static final ContentHash SET = hash('1');
  private static final ContentHash OTHER = hash('2');

  /** Returns the database, the same for all tests of a class: each test takes tenants of its own. */
  abstract Database database();

  private KeyIndex tenant(String name) {
    return new DatabaseKeyIndex(database(), name);
  }

  private static ContentHash hash(char digit) {
    return new ContentHash(String.valueOf(digit).repeat(64));
  }

  private static KeyIndex.KeySet set(ContentHash id, Instant at) {
    return new KeyIndex.KeySet(id, "f".repeat(64), 15_000, 2, at, at, Optional.empty());
  }

  private static void fill(KeyIndex index) {
    index.addBlob(A, 10_000, T0);
    index.addBlob(B, 100, T0);
  }

  @Test
  void blobsAreKnownCountedAndRemoved() {
    KeyIndex index = tenant("blobs");
    assertEquals(new KeyIndex.Usage(0, 0, 0), index.usage());
    fill(index);
    assertEquals(Optional.of(10_000L), index.blob(A));
    assertEquals(Map.of(A, 10_000L, B, 100L), index.blobs());
    assertEquals(new KeyIndex.Usage(14_096, 2, 0), index.usage(), "a small file counts as 4096 bytes");
    index.addBlob(A, 20_000, T0);
    assertEquals(new KeyIndex.Usage(24_096, 2, 0), index.usage());
    index.removeBlob(A);
    index.removeBlob(A);
    assertEquals(Optional.empty(), index.blob(A));
    assertEquals(new KeyIndex.Usage(4_096, 1, 0), index.usage());
  }

  @Test
  void tenantsDoNotSeeEachOther() {
    KeyIndex mine = tenant("mine");
    KeyIndex yours = tenant("yours");
    fill(mine);
    mine.addKeySet(set(SET, T0), List.of(A, B));
    mine.own(SET, "alice", T0);
    assertEquals(Optional.empty(), yours.blob(A));
    assertEquals(Optional.empty(), yours.keySet(SET));
    assertEquals(List.of(), yours.keySetsOf("alice"));
    assertEquals(List.of(), yours.blobsOf(SET));
    assertFalse(yours.markKeySet(SET));
    yours.removeBlob(A);
    assertFalse(yours.disown(SET, "alice"));
    assertEquals(List.of("alice"), mine.owners(SET));
    assertEquals(new KeyIndex.Usage(14_096, 2, 1), mine.usage());
  }

  /** More entries than are deleted at a time, and what a deletion that was cut short left of them. */
  @Test
  void aLongTrailIsDeletedWhole() {
    DatabaseAudit audit = new DatabaseAudit(database(), "long", Clock.systemUTC());
    AuditEntry last = audit.append("alice", Audit.Action.INFERENCE, "m", "");
    long count = 120_001;
    database().durable("making a long trail", c -> {
      try (var insert = c.prepareStatement("insert into audit (tenant, client, sequence, at_millis, action, object, detail, previous, sha256)"
          + " values ('long', 'alice', ?, 0, 'inference', 'm', '', ?, ?)")) {
        for (long i = 2; i <= count; i++) {
          insert.setLong(1, i);
          insert.setString(2, last.sha256());
          insert.setString(3, last.sha256());
          insert.addBatch();
        }
        insert.executeBatch();
      }
      return Sql.update(c, "update audit_heads set sequence = ? where tenant = 'long' and client = 'alice'", count);
    });
    audit.append("bob", Audit.Action.INFERENCE, "m", "");
    assertEquals(new Audit.Ends(0, AuditEntry.START, count, last.sha256()), audit.deleteAll("alice"));
    assertEquals(0, rows("alice"));
    assertEquals(1, rows("bob"));
    AuditEntry next = audit.append("alice", Audit.Action.DELETED, "r", "");
    assertEquals(count + 1, next.sequence());
    assertEquals(List.of(next), audit.read("alice", 1, 10));

    database().durable("cutting a deletion short", c ->
        Sql.update(c, "update audit_heads set base_sequence = sequence, base_sha256 = sha256 where tenant = 'long' and client = 'alice'"));
    assertEquals(1, rows("alice"));
    assertEquals(List.of(), audit.read("alice", 1, 10), "what is deleted is not shown while it is there");
    audit.deleteAll("alice");
    assertEquals(0, rows("alice"));
  }

  private long rows(String client) {
    return database().transaction("counting", c ->
        Sql.first(c, "select count(*) from audit where tenant = 'long' and client = ?", row -> row.getLong(1), client).orElseThrow());
  }

  @Test
  void aKeySetNeedsItsBlobs() {
    KeyIndex index = tenant("needs");
    index.addBlob(A, 10_000, T0);
    ServiceException e = assertThrows(ServiceException.class, () -> index.addKeySet(set(SET, T0), List.of(A, B)));
    assertEquals(ErrorCause.KEY_NOT_FOUND, e.errorCause());
    assertEquals(Optional.empty(), index.keySet(SET));
    assertEquals(List.of(), index.blobsOf(SET));
  }

  @Test
  void onlyBlobsThatNoKeySetNamesAreUnreferenced() {
    KeyIndex index = tenant("references");
    fill(index);
    index.addKeySet(set(SET, T0), List.of(A));
    assertEquals(List.of(), index.markUnreferenced(T0), "not stored before that");
    assertEquals(List.of(B), index.markUnreferenced(T0.plusMillis(1)));
    assertEquals(List.of(B), index.markedBlobs());
    assertEquals(Optional.empty(), index.blob(B));
    assertEquals(List.of(), index.markUnreferenced(List.of(A, B)));
    assertThrows(ServiceException.class, () -> index.addKeySet(set(OTHER, T0), List.of(A, B)), "one is being deleted");
    index.addBlob(B, 100, T0);
    assertEquals(Optional.of(100L), index.blob(B), "stored again");
    assertEquals(new KeyIndex.Usage(14_096, 2, 1), index.usage());
  }

  @Test
  void ownersComeAndGo() {
    KeyIndex index = tenant("owners");
    fill(index);
    index.addKeySet(set(SET, T0), List.of(A, B));
    index.own(SET, "alice", T0);
    index.own(SET, "alice", T0);
    index.own(SET, "bob's \u00fc", T0);
    assertEquals(List.of(set(SET, T0)), index.keySetsOf("bob's \u00fc"));
    assertFalse(index.disown(SET, "eve"));
    assertFalse(index.disown(SET, "alice"), "bob still owns it");
    assertTrue(index.keySet(SET).isPresent());
    assertTrue(index.disown(SET, "bob's \u00fc"));
    assertEquals(Optional.empty(), index.keySet(SET));
    assertFalse(index.own(SET, "alice", T0), "it is being deleted");
    assertEquals(List.of(SET), index.markedKeySets());
    index.removeKeySet(SET);
    assertFalse(index.own(SET, "alice", T0), "it is not there");
    assertEquals(List.of(), index.markedKeySets());
    assertEquals(Set.of(A, B), Set.copyOf(index.markUnreferenced(List.of(A, B))));
    assertThrows(ServiceException.class, () -> index.own(SET, "x".repeat(513), T0));
  }

  @Test
  void keySetsWithoutUseAreFoundByTime() {
    KeyIndex index = tenant("unused");
    fill(index);
    index.addKeySet(set(SET, T0), List.of(A));
    index.addKeySet(set(OTHER, T0), List.of(B));
    index.used(SET, T0.plusSeconds(10));
    index.used(SET, T0.plusSeconds(5));
    assertEquals(T0.plusSeconds(10), index.keySet(SET).get().usedAt(), "time does not go back");
    assertEquals(List.of(OTHER), index.markUnused(T0.plusSeconds(10)));
    assertEquals(1, index.usage().keySets());
  }

  @Test
  void expiryIsKept() {
    KeyIndex index = tenant("expiry");
    fill(index);
    KeyIndex.KeySet expiring =
        new KeyIndex.KeySet(SET, "f".repeat(64), 15_000, 2, T0, T0, Optional.of(T0.plusSeconds(60)));
    index.addKeySet(expiring, List.of(A, B));
    assertEquals(Optional.of(expiring), index.keySet(SET));
    index.addKeySet(set(SET, T0), List.of(A, B));
    assertEquals(Optional.empty(), index.keySet(SET).get().expiresAt());
  }

  @Test
  void expiredKeySetsAreFoundAndALimitBringsExpiryForward() {
    KeyIndex index = tenant("limits");
    fill(index);
    index.addKeySet(set(SET, T0), List.of(A));
    index.addKeySet(new KeyIndex.KeySet(OTHER, "f".repeat(64), 100, 1, T0, T0, Optional.of(T0.plusSeconds(5))), List.of(B));
    index.limitExpiry(T0.plusSeconds(10));
    assertEquals(Optional.of(T0.plusSeconds(10)), index.keySet(SET).get().expiresAt());
    assertEquals(Optional.of(T0.plusSeconds(5)), index.keySet(OTHER).get().expiresAt(), "a limit is no extension");
    assertEquals(List.of(), index.markExpired(T0.plusMillis(4_999)));
    assertEquals(List.of(OTHER), index.markExpired(T0.plusSeconds(5)));
    assertFalse(index.renew(OTHER, T0, Optional.empty()), "it is being deleted");
    assertTrue(index.renew(SET, T0, Optional.of(T0.plusSeconds(20))));
    assertEquals(List.of(), index.markExpired(T0.plusSeconds(19)));
  }

  @Test
  void aKeySetIsUsableByItsOwnersAndByThoseWhomAnOwnerGrantedIt() {
    KeyIndex index = tenant("grants");
    Grants grants = new DatabaseGrants(database(), "grants");
    fill(index);
    index.addKeySet(set(SET, T0), List.of(A, B));
    index.own(SET, "alice", T0);
    index.own(SET, "amy", T0);
    assertEquals(Optional.empty(), index.use(SET, "bob"));
    Grants.Grant grant = new Grants.Grant(SET, "alice", "bob", "study", T0);
    assertFalse(grants.give(new Grants.Grant(SET, "eve", "bob", "study", T0)), "not hers to give");
    assertFalse(grants.give(new Grants.Grant(OTHER, "alice", "bob", "study", T0)), "there is none");
    assertTrue(grants.give(new Grants.Grant(SET, "alice", "bob", "another study", T0)));
    assertTrue(grants.give(grant), "purpose and time are renewed");
    assertEquals(Optional.of(new KeyIndex.Use(set(SET, T0), List.of("alice"))), index.use(SET, "bob"));
    assertEquals(Optional.of(new KeyIndex.Use(set(SET, T0), List.of())), index.use(SET, "alice"));
    assertEquals(List.of(grant), grants.givenBy("alice"));
    assertEquals(List.of(grant), grants.givenTo("bob"));
    assertEquals(Optional.empty(), tenant("other").use(SET, "bob"));
    assertEquals(List.of(), new DatabaseGrants(database(), "other").givenTo("bob"));
    assertFalse(new DatabaseGrants(database(), "other").revoke(SET, "alice", "bob"));
    assertTrue(grants.revoke(SET, "alice", "bob"));
    assertFalse(grants.revoke(SET, "alice", "bob"));
    assertEquals(Optional.empty(), index.use(SET, "bob"));
    grants.give(grant);
    index.disown(SET, "alice");
    assertEquals(Optional.empty(), index.use(SET, "bob"), "a grant ends with the ownership of who gave it");
    grants.give(new Grants.Grant(SET, "amy", "bob", "study", T0));
    index.markKeySet(SET);
    assertEquals(List.of(), grants.givenTo("bob"));
    index.removeKeySet(SET);
    index.addKeySet(set(SET, T0), List.of(A, B));
    assertEquals(Optional.empty(), index.use(SET, "bob"), "and with the key set");
  }

  @Test
  void aTrailIsUnbrokenWhoeverWritesAtTheSameTime() throws Exception {
    Audit audit = new DatabaseAudit(database(), "trails", Clock.systemUTC());
    ExecutorService threads = Executors.newFixedThreadPool(5);
    try {
      List<Future<?>> work = new ArrayList<>();
      for (int t = 0; t < 5; t++) {
        work.add(threads.submit(() -> {
          for (int i = 0; i < 10; i++) {
            audit.append("alice", Audit.Action.INFERENCE, "model@1", "call " + i);
          }
        }));
      }
      for (Future<?> one : work) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    audit.append("bob", Audit.Action.KEY_STORED, "x".repeat(600), "");
    List<AuditEntry> entries = audit.read("alice", 0, 100);
    assertEquals(50, entries.size());
    String previous = AuditEntry.START;
    for (int i = 0; i < 50; i++) {
      assertEquals(i + 1, entries.get(i).sequence());
      assertEquals(previous, entries.get(i).previous());
      assertTrue(entries.get(i).isGenuine("trails/alice"));
      assertFalse(entries.get(i).isGenuine("trails/bob"), "a trail's name is part of it");
      previous = entries.get(i).sha256();
    }
    assertEquals(entries.subList(19, 24), audit.read("alice", 20, 5));
    assertEquals(512, audit.read("bob", 1, 10).get(0).object().length());
    assertEquals(List.of(), new DatabaseAudit(database(), "other", Clock.systemUTC()).read("alice", 0, 10));
  }

  @Test
  void writersAtTheSameTimeLoseNothing() throws Exception {
    KeyIndex index = tenant("writers");
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      List<Future<?>> work = new ArrayList<>();
      for (int t = 0; t < 6; t++) {
        int writer = t;
        work.add(threads.submit(() -> {
          for (int i = 0; i < 20; i++) {
            // every blob is added by two writers, which race for its row
            index.addBlob(new ContentHash(String.format("%064x", writer / 2 * 100 + i)), 5_000, T0);
          }
        }));
      }
      for (Future<?> one : work) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertEquals(new KeyIndex.Usage(300_000, 60, 0), index.usage());
  }
}
