// SPDX-License-Identifier: Apache-2.0
/**
 * The protocol between client and host: the generated {@code tacet.v1} messages, the only conversion between them and
 * {@code dev.tacet.he}, and the one table of errors.
 *
 * <p>Protobuf and gRPC types stay here and at the RPC edges of server and client; neither appears in a public signature of
 * {@code dev.tacet.he} or {@code dev.tacet.client}.
 */
package dev.tacet.protocol;
