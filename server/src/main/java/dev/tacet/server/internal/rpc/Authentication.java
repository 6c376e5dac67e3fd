// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.identity.Authenticator;
import dev.tacet.server.internal.identity.Identity;
import dev.tacet.server.internal.identity.Role;
import io.netty.util.AttributeKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands before every route: finds out who calls before a byte of the body is read, and remembers it with the request. A route
 * that nobody thought of is closed; the open ones are named here.
 */
public final class Authentication extends SimpleDecoratingHttpService {
  private static final Logger LOG = LoggerFactory.getLogger(Authentication.class);
  private static final AttributeKey<Identity> IDENTITY = AttributeKey.valueOf(Authentication.class, "IDENTITY");

  private static final AttributeKey<Supplier<Identity>> AGAIN = AttributeKey.valueOf(Authentication.class, "AGAIN");

  /** Answer to anybody, since probes carry no credentials. What they say depends on who asks. */
  private static final Set<String> OPEN =
      Set.of(
          "/healthz", "/readyz", "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch", "/v2/health/live", "/v2/health/ready",
          "/inference.GRPCInferenceService/ServerLive", "/inference.GRPCInferenceService/ServerReady");

  private final Authenticator authenticator;
  private final Executor executor;
  private final ServerMetrics metrics;

  private Authentication(HttpService delegate, Authenticator authenticator, Executor executor, ServerMetrics metrics) {
    super(delegate);
    this.authenticator = authenticator;
    this.executor = executor;
    this.metrics = metrics;
  }

  /**
   * Returns the decorator.
   *
   * @param executor where credentials are checked, which takes cryptography
   */
  public static Function<HttpService, HttpService> before(Authenticator authenticator, Executor executor, ServerMetrics metrics) {
    return delegate -> new Authentication(delegate, authenticator, executor, metrics);
  }

  @Override
  public HttpResponse serve(ServiceRequestContext context, HttpRequest request) throws Exception {
    List<String> given = request.headers().getAll(HttpHeaderNames.AUTHORIZATION);
    boolean open = OPEN.contains(context.path());
    if (authenticator.isOpen()) {
      Optional<ServiceException> foreign = ReboundPages.refusal(context, request.headers());
      if (foreign.isPresent()) {
        return refuse(context, request, foreign.get());
      }
      context.setAttr(IDENTITY, Identity.ANYBODY);
      return unwrap().serve(context, request);
    }
    if (open && given.isEmpty()) {
      return unwrap().serve(context, request);
    }
    if (given.size() > 1) { // a proxy before the host may have judged by another than this would
      return refuse(context, request, new ServiceException(
          ErrorCause.UNAUTHENTICATED, "the request has " + given.size() + " authorization headers, at most one is allowed"));
    }
    String authorization = given.isEmpty() ? null : given.get(0);
    X509Certificate certificate = certificate(context.sslSession());
    CompletableFuture<Identity> identity = authenticator.ready(authorization).thenCompose(ready -> {
      try {
        return CompletableFuture.supplyAsync(() -> authenticator.identify(authorization, certificate), executor);
      } catch (RejectedExecutionException e) {
        return CompletableFuture.failedFuture(new ServiceException(ErrorCause.OVERLOADED, "too many calls wait for their check"));
      }
    });
    return HttpResponse.of(
        identity.handleAsync((known, failure) -> {
          if (failure != null) {
            return refuse(context, request, failure);
          }
          context.setAttr(IDENTITY, known);
          context.setAttr(AGAIN, () -> authenticator.identify(authorization, certificate));
          return serveUnchecked(context, request);
        }, context.eventLoop()));
  }

  private HttpResponse serveUnchecked(ServiceRequestContext context, HttpRequest request) {
    try {
      return unwrap().serve(context, request);
    } catch (Exception e) {
      return HttpResponse.ofFailure(e);
    }
  }

  private HttpResponse refuse(ServiceRequestContext context, HttpRequest request, Throwable failure) {
    ServiceException refusal = ErrorTable.toServiceException(failure, "identity");
    if (refusal.errorCause() == ErrorCause.INTERNAL) {
      LOG.error("a credential could not be checked", failure);
    }
    metrics.failed("", "Authenticate", refusal.errorCause());
    return Refusals.of(request.headers(), refusal).toHttpResponse();
  }

  private static X509Certificate certificate(SSLSession session) {
    if (session == null) {
      return null;
    }
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate x509 ? x509 : null;
    } catch (SSLPeerUnverifiedException e) {
      return null; // the client sent none
    }
  }

  /** Returns who calls; null on an open route without credentials. */
  public static Identity callerOf(ServiceRequestContext context) {
    return context.attr(IDENTITY);
  }

  /**
   * Requires the credential of a call whose messages came one by one to be as good as it was at its first.
   *
   * @throws ServiceException UNAUTHENTICATED if it is not accepted any more, or stands for somebody else or other roles
   */
  static void requireStill(ServiceRequestContext context) {
    Supplier<Identity> again = context.attr(AGAIN);
    if (again != null && !again.get().equals(callerOf(context))) {
      throw new ServiceException(ErrorCause.UNAUTHENTICATED, "the credential does not stand for the call's caller any more");
    }
  }

  /** Returns a decorator that refuses callers who have none of the roles. */
  public static Function<HttpService, HttpService> require(Set<Role> roles, ServerMetrics metrics) {
    return requireByPath(path -> roles, metrics);
  }

  /** Returns a decorator that refuses callers who have none of the roles that a path asks for. */
  public static Function<HttpService, HttpService> requireByPath(Function<String, Set<Role>> roles, ServerMetrics metrics) {
    return delegate -> new SimpleDecoratingHttpService(delegate) {
      @Override
      public HttpResponse serve(ServiceRequestContext context, HttpRequest request) throws Exception {
        Identity caller = callerOf(context);
        Set<Role> needed = roles.apply(context.path());
        if (caller != null ? needed.stream().anyMatch(caller::has) : OPEN.contains(context.path())) {
          return unwrap().serve(context, request);
        }
        metrics.failed(caller == null ? "" : caller.tenant(), "Authorize", ErrorCause.PERMISSION_DENIED);
        String names = needed.stream().map(Role::text).sorted().collect(Collectors.joining(" or "));
        return Refusals.of(request.headers(),
            new ServiceException(ErrorCause.PERMISSION_DENIED, "the caller lacks the role " + names)).toHttpResponse();
      }
    };
  }
}
