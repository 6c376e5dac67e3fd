// SPDX-License-Identifier: Apache-2.0

/** The search for secrets in the memory of a process, in its files and in what went over the wire. */
package dev.tacet.cli.internal.blind;
