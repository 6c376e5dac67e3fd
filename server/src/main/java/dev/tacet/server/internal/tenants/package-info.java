// SPDX-License-Identifier: Apache-2.0
/** What each tenant has on this host: its keys and the models that it may see. */
package dev.tacet.server.internal.tenants;
