// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

/**
 * What is known of one version of one model.
 *
 * @param artifactSha256 lower-case hex; empty unless ready
 * @param signatureSha256 lower-case hex; empty unless ready
 * @param problem why it, or what its files say now, is not served; empty if nothing is wrong
 */
public record ModelStatus(
    String name, String version, State state, String artifactSha256, String signatureSha256, String problem) {
  /** Whether a version is served. */
  public enum State {
    /** It is served. */
    READY,
    /** It cannot be loaded. */
    REFUSED,
    /** A caller unloaded it. */
    UNLOADED
  }

  /** Tells whether it is served. */
  public boolean ready() {
    return state == State.READY;
  }
}
