// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/**
 * The host's model has another signature than the pinned one: it means something else now, or it is another model. Nothing was
 * sent.
 */
public final class SignatureChangedException extends TacetException {
  private static final long serialVersionUID = 1L;

  private final String model;
  private final String pinned;
  private final String offered;

  SignatureChangedException(String model, String pinned, String offered, Throwable cause) {
    super(
        "model " + model + ": its signature is " + offered + ", pinned is " + pinned,
        "Ask the model's owner whether the model changed; then accept the new signature explicitly.",
        cause);
    this.model = model;
    this.pinned = pinned;
    this.offered = offered;
  }

  /** Returns the model's name. */
  public String model() {
    return model;
  }

  /** Returns the SHA-256 that this client trusts, hexadecimal. */
  public String pinned() {
    return pinned;
  }

  /** Returns the SHA-256 of the signature that the host offers, hexadecimal. */
  public String offered() {
    return offered;
  }
}
