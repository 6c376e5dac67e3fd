// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.state.Readiness;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.models.ModelStatus;
import dev.tacet.server.internal.models.ModelView;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/** The pages of operators: {@code /healthz}, {@code /readyz}, {@code /metrics} and {@code /v1/models}. */
public final class HttpPages {
  private final ObjectMapper json = new ObjectMapper();
  private final ModelRepository models;
  private final ServerMetrics metrics;
  private final Readiness readiness;

  /** Makes the pages. */
  public HttpPages(ModelRepository models, ServerMetrics metrics, Readiness readiness) {
    this.models = models;
    this.metrics = metrics;
    this.readiness = readiness;
  }

  /** Answers 200 as long as the process answers at all. */
  public HttpResponse health() {
    return HttpResponse.of(HttpStatus.OK, MediaType.PLAIN_TEXT_UTF_8, "ok\n");
  }

  /**
   * Answers 200 with {"status": "ready"} while calls are taken, 503 with "draining" afterwards, with "storage failed" while the database fails.
   *
   * @param detailed also "models_ready" and "models_refused", how many, and "problems", which says what is wrong with which model or with the database
   */
  public HttpResponse readiness(ServiceRequestContext context, boolean detailed) {
    return readiness.databaseFailed() // then it is asked again, which takes its time
        ? HttpResponse.of(CompletableFuture.supplyAsync(() -> readiness(detailed, readiness.databaseProblem()), context.blockingTaskExecutor()))
        : readiness(detailed, "");
  }

  private HttpResponse readiness(boolean detailed, String storageProblem) {
    boolean failed = !storageProblem.isEmpty();
    boolean down = readiness.draining() || failed;
    ObjectNode page = json.createObjectNode();
    page.put("status", readiness.draining() ? "draining" : failed ? "storage failed" : "ready");
    if (!detailed) {
      return write(down ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.OK, page);
    }
    page.put("models_ready", models.readyCount());
    page.put("models_refused", models.refusedCount());
    ArrayNode problems = page.putArray("problems");
    if (failed) {
      problems.addObject().put("name", "database").put("problem", storageProblem);
    }
    if (!models.problem().isEmpty()) {
      problems.addObject().put("name", "models").put("problem", models.problem());
    }
    for (ModelStatus status : models.statuses()) {
      if (!status.problem().isEmpty()) {
        problems.addObject().put("name", status.name()).put("version", status.version()).put("problem", status.problem());
      }
    }
    return write(down ? HttpStatus.SERVICE_UNAVAILABLE : HttpStatus.OK, page);
  }

  /** Answers with the metrics in the Prometheus text format. */
  public HttpResponse metrics() {
    return HttpResponse.of(
        HttpStatus.OK, MediaType.parse("text/plain; version=0.0.4; charset=utf-8"), metrics.scrape(models.ready()));
  }

  /** Answers with every model that a tenant may see: name, version, state, hashes, problem. */
  public HttpResponse modelList(ModelView visible) {
    ObjectNode page = json.createObjectNode();
    ArrayNode list = page.putArray("models");
    for (ModelStatus status : visible.statuses()) {
      list.addObject()
          .put("name", status.name())
          .put("version", status.version())
          .put("state", status.state().name().toLowerCase(Locale.ROOT))
          .put("artifact_sha256", status.artifactSha256())
          .put("signature_sha256", status.signatureSha256())
          .put("problem", status.problem());
    }
    return write(HttpStatus.OK, page);
  }

  private HttpResponse write(HttpStatus status, ObjectNode page) {
    try {
      return HttpResponse.of(status, MediaType.JSON_UTF_8, HttpData.wrap(json.writeValueAsBytes(page)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a page of strings and numbers could not be written", e);
    }
  }
}
