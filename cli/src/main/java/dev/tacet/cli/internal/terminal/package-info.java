// SPDX-License-Identifier: Apache-2.0

/** What a person reads: tables, units, progress. */
package dev.tacet.cli.internal.terminal;
