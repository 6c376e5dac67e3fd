// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.common.util.Exceptions;
import com.linecorp.armeria.common.util.TimeoutMode;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.Route;
import com.linecorp.armeria.server.ServerBuilder;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.calls.ByteTensor;
import dev.tacet.server.internal.calls.Deployments;
import dev.tacet.server.internal.calls.Inferences;
import dev.tacet.server.internal.calls.OpenInference;
import dev.tacet.server.internal.identity.Identity;
import dev.tacet.server.internal.identity.Role;
import dev.tacet.server.internal.models.ModelStatus;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.observe.Origin;
import dev.tacet.server.internal.rpc.Authentication;
import dev.tacet.server.internal.rpc.Observation;
import dev.tacet.server.internal.rpc.Refusals;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.state.Readiness;
import dev.tacet.server.internal.tenants.Tenant;
import dev.tacet.server.internal.tenants.Tenants;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The REST form of the Open Inference Protocol, below {@code /v2}, with its binary extension: ciphertexts are no JSON. */
public final class OpenInferencePages {
  private static final Logger LOG = LoggerFactory.getLogger(OpenInferencePages.class);
  private static final Duration BUSY = Duration.ofMillis(200);
  private static final long GRACE_MILLIS = 2000;
  private static final Set<HttpMethod> READ = Set.of(HttpMethod.GET, HttpMethod.HEAD);

  private final Tenants tenants;
  private final Inferences inferences;
  private final Deployments deployments;
  private final Readiness readiness;
  private final Duration receive;
  private final ServerMetrics metrics;
  private final Semaphore free;

  /**
   * Makes the pages.
   *
   * @param receive within which a body must arrive
   */
  public OpenInferencePages(
      Tenants tenants, Inferences inferences, Deployments deployments, Readiness readiness, Duration receive,
      ServerMetrics metrics) {
    this.tenants = tenants;
    this.inferences = inferences;
    this.deployments = deployments;
    this.readiness = readiness;
    this.receive = receive;
    this.metrics = metrics;
    this.free = new Semaphore(inferences.places() + 16);
  }

  /**
   * Adds the routes.
   *
   * @param maxBytes of an inference's body
   * @param smallBytes of any other body
   */
  public void addTo(ServerBuilder builder, long maxBytes, long smallBytes) {
    builder.route().methods(READ).path("/v2/health/live").build((context, request) -> HttpResponse.of(HttpStatus.OK));
    builder.route().methods(READ).path("/v2/health/ready").build((context, request) ->
        readiness.databaseFailed() // then it is asked again, which takes its time
            ? HttpResponse.of(CompletableFuture.supplyAsync(this::ready, context.blockingTaskExecutor()))
            : ready());
    page(builder, "/v2", smallBytes, (context, tenant, body) -> server());
    Route index = Route.builder().path("/v2/repository/index").methods(HttpMethod.POST, HttpMethod.GET).build();
    page(builder, index, Deployments.LISTERS, smallBytes,
        (context, tenant, body) -> json(index(tenant, OpenInferenceBody.readyOnly(body.content().array()))));
    deployment(builder, "/v2/repository/models/{model}/load", smallBytes, deployments::load);
    deployment(builder, "/v2/repository/models/{model}/unload", smallBytes, deployments::unload);
    for (String model : new String[] {"/v2/models/{model}", "/v2/models/{model}/versions/{version}"}) {
      page(builder, model, smallBytes, (context, tenant, body) -> metadata(context, tenant));
      page(builder, model + "/ready", smallBytes, (context, tenant, body) ->
          HttpResponse.of(tenant.models().serves(name(context), version(context)) ? HttpStatus.OK : HttpStatus.NOT_FOUND));
      HttpService infer = this::infer;
      Route route = Route.builder().path(model + "/infer").methods(HttpMethod.POST).build();
      builder.service(route, limited(infer, maxBytes).decorate(Authentication.require(Role.CALLERS, metrics)));
    }
  }

