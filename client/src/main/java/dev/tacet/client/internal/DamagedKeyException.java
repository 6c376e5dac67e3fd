// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.client.KeyRingException;

/** The file of an evaluation key does not hold the bytes that it is named by. It was deleted: the key can be made again. */
public final class DamagedKeyException extends KeyRingException {
  private static final long serialVersionUID = 1L;

  DamagedKeyException(String message) {
    super(message, "Try again: a new key is made. If it happens again, check the disk.", null);
  }
}
