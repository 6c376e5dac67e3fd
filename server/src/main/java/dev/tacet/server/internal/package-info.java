// SPDX-License-Identifier: Apache-2.0
/** What the server is made of; nothing here is API. */
package dev.tacet.server.internal;
