// SPDX-License-Identifier: Apache-2.0
/** The choice of parameters: a model of the noise, and the cheapest set that passes the security table and the precision. */
package dev.tacet.compiler.internal.params;
