// SPDX-License-Identifier: Apache-2.0
/** Measurements of single operations, on parameter sets that other libraries can be given too. */
package dev.tacet.cli.internal.bench;
