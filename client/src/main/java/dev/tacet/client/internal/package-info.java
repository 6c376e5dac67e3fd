// SPDX-License-Identifier: Apache-2.0
/** The client's calls, key files, pins and policy; not API. */
package dev.tacet.client.internal;
