// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.he.Blob;
import dev.tacet.protocol.Ed25519Key;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.config.Settings.Retention;
import dev.tacet.server.internal.keys.ClientIndex;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.Grants;
import dev.tacet.server.internal.keys.KeyIndex;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.state.Audit;
import dev.tacet.server.internal.state.Audit.Action;
import dev.tacet.server.internal.keys.UploadStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What one tenant's part of the host keeps about each client: shown, read and deleted. Disk and database work for a blocking thread. */
public final class Privacy {
  private static final Logger LOG = LoggerFactory.getLogger(Privacy.class);
  private static final Instant FOREVER = Instant.ofEpochMilli(Long.MAX_VALUE);
  private static final int MOST_BYTES = 1 << 20;
  private static final String KEY_SETS = "keysets/";
  private static final String KEYS = "keys/";

  private final String tenant;
  private final KeyStore keys;
  private final OwnUploads uploads;
  private final Grants grants;
  private final Audit audit;
  private final ClientIndex clients;
  private final DeletionList deletions;
  private final Ed25519Key receipts;
  private final Retention retention;
  private final Clock clock;

  Privacy(
      String tenant, KeyStore keys, Grants grants, Audit audit, ClientIndex clients, DeletionList deletions, Ed25519Key receipts,
      Retention retention, Clock clock) {
    this.tenant = tenant;
    this.keys = keys;
    this.uploads = new OwnUploads(keys, clients, clock);
    this.grants = grants;
    this.audit = audit;
    this.clients = clients;
    this.deletions = deletions;
    this.receipts = receipts;
    this.retention = retention;
    this.clock = clock;
  }

  /**
   * A key that is kept.
   *
   * @param bytes that the host holds
   * @param complete false for an upload that has not ended
   */
  public record KeptKey(ContentHash hash, long bytes, boolean complete) {}

  /**
   * Everything that is kept about a client.
   *
   * @param name the tenant, a slash, the client
   */
  public record Kept(
      String name, List<KeyIndex.KeySet> keySets, List<KeptKey> keys, List<Grants.Grant> given, List<Grants.Grant> received,
      Audit.Ends audit) {}

  /**
   * What proves a deletion.
   *
   * @param text what was deleted, UTF-8
   * @param signature of the host's key
   */
  public record Receipt(byte[] text, byte[] signature) {}

  /** Returns the keys that are there for a client: those that it sent whole, or that its key sets name. */
  public Set<ContentHash> own(String client) {
    return clients.keys(client).keySet();
  }

  /** Takes a chunk of a client's key: see {@link OwnUploads#put}. */
  public UploadStore.Progress put(String client, ContentHash key, long total, long offset, int crc32c, ByteBuffer data) {
    return uploads.put(client, key, total, offset, crc32c, data);
  }

  /** Returns the public key that receipts are checked with. */
  public byte[] receiptKey() {
    return receipts.publicKey();
  }

  /** Returns how long things are kept, but for keys and uploads. */
  public Retention retention() {
    return retention;
  }

  /** Lists what is kept about a client. */
  public Kept kept(String client) {
    List<KeptKey> kept = new ArrayList<>();
    Map<ContentHash, Long> stored = clients.keys(client);
    stored.forEach((hash, bytes) -> kept.add(new KeptKey(hash, bytes, true)));
    for (ContentHash hash : clients.sent(client)) {
      if (!stored.containsKey(hash)) {
        keys.received(hash).ifPresent(bytes -> kept.add(new KeptKey(hash, bytes, false)));
      }
    }
    return new Kept(
        audit.trail(client), keys.index().keySetsOf(client), kept, grants.givenBy(client), grants.givenTo(client), audit.ends(client));
  }

