// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import com.linecorp.armeria.common.ExchangeType;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.grpc.GrpcSerializationFormats;
import com.linecorp.armeria.common.metric.NoopMeterRegistry;
import com.linecorp.armeria.common.util.BlockingTaskExecutor;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.RoutingContext;
import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServerErrorHandler;
import com.linecorp.armeria.server.ServiceOptions;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import com.linecorp.armeria.server.docs.DocService;
import com.linecorp.armeria.server.grpc.GrpcService;
import com.linecorp.armeria.server.grpc.GrpcServiceBuilder;
import dev.tacet.he.ValueType;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.calls.Deployments;
import dev.tacet.server.internal.calls.Inferences;
import dev.tacet.server.internal.config.Settings.Limits;
import dev.tacet.server.internal.http.Http1Framing;
import dev.tacet.server.internal.http.HttpPages;
import dev.tacet.server.internal.http.OpenInferencePages;
import dev.tacet.server.internal.http.PrivacyPage;
import dev.tacet.server.internal.http.StatusPage;
import dev.tacet.server.internal.identity.Authenticator;
import dev.tacet.server.internal.identity.Identity;
import dev.tacet.server.internal.identity.Role;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.observe.Origin;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.observe.Tracing;
import dev.tacet.server.internal.rpc.AuditRpc;
import dev.tacet.server.internal.rpc.Authentication;
import dev.tacet.server.internal.rpc.Browsers;
import dev.tacet.server.internal.rpc.CallHeaders;
import dev.tacet.server.internal.rpc.DeadlineLimit;
import dev.tacet.server.internal.rpc.FramingErrors;
import dev.tacet.server.internal.rpc.GrantRpc;
import dev.tacet.server.internal.rpc.GrpcHealth;
import dev.tacet.server.internal.rpc.InFlightLimit;
import dev.tacet.server.internal.rpc.InferenceRpc;
import dev.tacet.server.internal.rpc.KeyRpc;
import dev.tacet.server.internal.rpc.ModelRpc;
import dev.tacet.server.internal.rpc.Observation;
import dev.tacet.server.internal.rpc.OpenInferenceRpc;
import dev.tacet.server.internal.rpc.PrivacyRpc;
import dev.tacet.server.internal.rpc.Refusals;
import dev.tacet.server.internal.rpc.TransportErrors;
import dev.tacet.server.internal.run.CiphertextGate;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.run.KeyCache;
import dev.tacet.server.internal.state.Database;
import dev.tacet.server.internal.state.Readiness;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;
import io.grpc.BindableService;
import io.grpc.Codec;
import io.grpc.DecompressorRegistry;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one port: which service answers on which route, with which limits. Every gRPC method runs on a blocking thread; the event
 * loops only move bytes. Requests are taken uncompressed: ciphertexts do not compress, and a bomb cannot be sent.
 */
public final class Edge {
  private static final Logger LOG = LoggerFactory.getLogger(Edge.class);

  private static final int SMALL_BYTES = 64 << 10;

  /** A chunk of 1 MiB or a manifest, with the fields around it; 4096 hashes fit too. */
  private static final int KEY_BYTES = (1 << 20) + (64 << 10);

  /** Calls in flight on a route that answers quickly. */
  private static final int MANY = 256;

  /** How long the rest of a refused request is read and dropped before its stream is reset. */
  private static final long REFUSAL_MILLIS = 3_000;

  private static final int BLOCKING_THREADS = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

  private final ModelRepository models;
  private final Tenants tenants;
  private final Authenticator authenticator;
  private final KeyCache keys;
  private final InferenceRunner runner;
  private final Limits limits;
  private final Readiness readiness;
  private final ServerMetrics metrics;
  private final Tracing tracing;
  private final GrpcHealth health;

  /** Checks credentials: few threads, since a check is short, and a bounded queue, since strangers cause them. */
  private final ThreadPoolExecutor checks =
      new ThreadPoolExecutor(2, 2, 1, TimeUnit.MINUTES, new ArrayBlockingQueue<>(4096), task -> {
        Thread thread = new Thread(task, "tacet-identity");
        thread.setDaemon(true);
        return thread;
      });

