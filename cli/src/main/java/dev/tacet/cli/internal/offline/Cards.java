// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.offline;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.client.ProviderCard;
import dev.tacet.he.MalformedException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.Supplier;

/** Files named owner.card. */
public final class Cards {
  private Cards() {}

  /** Reads a card that came from the owner. */
  public static ProviderCard read(Path file) {
    ByteBuffer bytes = bytes(file);
    return using(file, () -> ProviderCard.fromBytes(bytes));
  }

  /** Reads a card that came over a channel nobody vouches for and compares it with what the owner read out. */
  public static ProviderCard read(Path file, String confirmedFingerprint) {
    ByteBuffer bytes = bytes(file);
    try {
      return using(file, () -> ProviderCard.fromBytes(bytes, confirmedFingerprint));
    } catch (IllegalArgumentException e) {
      throw new CliException(
          CliException.FAILED, file + ": " + e.getMessage(), "Do not use this card; ask the owner for theirs, and compare the fingerprint again.",
          e);
    }
  }

  private static ByteBuffer bytes(Path file) {
    return ByteBuffer.wrap(InputFile.read(file, "Give the owner.card that the key's owner sent you."));
  }

  /** Does what reads the card's parts; a part that is damaged is the file's fault. */
  public static <T> T using(Path file, Supplier<T> work) {
    try {
      return work.get();
    } catch (MalformedException e) {
      throw new CliException(
          CliException.FAILED, file + " is not a whole owner.card: " + e.getMessage(), "Copy the file again, or ask the owner for it again.", e);
    }
  }
}