  /**
   * Reads from what is kept about a client.
   *
   * @param name {@code keysets/ID} or {@code keys/SHA256}
   * @return at most 1 MiB; empty beyond the end
   * @throws ServiceException KEY_NOT_FOUND if there is no such thing of this client, whoever else has it
   */
  public byte[] read(String client, String name, long offset) {
    if (offset < 0) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "offset " + Long.toUnsignedString(offset) + " lies beyond every end");
    }
    if (name.startsWith(KEY_SETS)) {
      ContentHash id = new ContentHash(name.substring(KEY_SETS.length()));
      Optional<byte[]> manifest =
          keys.index().owners(id).contains(client) ? keys.manifestBytes(id) : Optional.empty();
      return part(manifest.orElseThrow(() -> KeyStore.notRegistered(id)), offset);
    }
    ContentHash hash = new ContentHash(name.startsWith(KEYS) ? name.substring(KEYS.length()) : name);
    if (!clients.keys(client).containsKey(hash)) {
      throw new ServiceException(ErrorCause.KEY_NOT_FOUND, "key " + hash + " is not stored", Map.of("sha256", hash.hex()));
    }
    return keys.read(hash, offset, MOST_BYTES);
  }

  private static byte[] part(byte[] bytes, long offset) {
    int from = (int) Math.min(offset, bytes.length);
    return Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + MOST_BYTES));
  }

  /**
   * Deletes everything that is kept about a client, and its trail up to now; the trail goes on with an entry that names the receipt.
   *
   * @throws ServiceException STORAGE_FAILED; what was begun is ended when the client asks again, or the host starts
   */
  public Receipt delete(String client) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    try {
      deletions.add(now, tenant, client);
    } catch (IOException e) {
      throw new ServiceException(ErrorCause.STORAGE_FAILED, "writing the deletion down: the host's disk failed", Map.of(), null, e);
    }
    StringBuilder text = new StringBuilder("tacet receipt 1\n");
    line(text, "client", audit.trail(client));
    line(text, "at", now.toString());
    deleteKeys(client, FOREVER, text);
    Audit.Ends ends = audit.deleteAll(client);
    line(text, "audit-entries", Long.toString(ends.last() - ends.base()));
    line(text, "audit-end", ends.last() + " " + ends.lastSha256());
    line(text, "backups-until", retention.backups().map(time -> now.plus(time).toString()).orElse("not stated"));
    byte[] receipt = text.toString().getBytes(StandardCharsets.UTF_8);
    audit.append(client, Action.DELETED, Blob.sha256Hex(receipt), "everything up to entry " + ends.last());
    clients.deleted(DeletionList.hash(client), now);
    return new Receipt(receipt, receipts.sign(receipt));
  }

  private void deleteKeys(String client, Instant upTo, StringBuilder text) {
    line(text, "grants", Integer.toString(clients.forgetGrants(client, upTo)));
    TreeSet<String> gone = new TreeSet<>();
    for (ContentHash id : clients.owned(client, upTo)) {
      line(text, "key-set", id.hex());
      keys.delete(id, client).ifPresent(deleted -> deleted.forEach(key -> gone.add(key.hex())));
    }
    for (ContentHash id : clients.ownerless(client, upTo)) {
      keys.deleteOwnerless(id).ifPresent(deleted -> {
        line(text, "key-set", id.hex());
        deleted.forEach(key -> gone.add(key.hex()));
      });
    }
    List<ContentHash> stored = new ArrayList<>();
    List<ContentHash> unfinished = new ArrayList<>();
    keys.deleteKeys(clients.forgetSent(client, upTo), stored, unfinished);
    stored.forEach(key -> gone.add(key.hex()));
    gone.forEach(key -> line(text, "key", key));
    unfinished.forEach(key -> line(text, "upload", key.hex()));
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(name).append(": ").append(value).append('\n');
  }

  /**
   * Deletes again what deletions before a backup was restored, or before a crash, should have deleted. The index notes which deletions
   * have ended: what came after those is newer than they are, whatever the clock said then.
   */
  void redo(List<DeletionList.Deletion> written) {
    Map<String, Instant> ended = clients.deletions();
    List<DeletionList.Deletion> mine = written.stream()
        .filter(d -> d.tenant().equals(tenant) && !d.at().equals(ended.get(d.clientSha256()))).toList();
    if (mine.isEmpty()) {
      return;
    }
    LOG.info("tenant {}: {} deletions that this index has not seen the end of are made again", tenant, mine.size());
    for (String client : clients.clients()) {
      for (DeletionList.Deletion deletion : mine) {
        if (deletion.isOf(client)) {
          deleteKeys(client, deletion.at(), new StringBuilder());
          audit.deleteBefore(client, deletion.at());
        }
      }
    }
    mine.forEach(deletion -> clients.deleted(deletion.clientSha256(), deletion.at()));
  }

  /** Forgets which deletions before an instant have ended: the list of deletions does not name them any more. */
  void forgetDeletions(Instant before) {
    clients.forgetDeletions(before);
  }

  /**
   * Deletes what of this tenant may not be kept longer.
   *
   * @return how many things
   */
  long sweep() {
    long count = keys.sweep();
    clients.forgetUnknown(clock.instant().minus(keys.limits().uploadLifetime()));
    if (retention.audit().isPresent()) {
      count += audit.deleteBefore(clock.instant().minus(retention.audit().get()));
    }
    return count;
  }
}
