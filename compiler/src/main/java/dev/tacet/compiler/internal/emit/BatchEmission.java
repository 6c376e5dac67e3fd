// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.emit;

/**
 * A program of the throughput packing and what chose it.
 *
 * @param emission the program with the parts of its signature
 * @param shape the scales
 * @param work a measure of the host's time for a batch
 * @param smallShare the part of the products in matrix products that take one instruction
 */
public record BatchEmission(Emission emission, BatchShape shape, double work, double smallShare) {}
