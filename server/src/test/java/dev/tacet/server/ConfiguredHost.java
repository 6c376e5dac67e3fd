// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.grpc.GrpcClientBuilder;
import com.linecorp.armeria.client.grpc.GrpcClients;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A server as an operator runs it: from a configuration file, with identities. */
final class ConfiguredHost implements AutoCloseable {
  final TacetServer server;
  final URI uri;

  /** Starts a server on a free port with models and data in a folder, and more settings as YAML. */
  ConfiguredHost(Path folder, String yaml) throws Exception {
    Path file = Files.writeString(folder.resolve("tacet.yaml"), yaml);
    Files.createDirectories(folder.resolve("models"));
    server =
        TacetServer.configured(
            file, Map.of(),
            Map.of("models", folder.resolve("models").toString(), "data", folder.resolve("data").toString(), "port", "0"));
    uri = server.start();
  }

  /** Returns a stub that sends a bearer credential, or none if it is null. */
  <T> T stub(Class<T> type, String bearer) {
    GrpcClientBuilder builder =
        GrpcClients.builder("gproto+" + uri).factory(ClientFactory.insecure()).responseTimeoutMillis(60_000)
            .maxResponseLength(1 << 28);
    if (bearer != null) {
      builder.addHeader("authorization", "Bearer " + bearer);
    }
    return builder.build(type);
  }

  HttpResponse<String> get(String path, String bearer) throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri.resolve(path));
    if (bearer != null) {
      request.header("authorization", "Bearer " + bearer);
    }
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build().send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() {
    server.close();
  }
}
