// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/** The passphrase does not open the key ring, or the ring's file was altered. */
public final class WrongPassphraseException extends KeyRingException {
  private static final long serialVersionUID = 1L;

  /** Makes the exception; the message names the file. */
  public WrongPassphraseException(String message, Throwable cause) {
    super(message, "Give the passphrase that the key ring was made with; a lost passphrase cannot be recovered.", cause);
  }
}
