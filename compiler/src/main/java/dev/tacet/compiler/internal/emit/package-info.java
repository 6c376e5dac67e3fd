// SPDX-License-Identifier: Apache-2.0
/** Programs and signatures from fitted, laid out and levelled networks, with exact scales. */
package dev.tacet.compiler.internal.emit;
