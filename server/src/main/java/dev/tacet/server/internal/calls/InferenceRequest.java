// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.calls;

import dev.tacet.server.internal.observe.Origin;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * A request for one inference, nothing of it checked.
 *
 * @param client who asks, by name within its tenant
 * @param origin names the call for those who follow it
 * @param version empty for the newest
 * @param signatureSha256 of the signature that the client checked
 * @param keySetId empty if the client names none
 * @param parameterHash of the parameters that the client made its keys for, where the protocol carries it
 * @param ciphertexts CIPHERTEXT blobs in the order of the program's inputs
 */
public record InferenceRequest(
    String client,
    Origin origin,
    String model,
    String version,
    String signatureSha256,
    String keySetId,
    Optional<String> parameterHash,
    List<ByteBuffer> ciphertexts) {}
