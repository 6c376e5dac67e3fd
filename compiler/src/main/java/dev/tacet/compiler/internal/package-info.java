// SPDX-License-Identifier: Apache-2.0
/** The order of the compiler's passes. */
package dev.tacet.compiler.internal;
