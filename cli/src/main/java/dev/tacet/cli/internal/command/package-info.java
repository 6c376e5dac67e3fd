// SPDX-License-Identifier: Apache-2.0

/** One class per command of the command line. */
package dev.tacet.cli.internal.command;
