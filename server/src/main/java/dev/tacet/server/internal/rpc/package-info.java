// SPDX-License-Identifier: Apache-2.0
/** The gRPC edge: the only place of the server where protobuf and gRPC types appear. */
package dev.tacet.server.internal.rpc;
