// SPDX-License-Identifier: Apache-2.0
/** What a program makes the engine do, and how long a measured machine takes for it. */
package dev.tacet.compiler.internal.cost;
