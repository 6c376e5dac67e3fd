// SPDX-License-Identifier: Apache-2.0
/**
 * From an ONNX graph to a {@link dev.tacet.compiler.internal.ir.Network}: every node is executed once on symbols, for one
 * row. What is constant folds, what is linear becomes a form, chains of element-wise nodes become one function, and the
 * end of the model that carries no weights becomes the client's tail.
 */
package dev.tacet.compiler.internal.lower;
