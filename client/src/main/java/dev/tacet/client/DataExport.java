// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.HostAccount;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Everything that a host keeps about a client as a ZIP archive: {@code kept.txt}, {@code audit.tsv}, {@code keysets/ID},
 * {@code keys/SHA256}, {@code gone.txt} where something was deleted meanwhile, its time being up say, or an audit trail did not hold, and at the end
 * the manifest {@code SHA256SUMS}, which {@code sha256sum -c} checks.
 */
final class DataExport {
  /** Of a manifest, which has some 60 bytes a key. */
  private static final long MOST_MANIFEST_BYTES = 1 << 24;

  private final ZipOutputStream zip;
  private final HostAccount host;
  private final StringBuilder sums = new StringBuilder();
  private final StringBuilder gone = new StringBuilder();

  DataExport(OutputStream out, HostAccount host) {
    this.zip = new ZipOutputStream(out, StandardCharsets.UTF_8);
    this.host = host;
  }

  private interface Content {
    void write(OutputStream out) throws IOException;
  }

  private String add(String name, Content content) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no SHA-256", e);
    }
    zip.putNextEntry(new ZipEntry(name));
    content.write(new DigestOutputStream(zip, digest));
    zip.closeEntry();
    String sha256 = HexFormat.of().formatHex(digest.digest());
    sums.append(sha256).append("  ").append(name).append('\n');
    return sha256;
  }

  /**
   * Writes everything, the manifest last.
   *
   * @param trail null where there is none that holds
   * @param broken why there is none, else null
   */
  void write(KeptData kept, AuditTrail trail, AuditTrailException broken, ProgressListener progress) throws IOException {
    add("kept.txt", out -> out.write(text(kept).getBytes(StandardCharsets.UTF_8)));
    if (broken == null) {
      add("audit.tsv", out -> out.write(table(trail).getBytes(StandardCharsets.UTF_8)));
    } else {
      gone.append("audit.tsv: not in this archive, ").append(broken.getMessage()).append('\n');
    }
    for (StoredKeySet set : kept.keySets()) {
      fetch("keysets/" + set.id(), set.id(), MOST_MANIFEST_BYTES);
    }
    long total = kept.keys().stream().mapToLong(KeptData.Key::bytes).sum();
    long done = 0;
    for (KeptData.Key key : kept.keys()) {
      if (key.complete()) {
        fetch("keys/" + key.sha256(), key.sha256(), key.bytes());
      }
      done += key.bytes();
      progress.progress(ProgressListener.Stage.EXPORT, done, total);
    }
    if (!gone.isEmpty()) {
      add("gone.txt", out -> out.write(gone.toString().getBytes(StandardCharsets.UTF_8)));
    }
    zip.putNextEntry(new ZipEntry("SHA256SUMS"));
    zip.write(sums.toString().getBytes(StandardCharsets.UTF_8));
    zip.closeEntry();
  }

  /**
   * Adds what the host holds under a name; its hash is the one that it is named by. A host that goes on beyond {@code most} bytes is cut
   * off. What the host deleted since it listed it is written down in {@link #gone} instead.
   */
  private void fetch(String name, String sha256, long most) throws IOException {
    byte[] first;
    try {
      first = host.readKept(name, 0);
    } catch (ServiceException e) {
      requireGone(e);
      gone.append(name).append(": deleted before it was read, not in this archive\n");
      return;
    }
    long[] offset = {0};
    try {
      String sum = add(name, out -> {
        for (byte[] part = first; part.length > 0; part = host.readKept(name, offset[0])) {
          offset[0] += part.length;
          if (offset[0] > most) {
            throw new ServiceException(ErrorCause.CHECKSUM_MISMATCH, name + " goes on beyond " + most + " bytes");
          }
          out.write(part);
        }
      });
      if (!sum.equals(sha256)) {
        throw new ServiceException(ErrorCause.CHECKSUM_MISMATCH, name + " came with SHA-256 " + sum);
      }
    } catch (ServiceException e) {
      requireGone(e);
      zip.closeEntry();
      gone.append(name).append(": deleted while it was read, this archive has its first ").append(offset[0]).append(" bytes\n");
    }
  }

  private static void requireGone(ServiceException failure) {
    if (failure.errorCause() != ErrorCause.KEY_NOT_FOUND && failure.errorCause() != ErrorCause.KEY_EXPIRED) {
      throw failure;
    }
  }

  private static String text(KeptData kept) {
    StringBuilder text = new StringBuilder("client: " + kept.client() + "\n");
    for (StoredKeySet set : kept.keySets()) {
      text.append("key set: ").append(set.id()).append(", ").append(set.keys()).append(" keys of ").append(set.bytes())
          .append(" bytes, registered ").append(set.registeredAt()).append(", used ").append(set.usedAt()).append(", expires ")
          .append(set.expiresAt().map(Object::toString).orElse("never")).append('\n');
    }
    for (KeptData.Key key : kept.keys()) {
      text.append("key: ").append(key.sha256()).append(", ").append(key.bytes()).append(" bytes")
          .append(key.complete() ? "" : ", unfinished, not in this archive").append('\n');
    }
    kept.grantsGiven().forEach(g -> text.append("grant given: ").append(grant(g)));
    kept.grantsReceived().forEach(g -> text.append("grant received: ").append(grant(g)));
    text.append("audit trail: ").append(kept.auditEntries()).append('\n');
    return text.toString();
  }

  private static String grant(KeyGrant grant) {
    return "key set " + grant.keySetId() + ", owner " + grant.owner() + ", provider " + grant.grantee() + ", for " + grant.purpose()
        + ", since " + grant.since() + "\n";
  }

  private static String table(AuditTrail trail) {
    StringBuilder text = new StringBuilder("entry\ttime\taction\tobject\tdetail\n");
    for (AuditTrail.Entry e : trail.entries()) {
      text.append(e.sequence()).append('\t').append(e.at()).append('\t').append(e.action()).append('\t').append(e.object()).append('\t')
          .append(e.detail()).append('\n');
    }
    return text.toString();
  }

  /** Ends the archive; the stream stays open. */
  void finish() throws IOException {
    zip.finish();
    zip.flush();
  }
}
