// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/** The host's audit trail is not what it must be: an entry was changed, left out, or is missing that the host showed before. */
public final class AuditTrailException extends TacetException {
  private static final long serialVersionUID = 1L;

  /** Makes the exception. */
  AuditTrailException(String message) {
    super(
        "audit trail: " + message,
        "Keep what you have seen of the trail, and ask the host's operator what happened to the rest.", null);
  }
}