  private HttpResponse ready() {
    return HttpResponse.of(readiness.ready() ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
  }

  /** What answers a page. */
  @FunctionalInterface
  private interface Work {
    HttpResponse answer(ServiceRequestContext context, Tenant tenant, AggregatedHttpRequest body);
  }

  /** Loads or unloads a model. */
  @FunctionalInterface
  private interface Deployment {
    void apply(Identity caller, Tenant tenant, String model, Set<String> parameters);
  }

  private void deployment(ServerBuilder builder, String path, long maxBytes, Deployment deployment) {
    Route route = Route.builder().path(path).methods(HttpMethod.POST).build();
    page(builder, route, Deployments.ROLES, maxBytes, (context, tenant, body) -> {
      deployment.apply(
          Authentication.callerOf(context), tenant, name(context), OpenInferenceBody.parameterNames(body.content().array()));
      return HttpResponse.of(HttpStatus.OK);
    });
  }

  private void page(ServerBuilder builder, String path, long maxBytes, Work work) {
    page(builder, Route.builder().path(path).methods(READ).build(), Role.CALLERS, maxBytes, work);
  }

  private void page(ServerBuilder builder, Route route, Set<Role> roles, long maxBytes, Work work) {
    HttpService page = (context, request) -> {
      Tenant tenant = tenants.get(Authentication.callerOf(context).tenant());
      return HttpResponse.of(
          request.aggregate().handleAsync((body, failure) -> {
            try {
              if (failure != null) {
                throw unreadable(failure, maxBytes);
              }
              context.setRequestTimeoutMillis(TimeoutMode.SET_FROM_NOW, inferences.maxDuration().toMillis());
              return work.answer(context, tenant, body);
            } catch (RuntimeException | Error e) {
              return refuse(context, tenant, route.patternString(), e);
            }
          }, context.blockingTaskExecutor()));
    };
    builder.service(route, limited(page, maxBytes).decorate(Authentication.require(roles, metrics)));
  }

  private HttpService limited(HttpService service, long maxBytes) {
    return (context, request) -> {
      context.setMaxRequestLength(maxBytes);
      context.setRequestTimeoutMillis(TimeoutMode.SET_FROM_NOW, receive.toMillis());
      return service.serve(context, request);
    };
  }

  private static String name(ServiceRequestContext context) {
    return context.pathParam("model");
  }

  private static String version(ServiceRequestContext context) {
    String version = context.pathParams().get("version");
    return version == null ? "" : version;
  }

  private static HttpResponse json(JsonNode page) {
    return HttpResponse.of(HttpStatus.OK, MediaType.JSON_UTF_8, HttpData.ofUtf8(page.toString()));
  }

  private static HttpResponse server() {
    ObjectNode page = JsonNodeFactory.instance.objectNode().put("name", OpenInference.SERVER).put("version", OpenInference.version());
    ArrayNode extensions = page.putArray("extensions");
    OpenInference.EXTENSIONS.forEach(extensions::add);
    return json(page);
  }

  private static ArrayNode index(Tenant tenant, boolean readyOnly) {
    ArrayNode index = JsonNodeFactory.instance.arrayNode();
    for (ModelStatus status : tenant.models().statuses()) {
      if (readyOnly && !status.ready()) {
        continue;
      }
      index.addObject().put("name", status.name()).put("version", status.version())
          .put("state", status.ready() ? "READY" : "UNAVAILABLE").put("reason", status.problem());
    }
    return index;
  }

  private static HttpResponse metadata(ServiceRequestContext context, Tenant tenant) {
    ServedModel model = tenant.models().get(name(context), version(context), Authentication.callerOf(context).subject(), "");
    ObjectNode page = JsonNodeFactory.instance.objectNode().put("name", model.name());
    ArrayNode versions = page.putArray("versions");
    tenant.models().versions(model.name()).forEach(versions::add);
    page.put("platform", OpenInference.platform(model));
    page.putArray("inputs").add(tensor(model.program().inputCiphertexts().size()));
    page.putArray("outputs").add(tensor(model.program().outputCiphertexts().size()));
    page.putObject("parameters")
        .put(OpenInference.SIGNATURE, model.signatureSha256())
        .put(OpenInference.PARAMETERS, model.parameters().hashHex())
        .put("artifact_sha256", model.artifactSha256());
    return json(page);
  }

  private static ObjectNode tensor(long count) {
    ObjectNode tensor = JsonNodeFactory.instance.objectNode().put("name", ByteTensor.NAME).put("datatype", ByteTensor.TYPE);
    tensor.putArray("shape").add(count);
    return tensor;
  }

  private HttpResponse infer(ServiceRequestContext context, HttpRequest request) {
    Tenant tenant = tenants.get(Authentication.callerOf(context).tenant());
    if (!free.tryAcquire()) {
      return refuse(context, tenant, "infer", new ServiceException(
          ErrorCause.OVERLOADED, "the host is busy: too many calls are in flight on this route", Map.of(), BUSY, null));
    }
    CompletableFuture<HttpResponse> response = new CompletableFuture<>();
    response.whenComplete((answer, failure) -> free.release());
    request.aggregate().handleAsync((body, failure) -> {
      try {
        if (failure != null) {
          throw unreadable(failure, context.maxRequestLength());
        }
        start(context, tenant, body, response);
      } catch (RuntimeException | Error e) {
        response.complete(refuse(context, tenant, "infer", e));
      }
      return null;
    }, context.blockingTaskExecutor());
    return HttpResponse.of(response);
  }

  private void start(ServiceRequestContext context, Tenant tenant, AggregatedHttpRequest body, CompletableFuture<HttpResponse> response) {
    if (body.headers().contains(HttpHeaderNames.CONTENT_ENCODING)) {
      throw new ServiceException(ErrorCause.UNSUPPORTED, "requests are taken uncompressed: ciphertexts do not compress");
    }
    OpenInferenceBody read =
        OpenInferenceBody.read(body.content().array(), Optional.ofNullable(body.headers().get(OpenInferenceBody.HEADER_LENGTH)));
    Duration limit = OpenInference.limit(read.timeoutMicros(), inferences.maxDuration());
    context.setRequestTimeoutMillis(TimeoutMode.SET_FROM_NOW, limit.toMillis() + GRACE_MILLIS);
    Runnable stop =
        inferences.start(tenant, read.request(Authentication.callerOf(context).subject(), Observation.originOf(context), name(context), version(context)), limit, context.eventLoop(), new Inferences.Outcome() {
          @Override
          public void answered(ServedModel model, InferenceRunner.Answer answer) {
            response.complete(answer(read, model, answer));
          }

          @Override
          public void failed(Throwable failure) {
            response.complete(refuse(context, tenant, "infer", failure));
          }
        });
    context.whenRequestCancelled().thenRun(stop);
  }

  private static HttpResponse answer(OpenInferenceBody request, ServedModel model, InferenceRunner.Answer answer) {
    byte[] raw = ByteTensor.join(answer.outputs());
    ObjectNode head = JsonNodeFactory.instance.objectNode().put("model_name", model.name()).put("model_version", model.version());
    if (!request.id().isEmpty()) {
      head.put("id", request.id());
    }
    ObjectNode parameters = head.putObject("parameters")
        .put("request_sha256", HexFormat.of().formatHex(answer.requestSha256()))
        .put("server_nanos", answer.nanos());
    if (request.layerTimes()) {
      parameters.put(OpenInference.LAYER_TIMES, OpenInference.layerTimes(model, answer));
    }
    ObjectNode output = tensor(answer.outputs().size());
    output.putObject("parameters").put("binary_data_size", raw.length);
    head.putArray("outputs").add(output);
    byte[] json = head.toString().getBytes(StandardCharsets.UTF_8);
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.OCTET_STREAM)
            .add(OpenInferenceBody.HEADER_LENGTH, Integer.toString(json.length))
            .build(),
        HttpData.wrap(json), HttpData.wrap(raw));
  }

  private static ServiceException unreadable(Throwable failure, long maxBytes) {
    if (Exceptions.peel(failure) instanceof ContentTooLargeException) {
      return new ServiceException(ErrorCause.TOO_LARGE, "the request is longer than the " + maxBytes + " bytes that this route reads");
    }
    return new ServiceException(ErrorCause.CANCELLED, "the request's body did not arrive");
  }

  private HttpResponse refuse(ServiceRequestContext context, Tenant tenant, String call, Throwable failure) {
    String id = Observation.originOf(context).requestId();
    ServiceException error = ErrorTable.toServiceException(failure, id);
    metrics.failed(tenant.name(), "v2 " + call.substring(call.lastIndexOf('/') + 1), error.errorCause());
    if (error.errorCause() == ErrorCause.INTERNAL) {
      LOG.atError().addKeyValue(Origin.KEY, id).setCause(failure).log("{}: incident {}", call, id);
    }
    return Refusals.json(error).toHttpResponse();
  }
}
