// SPDX-License-Identifier: Apache-2.0
/** The plain HTTP edge: health, readiness, metrics, and the list of models as JSON. */
package dev.tacet.server.internal.http;
