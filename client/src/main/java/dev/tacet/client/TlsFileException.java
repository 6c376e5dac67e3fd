// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/** A file given for TLS is not what it should be: certificates to trust, the client's certificate, or its private key. */
public final class TlsFileException extends TacetException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what is wrong, with the file's name and nothing of what it holds
   * @param advice what to do, one sentence
   * @param cause the failure underneath, or null
   */
  public TlsFileException(String message, String advice, Throwable cause) {
    super(message, advice, cause);
  }
}
