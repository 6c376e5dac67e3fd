// SPDX-License-Identifier: Apache-2.0
/** The model repository: finding models in a folder, refusing bad ones, and keeping the others ready to run. */
package dev.tacet.server.internal.models;
