// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.linecorp.armeria.client.ClientFactory;
import com.linecorp.armeria.client.grpc.GrpcClients;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.ServiceException;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import dev.tacet.protocol.v1.ModelServiceGrpc;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.function.Executable;

/** A server on a free port with its stubs. */
final class TestHost implements AutoCloseable {
  final TacetServer server;
  final URI uri;

  TestHost(Path models, Path data) throws IOException {
    this(models, data, builder -> {});
  }

  TestHost(Path models, Path data, Consumer<TacetServer.Builder> settings) throws IOException {
    TacetServer.Builder builder = TacetServer.builder().models(models).data(data).port(0).drain(Duration.ofSeconds(5));
    settings.accept(builder);
    server = builder.build();
    uri = server.start();
  }

  <T> T stub(Class<T> type) {
    return GrpcClients.builder("gproto+" + uri)
        .factory(ClientFactory.ofDefault())
        .responseTimeoutMillis(60_000)
        .maxResponseLength(1 << 28)
        .build(type);
  }

  ModelServiceGrpc.ModelServiceBlockingStub models() {
    return stub(ModelServiceGrpc.ModelServiceBlockingStub.class);
  }

  KeyServiceGrpc.KeyServiceBlockingStub keys() {
    return stub(KeyServiceGrpc.KeyServiceBlockingStub.class);
  }

  InferenceServiceGrpc.InferenceServiceBlockingStub inference() {
    return stub(InferenceServiceGrpc.InferenceServiceBlockingStub.class);
  }

  HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()
        .send(HttpRequest.newBuilder(uri.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  /** Expects a call to fail with a cause of the table, told by its ErrorInfo. */
  static ServiceException fails(ErrorCause cause, Executable call) {
    ServiceException e = ErrorTable.fromGrpc(assertThrows(io.grpc.StatusRuntimeException.class, call));
    assertEquals(cause, e.errorCause(), e.getMessage());
    return e;
  }

  @Override
  public void close() {
    server.close();
  }
}
