// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he.secret;

/**
 * The token that every way of moving a secret key out of or into the engine asks for, so that all of them are found by searching
 * for this name.
 */
public final class SecretKeyAccess {
  private static final SecretKeyAccess INSTANCE = new SecretKeyAccess();

  private SecretKeyAccess() {}

  /** Returns the token; whoever calls this handles a secret key's bytes and wipes them. */
  public static SecretKeyAccess get() {
    return INSTANCE;
  }
}
