// SPDX-License-Identifier: Apache-2.0

/** The command line {@code tacet}: its entry point; everything else is internal. */
package dev.tacet.cli;
