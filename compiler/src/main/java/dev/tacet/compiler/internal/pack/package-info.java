// SPDX-License-Identifier: Apache-2.0
/** Where values lie in slots, and on which level: latency packing, a row spread over the slots with a period. */
package dev.tacet.compiler.internal.pack;
