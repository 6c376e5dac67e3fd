// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.ProgressListener;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.Parameters;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;

/** Brings a key set to a host: only the blobs that it lacks, in chunks of 1 MiB, resuming where an earlier upload ended. */
public final class KeyUpload {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int MAX_STALLS = 4;

  private final Host host;
  private final KeyRingFiles ring;
  private final Parameters parameters;
  private final ProgressListener progress;
  private long done;
  private long total;

  /** Makes an upload of keys of these parameters. */
  public KeyUpload(Host host, KeyRingFiles ring, Parameters parameters, ProgressListener progress) {
    this.host = host;
    this.ring = ring;
    this.parameters = parameters;
    this.progress = progress;
  }

  /**
   * Uploads what is missing, registers the set and returns its id.
   *
   * @throws DamagedKeyException if the file of a missing key is damaged; the file is gone then
   */
  public String upload(KeyManifest manifest) {
    bring(manifest);
    String id;
    try {
      id = host.registerKeySet(manifest);
    } catch (ServiceException e) {
      if (e.errorCause() != ErrorCause.KEY_NOT_FOUND) {
        throw e;
      }
      bring(manifest); // the host deleted some in between, since their time was over
      id = host.registerKeySet(manifest);
    }
    if (!id.equals(manifest.keySetId())) {
      throw new ServiceException(
          ErrorCause.INTERNAL, "the host registered key set " + id + ", its manifest hashes to " + manifest.keySetId());
    }
    return id;
  }

  private void bring(KeyManifest manifest) {
    Set<String> missing = host.missingKeys(manifest);
    total = manifest.entries().stream().filter(e -> missing.contains(e.sha256())).mapToLong(KeyManifest.Entry::bytes).sum();
    done = 0;
    progress.progress(ProgressListener.Stage.UPLOAD_KEYS, 0, total);
    for (KeyManifest.Entry entry : manifest.entries()) {
      if (missing.contains(entry.sha256())) {
        requireWhole(entry);
        put(entry);
      }
    }
  }

  /** Hashes the file before it is sent: what a disk did to it is found here and not after the upload. */
  private void requireWhole(KeyManifest.Entry entry) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    try (FileChannel channel = ring.openKey(parameters, entry.sha256())) {
      while (channel.read(buffer) >= 0) {
        digest.update(buffer.flip());
        buffer.clear();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (!HexFormat.of().formatHex(digest.digest()).equals(entry.sha256())) {
      ring.discardKey(parameters, entry.sha256());
      throw new DamagedKeyException("evaluation key " + entry.sha256() + " was altered on disk and is deleted");
    }
  }

  private void put(KeyManifest.Entry entry) {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
    long start = done;
    long offset = 0;
    int stalls = 0;
    try (FileChannel channel = ring.openKey(parameters, entry.sha256())) {
      while (true) {
        chunk.clear().limit((int) Math.min(CHUNK_BYTES, entry.bytes() - offset));
        for (long at = offset; chunk.hasRemaining(); at = offset + chunk.position()) {
          if (channel.read(chunk, at) < 0) {
            throw new IOException("key file " + entry.sha256() + " ends at byte " + at + " of " + entry.bytes());
          }
        }
        Host.Received received = send(entry, offset, chunk.flip());
        done = start + Math.min(entry.bytes(), Math.max(0, received.receivedBytes()));
        progress.progress(ProgressListener.Stage.UPLOAD_KEYS, done, total);
        if (received.complete()) {
          done = start + entry.bytes();
          return;
        }
        stalls = received.receivedBytes() > offset ? 0 : stalls + 1;
        if (stalls >= MAX_STALLS || received.receivedBytes() < 0 || received.receivedBytes() > entry.bytes()) {
          throw new ServiceException(
              ErrorCause.INTERNAL,
              "the host says it has " + received.receivedBytes() + " of " + entry.bytes() + " bytes of a key after byte " + offset);
        }
        offset = received.receivedBytes();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Host.Received send(KeyManifest.Entry entry, long offset, ByteBuffer data) {
    try {
      return host.putChunk(entry.sha256(), entry.bytes(), offset, data);
    } catch (ServiceException e) {
      String continueAt = e.details().get("received_bytes");
      if (e.errorCause() == ErrorCause.OFFSET_MISMATCH && continueAt != null && continueAt.matches("[0-9]{1,18}")) {
        return new Host.Received(Long.parseLong(continueAt), false);
      }
      throw e;
    }
  }
}
