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
import java.util.Arrays;
import java.util.List;
import java.util.Map;

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
   * @throws ServiceException as there; CHECKSUM_MISMATCH also where the bytes differ from what is held
   */
  Progress put(String client, ContentHash key, long total, long offset, int crc32c, ByteBuffer data) {
    keys.check(total, offset, crc32c, data);
    int length = data.remaining();
    long held = keys.held(key);
    boolean stored = keys.has(key);
    long have = Math.min(held, clients.proved(key, client));
    if (stored && have == held) {
      return new Progress(held, true);
    }
    if (offset + length <= have || length == 0 && offset == 0) {
      return new Progress(have, false);
    }
    if (offset != have) {
      throw mismatch(ErrorCause.OFFSET_MISMATCH, "chunk of " + length + " bytes starts at " + offset + ", the upload continues at " + have, have);
    }
    if (offset == 0) {
      clients.sends(key, client, clock.instant());
    }
    if (stored && total != held) {
      throw mismatch(ErrorCause.CHECKSUM_MISMATCH, "a key of " + total + " bytes does not have the SHA-256 that names the upload", 0);
    }
    int known = (int) Math.min(length, held - offset);
    byte[] before = known > 0 ? keys.heldBytes(key, offset, known) : new byte[0];
    if (before.length < known) { // it ended or was deleted between two looks
      throw mismatch(ErrorCause.OFFSET_MISMATCH, "the upload changed meanwhile, it continues at " + offset, offset);
    }
    if (!Arrays.equals(before, bytes(data, 0, known))) {
      if (stored) {
        throw mismatch(ErrorCause.CHECKSUM_MISMATCH, "chunk at " + offset + " of " + length + " bytes is not of the key that names the upload", have);
      }
      keys.deleteKeys(List.of(key), new ArrayList<>(), new ArrayList<>()); // who brought what is wrong is found at the end: all begin anew
      throw mismatch(ErrorCause.OFFSET_MISMATCH, "chunk at " + offset + " of " + length + " bytes differs from what was received of this key;"
          + " it starts again at 0", 0);
    }
    boolean complete = stored && offset + length == held;
    if (known < length) {
      ByteBuffer rest = ByteBuffer.wrap(bytes(data, known, length - known));
      complete = keys.put(key, total, offset + known, UploadStore.crcOf(rest), rest).complete();
    }
    if (!clients.proves(key, client, offset + length)) {
      if (!clients.isSent(key)) {
        keys.deleteKeys(List.of(key), new ArrayList<>(), new ArrayList<>());
      }
      throw mismatch(ErrorCause.OFFSET_MISMATCH, "what was sent of this key was deleted meanwhile; it starts again at 0", 0);
    }
    return new Progress(offset + length, complete);
  }

  private static byte[] bytes(ByteBuffer data, int from, int count) {
    byte[] bytes = new byte[count];
    data.duplicate().position(data.position() + from).get(bytes);
    return bytes;
  }

  private static ServiceException mismatch(ErrorCause cause, String text, long receivedBytes) {
    return new ServiceException(cause, text, Map.of("received_bytes", Long.toString(receivedBytes)));
  }
}
