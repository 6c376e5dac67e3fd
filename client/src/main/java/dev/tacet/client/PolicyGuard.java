// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.Consents;
import dev.tacet.client.internal.Host;
import dev.tacet.he.Signature;
import dev.tacet.protocol.ServiceException;
import java.time.Instant;

/** Stands before everything that a client sends: its policy, the host's terms, and consent to the purpose. */
final class PolicyGuard {
  private final PrivacyPolicy policy;
  private final Host host;
  private final PrivacyPolicy.Destination destination;
  private final Consents consents;

  /**
   * Makes a guard.
   *
   * @param policy null for none: everything passes then
   */
  PolicyGuard(PrivacyPolicy policy, Host host, PrivacyPolicy.Destination destination, KeyRing ring) {
    this.policy = policy;
    this.host = host;
    this.destination = destination;
    this.consents = policy == null || policy.purpose().isEmpty() ? null : new Consents(ring.files(), policy.purpose());
  }

  /** Refuses a model whose features may not be sent to the host, before a key is made for it. */
  void requireAllowed(Signature signature) {
    if (policy != null) {
      policy.requireAllowed(signature, destination, terms());
      requireConsent();
    }
  }

  /** Refuses every request while consent to the purpose does not stand. */
  void requireConsent() {
    if (consents != null && !consents.stands()) {
      throw policy.refused("purpose", "consent to " + policy.purpose() + " is not recorded, or was withdrawn");
    }
  }

  /** Refuses to share what a model says. */
  void requireSharing(Signature signature, String way) {
    if (policy != null) {
      policy.requireSharing(signature, way, terms());
    }
  }

  /** Refuses to share, whatever the model. */
  void requireSharing(String way) {
    if (policy != null) {
      policy.requireSharing(way, destination, terms());
    }
  }

  /** Returns how many requests are sent for so many. */
  int padded(int requests) {
    return policy == null ? requests : policy.padded(requests);
  }

  void recordConsent(boolean given) {
    if (consents == null) {
      throw new IllegalStateException("there is no policy that names a purpose");
    }
    consents.record(given, Instant.now());
  }

  private HostTerms terms() {
    try {
      return host.account().terms();
    } catch (ServiceException e) {
      throw CallErrors.translate(e);
    }
  }
}
