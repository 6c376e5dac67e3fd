// SPDX-License-Identifier: Apache-2.0

/** Files of the offline steps: encrypted rows and answers, evaluation keys, and the passphrase of the secret key. */
package dev.tacet.cli.internal.offline;
