// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/** A model whose parameters or key demands are outside what this client accepts. No key was made. */
public final class InsecureModelException extends TacetException {
  private static final long serialVersionUID = 1L;

  /** Makes the exception; the message has the numbers. */
  public InsecureModelException(String message) {
    super(message, "Ask the model's owner for a model inside the bound, or change the client's floor or cap knowingly.", null);
  }
}
