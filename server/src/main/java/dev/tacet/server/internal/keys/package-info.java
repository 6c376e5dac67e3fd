// SPDX-License-Identifier: Apache-2.0
/** Evaluation keys at rest and in memory: content-addressed blobs, key sets, and the cache of expanded keys. */
package dev.tacet.server.internal.keys;
