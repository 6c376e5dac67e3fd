// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.KeyRingException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** When consent to a key ring's purpose was given and withdrawn: {@code consent.tsv} in its folder, a line each, only added to. */
public final class Consents {
  private static final Pattern LINE = Pattern.compile("([^\t]+)\t(given|withdrawn)\t([a-z0-9-]+)");

  private final KeyRingFiles ring;
  private final String purpose;

  /** Takes the consents of a ring that is for one purpose. */
  public Consents(KeyRingFiles ring, String purpose) {
    this.ring = ring;
    this.purpose = purpose;
  }

  /** One decision. */
  public record Decision(Instant at, boolean given, String purpose) {}

  /** Returns all decisions, the oldest first. */
  public List<Decision> all() {
    Path file = ring.consentFile();
    List<Decision> decisions = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(file)) {
        Matcher form = LINE.matcher(line);
        if (!form.matches()) {
          throw damaged(file, null);
        }
        decisions.add(new Decision(Instant.parse(form.group(1)), form.group(2).equals("given"), form.group(3)));
      }
    } catch (NoSuchFileException e) {
      return decisions;
    } catch (DateTimeParseException e) {
      throw damaged(file, e);
    } catch (IOException e) {
      throw new KeyRingException("the record of consent in " + file + ": " + e, "Check that the folder can be read.", e);
    }
    return decisions;
  }

  private static KeyRingException damaged(Path file, Exception cause) {
    return new KeyRingException(
        "the record of consent in " + file + " is damaged", "Restore the file; until then nothing is sent for its purpose.", cause);
  }

  /** Tells whether consent was given and not withdrawn since. */
  public boolean stands() {
    List<Decision> all = all();
    return !all.isEmpty() && all.get(all.size() - 1).given() && all.get(all.size() - 1).purpose().equals(purpose);
  }

  /** Records a decision; it is durable when this returns. */
  public void record(boolean given, Instant at) {
    ring.locked(() -> {
      StringBuilder text = new StringBuilder();
      all().forEach(d -> line(text, d));
      line(text, new Decision(at, given, purpose));
      PrivateFiles.write(ring.consentFile(), ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8)));
    });
  }

  private static void line(StringBuilder text, Decision d) {
    text.append(d.at()).append('\t').append(d.given() ? "given" : "withdrawn").append('\t').append(d.purpose()).append('\n');
  }
}