  /**
   * Takes the parts; nothing is bound yet.
   *
   * @param database whose failures make the host not ready
   * @param limits of connections and requests; the largest inference is lower if models stay as they are and none can take as much
   */
  public Edge(
      ModelRepository models, Tenants tenants, Authenticator authenticator, KeyCache keys, InferenceRunner runner, Limits limits,
      Database database, ServerMetrics metrics, Tracing tracing) {
    this.models = models;
    this.readiness = new Readiness(database);
    this.health = new GrpcHealth(readiness, List.of("tacet.v1.ModelService", "tacet.v1.KeyService", "tacet.v1.GrantService",
        "tacet.v1.AuditService", "tacet.v1.PrivacyService", "tacet.v1.InferenceService", "inference.GRPCInferenceService"));
    this.tenants = tenants;
    this.authenticator = authenticator;
    this.keys = keys;
    this.runner = runner;
    this.limits = limits;
    this.metrics = metrics;
    this.tracing = tracing;
    publishNumbers();
  }

  private void publishNumbers() {
    metrics.gauge("tacet.models.ready", "model versions that are served", models::readyCount);
    metrics.gauge("tacet.models.refused", "model versions that are not served",
        models::refusedCount);
    metrics.gauge("tacet.models.contexts", "sets of parameters whose native context is in memory", models::contexts);
    for (Tenant tenant : tenants.all()) {
      metrics.gauge("tacet.store.bytes", "bytes charged to the tenant", tenant.name(), tenant.keys()::chargedBytes);
      metrics.gauge("tacet.store.blobs", "complete key blobs", tenant.name(), tenant.keys()::blobCount);
    }
    metrics.gauge("tacet.keys.expanded.bytes", "expanded keys in memory", () -> keys.cache().usedBytes());
    metrics.gauge("tacet.keys.budget.bytes", "what they may take", () -> keys.cache().budgetBytes());
    metrics.gauge("tacet.keys.sets", "key sets in memory", () -> keys.cache().size());
    metrics.counter("tacet.keys.hits", "calls that found their keys in memory", () -> keys.cache().hits());
    metrics.counter("tacet.keys.misses", "calls that did not", () -> keys.cache().misses());
    metrics.counter("tacet.keys.evictions", "key sets closed to make room", () -> keys.cache().evictions());
    metrics.gauge("tacet.calls.running", "calls that a worker runs", runner::running);
    metrics.gauge("tacet.calls.waiting", "calls that wait for a worker", runner::waiting);
    metrics.gauge("tacet.calls.budget.bytes", "memory that admitted calls may take", runner::memoryBytes);
    metrics.gauge("tacet.calls.admitted", "calls waiting or running", () -> runner.admission().admitted());
    metrics.gauge("tacet.calls.bytes", "memory of admitted calls", () -> runner.admission().bytes());
    metrics.counter("tacet.calls.refused", "calls refused by admission, or by their tenant's limit of inferences a second", this::refused);
  }

  private long refused() {
    return runner.admission().refused() + tenants.refused();
  }

