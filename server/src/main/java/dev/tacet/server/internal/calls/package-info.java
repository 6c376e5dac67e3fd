// SPDX-License-Identifier: Apache-2.0
/** What a call asks for, whichever protocol it came by: checks before the queue, and the one end of each call. */
package dev.tacet.server.internal.calls;
