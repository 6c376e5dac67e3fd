// SPDX-License-Identifier: Apache-2.0

/** The clear model as onnxruntime computes it. */
package dev.tacet.cli.internal.reference;
