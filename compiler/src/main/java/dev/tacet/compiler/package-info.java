// SPDX-License-Identifier: Apache-2.0
/**
 * The compiler: an ONNX model and ranges of its features in; parameters, a levelled program, a signature and a report out.
 *
 * <p>{@link dev.tacet.compiler.Compiler} is the way in. Compilation is deterministic: the same model, rows and options
 * give the same artifact, byte for byte.
 */
package dev.tacet.compiler;
