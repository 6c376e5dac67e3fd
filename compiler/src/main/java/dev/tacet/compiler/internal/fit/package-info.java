// SPDX-License-Identifier: Apache-2.0
/** Polynomials that stand for activations: Chebyshev series on an interval. */
package dev.tacet.compiler.internal.fit;
