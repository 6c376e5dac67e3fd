// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/** A key ring that cannot be read or written. */
public class KeyRingException extends TacetException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param advice what to do, one sentence
   */
  public KeyRingException(String message, String advice, Throwable cause) {
    super(message, advice, cause);
  }
}
