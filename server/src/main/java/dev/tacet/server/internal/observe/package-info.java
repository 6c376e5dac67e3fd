// SPDX-License-Identifier: Apache-2.0
/** What the host tells of its calls to those who run it: request ids, traces, numbers. Never contents. */
package dev.tacet.server.internal.observe;
