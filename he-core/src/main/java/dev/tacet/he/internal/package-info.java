// SPDX-License-Identifier: Apache-2.0
/** Plumbing of dev.tacet.he that is not API: bounded byte codec and the native boundary. */
package dev.tacet.he.internal;
