// SPDX-License-Identifier: Apache-2.0
/** The host's memory of what it keeps, in a database: embedded in the data folder, or a PostgreSQL that several hosts share. */
package dev.tacet.server.internal.state;
