// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.util.Set;

/**
 * What a host says of itself, which a client's policy is compared with. It is the operator's word.
 *
 * @param region where it stands, in the operator's words; empty if it is not said
 * @param transports what data may travel over to it: loopback, plain, tls, mutual-tls; empty if it does not narrow that
 * @param narrowsSharing whether it says what sharing it allows
 * @param sharing the sharing that it allows then: providers, results
 * @param times how long it keeps things
 */
public record HostTerms(
    String region, Set<String> transports, boolean narrowsSharing, Set<String> sharing, KeptData.Times times) {
  /** Copies. */
  public HostTerms {
    transports = Set.copyOf(transports);
    sharing = Set.copyOf(sharing);
  }
}
