// SPDX-License-Identifier: Apache-2.0
/**
 * Parameters, scales, programs, signatures, keys and ciphertexts of RNS-CKKS, and their byte formats (version 1).
 *
 * <p>Values are immutable and validated where they are made; a refusal carries the numbers. Readers of bytes are bounded and
 * throw {@link dev.tacet.he.MalformedException} on anything but the canonical form.
 */
package dev.tacet.he;
