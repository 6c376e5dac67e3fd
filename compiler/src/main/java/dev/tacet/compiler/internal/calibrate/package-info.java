// SPDX-License-Identifier: Apache-2.0
/** Bounds of features and ranges of activation inputs, from sample rows, declared ranges and rows made from them. */
package dev.tacet.compiler.internal.calibrate;
