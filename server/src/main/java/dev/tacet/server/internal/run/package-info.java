// SPDX-License-Identifier: Apache-2.0
/** Running programs: what is let in, where it waits, and what is checked before native code sees it. */
package dev.tacet.server.internal.run;
