// SPDX-License-Identifier: Apache-2.0
/** What the boundary between Java and the engine costs, by JMH. */
package dev.tacet.benchmarks;
