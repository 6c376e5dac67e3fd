// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.server.internal.identity.Identity;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;

/** Whose call is being answered on this thread. */
final class Callers {
  private final Tenants tenants;

  Callers(Tenants tenants) {
    this.tenants = tenants;
  }

  /** Returns the caller's tenant, the only way to models and keys. */
  Tenant tenant() {
    return tenants.get(identity().tenant());
  }

  /** Returns the caller. */
  static Identity identity() {
    Identity identity = Authentication.callerOf(ServiceRequestContext.current());
    if (identity == null) {
      throw new IllegalStateException("the route was reached without an identity");
    }
    return identity;
  }
}
