// SPDX-License-Identifier: Apache-2.0
/** The settings of a server: one table of names, read from a YAML file, the environment and flags, checked whole. */
package dev.tacet.server.internal.config;
