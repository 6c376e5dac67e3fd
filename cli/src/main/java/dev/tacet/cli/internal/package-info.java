// SPDX-License-Identifier: Apache-2.0

/** What every command shares: failures with an exit code, shutdown, JSON. */
package dev.tacet.cli.internal;
