// SPDX-License-Identifier: Apache-2.0
/**
 * The compiler's own form of a model: inputs, activations and products of vectors, joined by linear forms.
 *
 * <p>Whatever is linear in a model (dense layers, batch norms, scalers, residual sums, concatenations, reshapes) is a
 * coefficient of a {@link dev.tacet.compiler.internal.ir.LinearForm}; only what is not linear is a node.
 */
package dev.tacet.compiler.internal.ir;
