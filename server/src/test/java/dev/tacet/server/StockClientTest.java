// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.protobuf.ByteString;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.KeyServiceGrpc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Triton's published Python client lists, checks and calls a model, over gRPC and REST, with a ciphertext and keys of ours. Runs by
 * {@code server/interop/stock-client}, which brings the client; needs the property {@code tacet.python} otherwise.
 */
class StockClientTest {
  private static final double[] ROW = {0.25, 0.5, -1};

  @TempDir Path folder;

  @Test
  void tritonclientListsChecksAndCallsAModel() throws Exception {
    String python = System.getProperty("tacet.python");
    Assumptions.assumeTrue(python != null, "no Python with tritonclient is named: run server/interop/stock-client");
    TestModels.write(Files.createDirectories(folder.resolve("models")), "square", "1", TestModels.square());
    ApiKeyFile keys = new ApiKeyFile(folder.resolve("keys.yaml"));
    String key = keys.issue("triton", "lab", Set.of("predict"), null);
    try (ConfiguredHost host = new ConfiguredHost(folder,
            "identity: {api-keys: " + folder.resolve("keys.yaml") + "}\ntenants: [{name: lab, models: [square]}]\n");
        TestOwner owner = new TestOwner(TestModels.square())) {
      owner.upload(host.stub(KeyServiceGrpc.KeyServiceBlockingStub.class, key));
      Path row = Files.write(folder.resolve("row"), owner.encrypt(ROW));
      Process client =
          new ProcessBuilder(
                  python, Path.of("interop", "stock_client.py").toAbsolutePath().toString(), host.uri.getAuthority(), "square",
                  owner.model.signature().sha256(), owner.manifest.keySetId(), row.toString(), folder.resolve("answer").toString())
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("output").toFile())
              .start();
      client.getOutputStream().write((key + "\n").getBytes(StandardCharsets.US_ASCII));
      client.getOutputStream().close();
      boolean ended = client.waitFor(2, TimeUnit.MINUTES);
      client.destroyForcibly();
      assertEquals("ended 0", (ended ? "ended " : "hung ") + (ended ? client.exitValue() : -1), Files.readString(folder.resolve("output")));
      for (String form : new String[] {"grpc", "http"}) {
        ByteString answer = ByteString.copyFrom(Files.readAllBytes(folder.resolve("answer." + form)));
        double[] values = owner.decrypt(InferResponse.newBuilder().addCiphertexts(answer).build());
        assertArrayEquals(TestModels.squareInTheClear(ROW), values, 1e-4, form);
      }
    }
  }
}
