// SPDX-License-Identifier: Apache-2.0
/**
 * The host: one Netty server on one port that keeps models and evaluation keys and runs programs on ciphertexts. It never
 * holds a secret key; {@code dev.tacet.he.secret} is not used here, and a test forbids it.
 */
package dev.tacet.server;
