// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.common.util.concurrent.ListenableFuture;
import com.linecorp.armeria.client.grpc.GrpcClients;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import io.grpc.StatusRuntimeException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server process that is asked to end. */
class SignalTest {
  private static final double[] ROW = {0.5, 0.25, 1};

  @TempDir Path folder;

  @Test
  void onSigtermAdmittedCallsAreAnsweredNewOnesRefusedAndTheProcessEnds() throws Exception {
    Path models = folder.resolve("models");
    TestModels.write(models, "slow", "1", TestModels.slow(1_500));
    Process process = ServerProcess.launch(List.of(), models.toString(), folder.resolve("data").toString());
    try (TestOwner owner = new TestOwner(TestModels.slow(1_500))) {
      URI uri = URI.create(ServerProcess.address(process));
      owner.upload(GrpcClients.newClient("gproto+" + uri, KeyServiceGrpc.KeyServiceBlockingStub.class));
      var request = owner.request(owner.encrypt(ROW)).build();
      ListenableFuture<InferResponse> call = GrpcClients.builder("gproto+" + uri).responseTimeoutMillis(60_000)
          .build(InferenceServiceGrpc.InferenceServiceFutureStub.class).infer(request);
      HttpRequest metrics = HttpRequest.newBuilder(uri.resolve("/metrics")).build();
      HttpClient http = HttpClient.newHttpClient();
      while (!http.send(metrics, HttpResponse.BodyHandlers.ofString()).body().contains("tacet_calls_running 1.0")) {
        assertTrue(!call.isDone(), "the call ended before the signal");
      }
      process.destroy(); // SIGTERM
      InferenceServiceGrpc.InferenceServiceBlockingStub late =
          GrpcClients.newClient("gproto+" + uri, InferenceServiceGrpc.InferenceServiceBlockingStub.class);
      ErrorCause refused = ErrorCause.INTERNAL;
      for (int i = 0; i < 1000 && refused != ErrorCause.SHUTTING_DOWN && !call.isDone(); i++) {
        // Until the signal has been seen the call waits for a worker; it is given up at once.
        refused = ErrorTable.fromGrpc(assertThrows(
            StatusRuntimeException.class, () -> late.withDeadlineAfter(20, TimeUnit.MILLISECONDS).infer(request))).errorCause();
      }
      assertTrue(Set.of(ErrorCause.SHUTTING_DOWN, ErrorCause.UNREACHABLE).contains(refused), refused.toString());
      assertArrayEquals(ROW, owner.decrypt(call.get(60, TimeUnit.SECONDS)), 1e-2);
      assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the process goes on");
      assertEquals(128 + 15, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }
}
