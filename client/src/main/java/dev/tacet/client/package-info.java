// SPDX-License-Identifier: Apache-2.0
/**
 * The SDK: make keys, encrypt rows, call a host that cannot read them, check and decrypt its answers.
 *
 * <p>Start at {@link dev.tacet.client.TacetClient}. A data provider, who holds only the owner's public key, starts at
 * {@link dev.tacet.client.DataProvider}. Without a network: {@link dev.tacet.client.KeyRing},
 * {@link dev.tacet.client.InputEncryptor} and {@link dev.tacet.client.OutputDecryptor}. Every failure is a
 * {@link dev.tacet.he.HeException} or IllegalArgumentException whose message has the numbers; a
 * {@link dev.tacet.client.TacetException} also says what to do.
 */
package dev.tacet.client;
