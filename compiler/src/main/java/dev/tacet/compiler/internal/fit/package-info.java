// SPDX-License-Identifier: Apache-2.0
/** Polynomials for activations: fitted on an interval, and chosen by what they do to the model's answers. */
package dev.tacet.compiler.internal.fit;
