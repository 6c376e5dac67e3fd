// SPDX-License-Identifier: Apache-2.0
/** The secret key and everything that needs it. Only key owners use this package: no server or compiler may. */
package dev.tacet.he.secret;
