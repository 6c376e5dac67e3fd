// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/**
 * The evaluation keys that a model runs with.
 *
 * @param keySetId SHA-256 of their manifest, hexadecimal; empty when the model needs none
 * @param keys how many
 * @param bytes all their blobs
 * @param generateNanos time to make them, or to find them made
 * @param uploadNanos time to bring the host what it lacked
 */
public record KeySetInfo(String keySetId, int keys, long bytes, long generateNanos, long uploadNanos) {}
