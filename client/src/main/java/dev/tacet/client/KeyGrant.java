// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Instant;

/**
 * What the owner of a key set allows a data provider: to have models run with it. The provider can read no answer.
 *
 * @param keySetId SHA-256 of the manifest, hexadecimal
 * @param owner the client that gave it, by its name within the tenant
 * @param grantee the client that may use it
 * @param purpose what for, in the owner's words
 * @param since by the host's clock
 */
public record KeyGrant(String keySetId, String owner, String grantee, String purpose, Instant since) {}
