// SPDX-License-Identifier: Apache-2.0

/** Rows of features and of outputs as CSV and JSON files. */
package dev.tacet.cli.internal.rows;
