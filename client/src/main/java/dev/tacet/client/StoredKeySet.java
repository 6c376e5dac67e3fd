// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.time.Instant;
import java.util.Optional;

/**
 * A key set of this client on a host, as the host describes it.
 *
 * @param id SHA-256 of the manifest, hexadecimal
 * @param parameterSha256 of the parameters that its keys were made for, hexadecimal
 * @param bytes of all its keys
 * @param keys how many
 * @param registeredAt by the host's clock
 * @param usedAt when a call last named it, to the hour
 * @param expiresAt when the host stops using it, unless it is registered again
 */
public record StoredKeySet(
    String id, String parameterSha256, long bytes, int keys, Instant registeredAt, Instant usedAt, Optional<Instant> expiresAt) {}