  /**
   * Makes the server; the caller starts it.
   *
   * @param tls empty for plain text
   * @param origins of pages in browsers that may call; empty for none
   */
  public Server bind(InetSocketAddress address, Optional<ReloadingTls> tls, List<String> origins) {
    ServerBuilder builder = Server.builder();
    if (tls.isEmpty()) {
      builder.http(address);
    } else {
      builder.https(address).tlsProvider(tls.get(), tls.get().config());
    }
    boolean known = !models.changes() && models.readyCount() > 0; // else a request may be of any length, if only to be told that there is no model
    int inferBytes = known ? Math.min(limits.maxInferBytes(), largestRequest()) : limits.maxInferBytes();
    add(builder, SMALL_BYTES, MANY, only(Role.CALLERS), new ModelRpc(tenants, metrics));
    add(builder, KEY_BYTES, MANY, only(Set.of(Role.PREDICT)), new KeyRpc(tenants, metrics));
    add(builder, SMALL_BYTES, MANY, only(Role.CALLERS), new GrantRpc(tenants, metrics));
    // Whoever something is kept about may see and delete it.
    add(builder, SMALL_BYTES, MANY, only(EnumSet.allOf(Role.class)), new AuditRpc(tenants, metrics), new PrivacyRpc(tenants, metrics));
    Inferences inferences = new Inferences(runner);
    add(builder, inferBytes, runner.places() + 16, only(Role.CALLERS), new InferenceRpc(tenants, inferences, metrics));
    Deployments deployments = new Deployments(models);
    add(builder, inferBytes, runner.places() + 16, OpenInferenceRpc::roles,
        new OpenInferenceRpc(tenants, inferences, deployments, readiness, metrics));
    new OpenInferencePages(tenants, inferences, deployments, readiness, limits.receive(), metrics).addTo(builder, inferBytes, SMALL_BYTES);
    add(builder, SMALL_BYTES, MANY, null, health.service(), ProtoReflectionServiceV1.newInstance());
    add(builder, SMALL_BYTES, MANY, null, earlierReflection()); // one of them a service of Armeria's
    addPages(builder);
    builder.decorator(Authentication.before(authenticator, checks, metrics));
    if (!origins.isEmpty()) {
      builder.decorator(Browsers.from(origins));
    }
    builder.decorator(Observation.of(metrics, tracing));
    builder.decorator((delegate, ctx, request) -> { // caches on the way keep nothing either
      ctx.setAdditionalResponseHeader(HttpHeaderNames.CACHE_CONTROL, "no-store");
      return delegate.serve(ctx, request);
    });
    return builder
        .maxRequestLength(2L * Math.max(inferBytes, KEY_BYTES))
        .requestTimeout(runner.maxDuration()) // what a call takes that names no deadline; DeadlineLimit reads it
        .blockingTaskExecutor(
            BlockingTaskExecutor.builder().numThreads(BLOCKING_THREADS).threadNamePrefix("tacet-call").build(), true)
        .maxNumConnections(limits.connections())
        .http1MaxHeaderSize(Http1Framing.HEADER_BYTES)
        .http2MaxHeaderListSize(Http1Framing.HEADER_BYTES)
        .http2MaxStreamsPerConnection(256)
        .http2MaxResetFramesPerWindow(limits.resets(), 60)
        .idleTimeout(limits.idle())
        .errorHandler(new TransportErrors().orElse(ServerErrorHandler.ofDefault()))
        .childChannelPipelineCustomizer(pipeline -> { // with TLS the end of the pipeline is where its plain text comes out
          if (tls.isPresent()) {
            pipeline.addLast(new Http1Framing(limits.receive().plusMillis(REFUSAL_MILLIS)));
          } else {
            pipeline.addFirst(new Http1Framing(limits.receive().plusMillis(REFUSAL_MILLIS)));
          }
        })
        .meterRegistry(NoopMeterRegistry.get()) // its gauges collide when a certificate is exchanged; the host counts for itself
        .disableServerHeader()
        .verboseResponses(false)
        .gracefulShutdownTimeout(Duration.ofMillis(200), Duration.ofSeconds(5))
        .bossGroupFactory(AcceptGroup::ofPort)
        .build();
  }

  /** Reflection as clients of before ask for it, Python's grpcio-reflection among them. */
  @SuppressWarnings("deprecation")
  private static BindableService earlierReflection() {
    return ProtoReflectionService.newInstance();
  }

  private void addPages(ServerBuilder builder) {
    HttpPages pages = new HttpPages(models, metrics, readiness);
    StatusPage status = new StatusPage(models, keys, runner, readiness, this::refused);
    HttpService glance = (ctx, request) -> status.page();
    page(builder, "/status", glance.decorate(Authentication.require(Set.of(Role.MONITOR), metrics)));
    builder.serviceUnder("/docs", DocService.builder().build().decorate(Authentication.require(EnumSet.allOf(Role.class), metrics)));
    page(builder, "/healthz", (ctx, request) -> pages.health());
    page(builder, "/readyz", (ctx, request) -> {
      Identity caller = Authentication.callerOf(ctx);
      boolean detailed = caller != null && caller.has(Role.MONITOR);
      return pages.readiness(ctx, detailed);
    });
    HttpService list = (ctx, request) -> pages.modelList(tenants.get(Authentication.callerOf(ctx).tenant()).models());
    page(builder, "/v1/models", list.decorate(Authentication.require(Role.CALLERS, metrics)));
    PrivacyPage privacy = new PrivacyPage();
    HttpService shown = (ctx, request) -> {
      Identity caller = Authentication.callerOf(ctx);
      return HttpResponse.of(CompletableFuture.supplyAsync(
          () -> privacy.page(tenants.get(caller.tenant()), caller.subject()), ctx.blockingTaskExecutor())
          .exceptionally(failure -> refused(ctx, caller, failure)));
    };
    page(builder, "/privacy", shown.decorate(Authentication.require(EnumSet.allOf(Role.class), metrics)));
    HttpService scrape = (ctx, request) ->
        HttpResponse.of(CompletableFuture.supplyAsync(pages::metrics, ctx.blockingTaskExecutor())); // gauges ask the database
    page(builder, "/metrics", scrape.decorate(Authentication.require(Set.of(Role.MONITOR), metrics)));
  }

