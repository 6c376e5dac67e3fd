// SPDX-License-Identifier: Apache-2.0
/** Reading of ONNX files into immutable tensors, nodes and graphs; the only package that sees the protobuf classes. */
package dev.tacet.compiler.internal.onnx;
