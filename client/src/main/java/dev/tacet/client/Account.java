// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.client.internal.HostAccount;
import dev.tacet.protocol.ServiceException;
import java.util.List;
import java.util.function.Supplier;

/** What a host keeps for this client, and what this client decides about it. Safe to use from many threads. */
public final class Account {
  private final TacetClient client;

  Account(TacetClient client) {
    this.client = client;
  }

  /** Lists this client's key sets on the host, the oldest first. */
  public List<StoredKeySet> keySets() {
    return call(host()::keySets);
  }

  /**
   * Deletes a key set on the host, with the keys that no other set names, the grants of it, and what the host holds of it in memory. The
   * key ring keeps its keys: the next prediction brings them again.
   *
   * @param id as {@link StoredKeySet#id()} gives it
   * @return how many keys were deleted with it
   * @throws CallFailedException KEY_NOT_FOUND if this client owns no such set
   */
  public int deleteKeySet(String id) {
    return call(() -> host().deleteKeySet(id));
  }

  /**
   * Allows a data provider to have models run with a key set, until it is revoked.
   *
   * @param grantee the provider's name on the host, such as {@code api-key:clinic-7}
   * @param purpose what for, 1 to 128 characters; the host records it
   * @throws CallFailedException KEY_NOT_FOUND if this client owns no such set
   */
  public void grant(String keySetId, String grantee, String purpose) {
    call(() -> {
      host().grant(keySetId, grantee, purpose);
      return null;
    });
  }

  /**
   * Takes a grant back; calls that run already end.
   *
   * @throws CallFailedException KEY_NOT_FOUND if there is no such grant
   */
  public void revoke(String keySetId, String grantee) {
    call(() -> {
      host().revoke(keySetId, grantee);
      return null;
    });
  }

  /** Lists what this client granted to others. */
  public List<KeyGrant> grantsGiven() {
    return call(() -> host().grants().given());
  }

  /** Lists what others granted to this client. */
  public List<KeyGrant> grantsReceived() {
    return call(() -> host().grants().received());
  }

  private HostAccount host() {
    client.requireOpen();
    return client.host().account();
  }

  private static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (ServiceException e) {
      throw CallErrors.translate(e);
    }
  }
}
