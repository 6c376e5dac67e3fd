// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How long the parts of one prediction took and how large its messages were.
 *
 * @param encryptNanos packing and encryption
 * @param callNanos the whole call, from sending the request to having the answer
 * @param serverNanos the run on the host, by its own clock
 * @param decryptNanos decryption, checks and postprocessing
 * @param layerNanos time on the host by layer, in the program's order
 * @param inputBytes encrypted input
 * @param resultBytes encrypted answer
 */
public record Timings(
    long encryptNanos,
    long callNanos,
    long serverNanos,
    long decryptNanos,
    Map<String, Long> layerNanos,
    long inputBytes,
    long resultBytes) {
  /** Copies. */
  public Timings {
    layerNanos = Collections.unmodifiableMap(new LinkedHashMap<>(layerNanos));
  }
}