  /** Pages are read, and with no other method. */
  private static void page(ServerBuilder builder, String path, HttpService service) {
    builder.route().get(path).head(path).build(service);
  }

  private HttpResponse refused(ServiceRequestContext context, Identity caller, Throwable failure) {
    String id = Observation.originOf(context).requestId();
    ServiceException error = ErrorTable.toServiceException(failure, id);
    metrics.failed(caller.tenant(), context.path().substring(1), error.errorCause());
    if (error.errorCause() == ErrorCause.INTERNAL) {
      LOG.atError().addKeyValue(Origin.KEY, id).setCause(failure).log("{}: incident {}", context.path(), id);
    }
    return Refusals.json(error).toHttpResponse();
  }

  /** Returns the length of the largest request that any served model can take, with room for its strings, within 512 MiB. */
  private int largestRequest() {
    return (int) Math.min(Integer.MAX_VALUE / 4, 2 * largestInputs() + SMALL_BYTES);
  }

  private long largestInputs() {
    long most = 0;
    for (ServedModel model : models.ready()) {
      long bytes = 0;
      for (ValueType type : model.program().inputCiphertexts()) {
        bytes += CiphertextGate.maxBytes(model.parameters(), type);
      }
      most = Math.max(most, bytes);
    }
    return most;
  }

  private static Function<String, Set<Role>> only(Set<Role> roles) {
    return path -> roles;
  }

  /** Adds gRPC services with their limits; callers need one of the roles that a path asks for, unless that is null. */
  private void add(
      ServerBuilder builder, int maxBytes, int maxCalls, Function<String, Set<Role>> roles, BindableService... services) {
    GrpcServiceBuilder grpc =
        GrpcService.builder()
            .supportedSerializationFormats(
                GrpcSerializationFormats.PROTO, GrpcSerializationFormats.PROTO_WEB, GrpcSerializationFormats.PROTO_WEB_TEXT)
            .decompressorRegistry(DecompressorRegistry.emptyInstance().with(Codec.Identity.NONE, false))
            .maxRequestMessageLength(maxBytes)
            .useBlockingTaskExecutor(true)
            .useClientTimeoutHeader(true)
            .intercept(new InFlightLimit(maxCalls), new DeadlineLimit(runner.maxDuration(), limits.receive()))
            .exceptionHandler(new FramingErrors(maxBytes));
    for (BindableService service : services) {
      grpc.addService(service);
    }
    LongSupplier streamBytes = () -> Math.max(2L * maxBytes, 2 * largestInputs() + SMALL_BYTES);
    builder.service(grpc.build(), delegate -> {
      HttpService limited = new LengthLimit(delegate, 2L * maxBytes, streamBytes);
      return roles == null ? limited : limited.decorate(Authentication.requireByPath(roles, metrics));
    });
  }

  /**
   * Bounds the body of a request; the message inside has its own, tighter limit with its own error. Bodies come as streams, also those
   * of unary methods: the transport would otherwise collect them before anybody has looked at the caller, the length or the time.
   */
  private static final class LengthLimit extends SimpleDecoratingHttpService {
    private final long maxBytes;
    private final LongSupplier streamBytes;

    LengthLimit(HttpService delegate, long maxBytes, LongSupplier streamBytes) {
      super(delegate);
      this.maxBytes = maxBytes;
      this.streamBytes = streamBytes;
    }

    @Override
    public ExchangeType exchangeType(RoutingContext routing) {
      return ExchangeType.BIDI_STREAMING;
    }

    /** A client that is still sending when its refusal comes reads the refusal before the stream is reset under it. */
    @Override
    public ServiceOptions options() {
      return ServiceOptions.builder().closeHttp2StreamDelayMillis(REFUSAL_MILLIS).build();
    }

    @Override
    public HttpResponse serve(ServiceRequestContext ctx, HttpRequest request) throws Exception {
      Optional<ServiceException> problem = CallHeaders.problem(request.headers());
      if (problem.isPresent()) {
        return Refusals.of(request.headers(), problem.get()).toHttpResponse();
      }
      ctx.setMaxRequestLength(ctx.path().equals(InferenceRpc.STREAM_PATH) ? streamBytes.getAsLong() : maxBytes);
      return unwrap().serve(ctx, request);
    }
  }

  /** Announces the end: readiness and health say so, new inferences are refused. */
  public void drain() {
    readiness.drain();
    health.drain();
    runner.admission().drain();
  }

  /** Ends the threads; the server is stopped. */
  public void close() {
    checks.shutdownNow();
    health.close();
  }
}
