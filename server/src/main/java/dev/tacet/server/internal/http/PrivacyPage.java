// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import dev.tacet.server.internal.keys.Grants;
import dev.tacet.server.internal.keys.KeyIndex;
import dev.tacet.server.internal.tenants.Privacy;
import dev.tacet.server.internal.tenants.Tenant;
import java.time.Duration;
import java.util.Optional;

/** {@code /privacy}: what is kept about the caller, as a page without scripts, which no one may store. */
public final class PrivacyPage {
  private static final String HEAD =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>What this host keeps about you</title>"
          + "<style>body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}td,th{text-align:left;padding:.2rem 1rem"
          + " .2rem 0}code{word-break:break-all}</style>";

  /** Makes the page of a client. */
  public HttpResponse page(Tenant tenant, String client) {
    Privacy.Kept kept = tenant.privacy().kept(client);
    StringBuilder page = new StringBuilder(HEAD);
    page.append("<h1>What this host keeps about ").append(escaped(kept.name())).append("</h1>");
    page.append("<p>Of a request for an inference nothing is kept after its answer but an entry in the audit trail: when, which model,")
        .append(" how many ciphertexts of how many bytes, which key set.</p>");
    page.append("<h2>Key sets</h2><table><tr><th>id<th>keys<th>bytes<th>registered<th>used<th>expires");
    for (KeyIndex.KeySet set : kept.keySets()) {
      row(page, set.id().hex(), set.keys(), set.bytes(), set.registeredAt(), set.usedAt(),
          set.expiresAt().map(Object::toString).orElse("never"));
    }
    page.append("</table><h2>Keys</h2><table><tr><th>SHA-256<th>bytes<th>");
    for (Privacy.KeptKey key : kept.keys()) {
      row(page, key.hash().hex(), key.bytes(), key.complete() ? "" : "unfinished");
    }
    page.append("</table><h2>Grants</h2><table><tr><th>key set<th>owner<th>provider<th>purpose<th>since");
    for (Grants.Grant grant : kept.given()) {
      row(page, grant.keySet().hex(), "you", grant.grantee(), grant.purpose(), grant.since());
    }
    for (Grants.Grant grant : kept.received()) {
      row(page, grant.keySet().hex(), grant.owner(), "you", grant.purpose(), grant.since());
    }
    long first = kept.audit().base() + 1;
    page.append("</table><h2>Audit trail</h2><p>")
        .append(first > kept.audit().last() ? "No entries"
            : "Entries " + first + " to " + kept.audit().last() + ", which <code>tacet audit</code> shows and checks")
        .append(".</p><h2>How long</h2><table>");
    row(page, "key sets", time(tenant.keys().limits().timeToLive()));
    row(page, "unfinished uploads", time(Optional.of(tenant.keys().limits().uploadLifetime())));
    row(page, "audit trail", time(tenant.privacy().retention().audit()));
    row(page, "backups", tenant.privacy().retention().backups().map(d -> time(Optional.of(d))).orElse("not stated"));
    page.append("</table><p><code>tacet privacy export</code> brings all of it to you, <code>tacet privacy delete</code> deletes it.</p>");
    return HttpResponse.of(
        ResponseHeaders.of(
            HttpStatus.OK, HttpHeaderNames.CONTENT_TYPE, MediaType.HTML_UTF_8, HttpHeaderNames.CACHE_CONTROL, "no-store",
            HttpHeaderNames.CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        HttpData.ofUtf8(page.toString()));
  }

  private static String time(Optional<Duration> time) {
    return time.map(d -> d.toDays() > 1 ? d.toDays() + " days" : d.toSeconds() + " seconds").orElse("until deleted");
  }

  private static void row(StringBuilder page, Object... cells) {
    page.append("<tr>");
    for (Object cell : cells) {
      page.append("<td>").append(escaped(String.valueOf(cell)));
    }
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
  }
}
