// SPDX-License-Identifier: Apache-2.0
/** Who a caller is: API keys, bearer tokens and client certificates, each of which stands for one tenant with roles. */
package dev.tacet.server.internal.identity;
