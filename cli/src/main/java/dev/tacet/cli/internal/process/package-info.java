// SPDX-License-Identifier: Apache-2.0

/** The server as a second process, temporary folders, and the recording proxy between them. */
package dev.tacet.cli.internal.process;
