// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import dev.tacet.server.internal.calls.OpenInference;
import dev.tacet.server.internal.keys.LeasedCache;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.models.ModelStatus;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.run.KeyCache;
import dev.tacet.server.internal.state.Readiness;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** {@code /status}: the host at a glance, as a page without scripts that renews itself. */
public final class StatusPage {
  private static final String STYLE = """
      body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2330;background:#fff}
      h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
      .state{display:inline-block;padding:.1rem .6rem;border-radius:1rem;font-size:.85rem;font-weight:600}
      .good{background:#dff3e4;color:#14532d}.bad{background:#fde2e1;color:#7f1d1d}.off{background:#e8eaed;color:#3c4250}
      dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.6rem;margin:0}
      dl div{border:1px solid #d9dde3;border-radius:.4rem;padding:.5rem .7rem}
      dt{font-size:.8rem;color:#566070}dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums}
      .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}
      th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d9dde3;vertical-align:top}
      th{font-size:.8rem;color:#566070}td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
      @media(prefers-color-scheme:dark){body{background:#12151b;color:#e3e7ee}dl div,th,td{border-color:#333a46}
      dt,th{color:#9aa4b5}.good{background:#173b25;color:#bfe8cb}.bad{background:#4a1d1c;color:#f6c9c7}.off{background:#2b313c;color:#c5ccd8}}
      """;

  private final ModelRepository models;
  private final KeyCache keys;
  private final InferenceRunner runner;
  private final Readiness readiness;
  private final LongSupplier refused;
  private final long startedAt = System.nanoTime();

  /**
   * Makes the page.
   *
   * @param refused counts the calls that were refused for load
   */
  public StatusPage(ModelRepository models, KeyCache keys, InferenceRunner runner, Readiness readiness, LongSupplier refused) {
    this.models = models;
    this.keys = keys;
    this.runner = runner;
    this.readiness = readiness;
    this.refused = refused;
  }

  /** Answers with the page. */
  public HttpResponse page() {
    StringBuilder page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta http-equiv=\"refresh\" content=\"5\">")
        .append("<title>Tacet host</title><style>").append(STYLE).append("</style></head><body>\n");
    boolean down = readiness.draining() || readiness.databaseFailed();
    page.append("<h1>Tacet host ").append(badge(readiness.draining() ? "draining" : down ? "storage failed" : "ready", down ? "bad" : "good")).append("</h1>\n<dl>");
    Duration up = Duration.ofNanos(System.nanoTime() - startedAt);
    number(page, "version", OpenInference.version());
    number(page, "up", up.toHours() + " h " + up.toMinutesPart() + " min " + up.toSecondsPart() + " s");
    number(page, "calls running", Integer.toString(runner.running()));
    number(page, "calls waiting", Integer.toString(runner.waiting()));
    number(page, "calls refused", Long.toString(refused.getAsLong()));
    number(page, "memory of calls", mebibytes(runner.admission().bytes()) + " of " + mebibytes(runner.memoryBytes()));
    LeasedCache<?, ?> cache = keys.cache();
    number(page, "expanded keys", mebibytes(cache.usedBytes()) + " of " + mebibytes(cache.budgetBytes()));
    number(page, "key sets in memory", Integer.toString(cache.size()));
    number(page, "key cache hits / misses", cache.hits() + " / " + cache.misses());
    number(page, "key sets evicted", Long.toString(cache.evictions()));
    number(page, "heap", mebibytes(Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory()) + " of "
        + mebibytes(Runtime.getRuntime().maxMemory()));
    page.append("</dl>\n<h2>Models</h2>\n<div class=\"scroll\"><table><thead><tr><th>model</th><th>version</th><th>state</th>")
        .append("<th class=\"number\">a run</th><th>artifact</th><th>problem</th></tr></thead><tbody>\n");
    Map<String, ServedModel> served =
        models.ready().stream().collect(Collectors.toMap(m -> m.name() + "@" + m.version(), m -> m, (a, b) -> a));
    for (ModelStatus status : models.statuses()) {
      row(page, status, served.get(status.name() + "@" + status.version()));
    }
    page.append("</tbody></table></div>\n</body></html>\n");
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(MediaType.HTML_UTF_8)
            .add("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
            .add("cache-control", "no-store")
            .build(),
        HttpData.ofUtf8(page.toString()));
  }

  private static void row(StringBuilder page, ModelStatus status, ServedModel model) {
    String kind = switch (status.state()) {
      case READY -> "good";
      case REFUSED -> "bad";
      case UNLOADED -> "off";
    };
    page.append("<tr><td>").append(escaped(status.name())).append("</td><td>").append(escaped(status.version())).append("</td><td>")
        .append(badge(status.state().name().toLowerCase(Locale.ROOT), kind)).append("</td><td class=\"number\">")
        .append(model == null ? "" : String.format(Locale.ROOT, "%.1f ms", model.costNanos() / 1e6)).append("</td><td>")
        .append(status.artifactSha256().isEmpty() ? "" : status.artifactSha256().substring(0, 12)).append("</td><td>")
        .append(escaped(status.problem())).append("</td></tr>\n");
  }

  private static void number(StringBuilder page, String name, String value) {
    page.append("<div><dt>").append(name).append("</dt><dd>").append(escaped(value)).append("</dd></div>");
  }

  private static String badge(String text, String kind) {
    return "<span class=\"state " + kind + "\">" + text + "</span>";
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%,d MiB", bytes + (1 << 19) >> 20);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
  }
}
