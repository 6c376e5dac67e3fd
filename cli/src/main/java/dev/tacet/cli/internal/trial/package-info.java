// SPDX-License-Identifier: Apache-2.0

/** Compile, serve, predict and compare with the clear model: what try, demo and bench share. */
package dev.tacet.cli.internal.trial;
