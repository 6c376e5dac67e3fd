// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/** A model that its owner, whose key this client trusts, did not sign, or not as it is offered. No key was made. */
public final class UntrustedModelException extends TacetException {
  private static final long serialVersionUID = 1L;

  /** Makes the exception; the message names the model and both sides. */
  public UntrustedModelException(String message) {
    super(message, "Ask the model's owner for the signed model and the key; trust another key only on the owner's own word.", null);
  }
}
