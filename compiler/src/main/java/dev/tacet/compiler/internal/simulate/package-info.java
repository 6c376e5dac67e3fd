// SPDX-License-Identifier: Apache-2.0
/** Runs of programs in the clear, and what is seen of them. */
package dev.tacet.compiler.internal.simulate;
