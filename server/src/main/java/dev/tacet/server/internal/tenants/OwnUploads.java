// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.tenants;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.keys.ClientIndex;
import dev.tacet.server.internal.keys.ContentHash;
import dev.tacet.server.internal.keys.KeyStore;
import dev.tacet.server.internal.keys.UploadStore;
import dev.tacet.server.internal.keys.UploadStore.Progress;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Uploads of one tenant as each client sees them. Equal keys of several clients are stored once, but a key is there for a client only when
 * that client has sent all of it: what it sends of a key that others brought is compared with what is stored. Else whoever knows a key's
 * hash could have the key, and would be taken for one of those who sent it.
 */
final class OwnUploads {
  private final KeyStore keys;
  private final ClientIndex clients;
  private final Clock clock;

  OwnUploads(KeyStore keys, ClientIndex clients, Clock clock) {
    this.keys = keys;
    this.clients = clients;
    this.clock = clock;
  }

  /**
   * Takes a chunk: see {@link UploadStore#put}; progress is that of the client.
   *
   * @throws ServiceException as there
   */
  Progress put(String client, ContentHash key, long total, long offset, int crc32c, ByteBuffer data) {
    keys.check(total, offset, crc32c, data);
    int length = data.remaining();
    Optional<Long> stored = keys.length(key);
    long held = stored.or(() -> keys.received(key)).orElse(0L);
    Proof proof = new Proof(key, client, clients.proved(key, client));
    long have = Math.min(held, proof.shown);
    if (stored.isPresent() && have == held || have >= total) {
      return keys.put(key, total, offset, crc32c, data, proof); // all of it was sent: it is stored, or gets finished
    }
    if (offset + length <= have || length == 0 && offset == 0) {
      return new Progress(have, false);
    }
    if (offset != have) {
      throw mismatch("chunk of " + length + " bytes starts at " + offset + ", the upload continues at " + have, have);
    }
    if (offset == 0) {
      clients.sends(key, client, clock.instant());
    }
    boolean complete;
    try {
      complete = keys.put(key, total, offset, crc32c, data, proof).complete(); // compares what others sent of it before
    } catch (ServiceException refused) {
      if (offset == 0) {
        clients.withdraws(key, client);
      }
      throw refused;
    }
    if (!proof.known) {
      if (!clients.isSent(key)) {
        keys.deleteKeys(List.of(key), new ArrayList<>(), new ArrayList<>());
      }
      throw mismatch("what was sent of this key was deleted meanwhile; it starts again at 0", 0);
    }
    return new Progress(offset + length, complete && offset + length == total);
  }

  /** Notes what a client shows, while the upload is locked: a note that came late would be of an upload that is gone. */
  private final class Proof implements UploadStore.Sender {
    private final ContentHash key;
    private final String client;
    private long shown;
    private boolean known = true;

    Proof(ContentHash key, String client, long shown) {
      this.key = key;
      this.client = client;
      this.shown = shown;
    }

    @Override
    public void begins() {
      clients.beginAnew(key);
      shown = shown == ClientIndex.WHOLE ? shown : 0;
    }

    @Override
    public void shown(long upTo, boolean complete) {
      long now = complete ? ClientIndex.WHOLE : upTo;
      if (now > shown) {
        known = clients.proves(key, client, now);
        shown = now;
      }
    }
  }

  private static ServiceException mismatch(String text, long receivedBytes) {
    return new ServiceException(ErrorCause.OFFSET_MISMATCH, text, Map.of("received_bytes", Long.toString(receivedBytes)));
  }
}
