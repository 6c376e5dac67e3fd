// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

/**
 * What is known of one version of one model.
 *
 * @param ready it is served
 * @param artifactSha256 lower-case hex; empty unless ready
 * @param signatureSha256 lower-case hex; empty unless ready
 * @param problem why it is not served; empty when ready
 */
public record ModelStatus(
    String name, String version, boolean ready, String artifactSha256, String signatureSha256, String problem) {}
