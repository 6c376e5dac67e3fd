// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.calls;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.identity.Identity;
import dev.tacet.server.internal.identity.Role;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.models.ModelView;
import dev.tacet.server.internal.state.Audit.Action;
import dev.tacet.server.internal.tenants.Tenant;
import java.util.EnumSet;
import java.util.Set;

/**
 * Loads and unloads models for callers who may: with the role deploy those that their tenant sees, with the role admin all. Each is
 * written to the caller's trail before it is done.
 */
public final class Deployments {
  /** Callers with one of these may load and unload. */
  public static final Set<Role> ROLES = EnumSet.of(Role.DEPLOY, Role.ADMIN);

  /** Callers with one of these may list what is loaded. */
  public static final Set<Role> LISTERS = EnumSet.of(Role.PREDICT, Role.PROVIDE, Role.DEPLOY, Role.ADMIN);

  /** The parameter of an unload that is accepted, since models do not depend on each other. */
  public static final String DEPENDENTS = "unload_dependents";

  private final ModelView all;

  /** Makes deployments to a repository. */
  public Deployments(ModelRepository models) {
    this.all = models.view(name -> true);
  }

  /**
   * Loads a model.
   *
   * @param parameters names of parameters that came with the call
   * @throws ServiceException UNSUPPORTED, MODEL_NOT_FOUND, MODEL_UNAVAILABLE
   */
  public void load(Identity caller, Tenant tenant, String name, Set<String> parameters) {
    if (!parameters.isEmpty()) {
      throw new ServiceException(ErrorCause.UNSUPPORTED, "loading takes no parameters: a model is what its folder says");
    }
    ModelView view = view(caller, tenant);
    view.requireKnown(name);
    tenant.audit().append(caller.subject(), Action.MODEL_LOAD, name, "");
    view.load(name);
  }

  /**
   * Unloads a model.
   *
   * @param parameters names of parameters that came with the call
   * @throws ServiceException UNSUPPORTED, MODEL_NOT_FOUND
   */
  public void unload(Identity caller, Tenant tenant, String name, Set<String> parameters) {
    if (!Set.of(DEPENDENTS).containsAll(parameters)) {
      throw new ServiceException(ErrorCause.UNSUPPORTED, "unloading takes no parameter but " + DEPENDENTS);
    }
    ModelView view = view(caller, tenant);
    view.requireKnown(name);
    tenant.audit().append(caller.subject(), Action.MODEL_UNLOAD, name, "");
    view.unload(name);
  }

  private ModelView view(Identity caller, Tenant tenant) {
    if (caller.has(Role.ADMIN)) {
      return all;
    }
    if (!caller.has(Role.DEPLOY)) {
      throw new ServiceException(ErrorCause.PERMISSION_DENIED, "the caller lacks the role " + Role.DEPLOY.text());
    }
    return tenant.models();
  }
}
