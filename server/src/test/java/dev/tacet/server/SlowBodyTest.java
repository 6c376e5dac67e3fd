// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A body of HTTP/1 that trickles does not keep its connection, whatever was answered meanwhile. */
class SlowBodyTest {
  private static final long MOST_MILLIS = 15_000; // 1 s to receive, 3 s to read an answer, and time for a busy machine

  /** Sends a head and then a byte every 100 ms; returns the answer's status line, and requires the end of the connection. */
  private static String trickle(URI uri, String head) throws Exception {
    long start = System.nanoTime();
    StringBuilder answer = new StringBuilder();
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      socket.setSoTimeout(100);
      socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      while (System.nanoTime() - start < MOST_MILLIS * 1_000_000) {
        try {
          int read = socket.getInputStream().read();
          if (read < 0) {
            return answer.toString().lines().findFirst().orElse("");
          }
          answer.append((char) read);
        } catch (SocketTimeoutException e) {
          socket.getOutputStream().write('a');
        }
      }
    } catch (IOException e) {
      return answer.toString().lines().findFirst().orElse(""); // reset while the next byte was on its way
    }
    throw new AssertionError("open after " + MOST_MILLIS + " ms: " + answer);
  }

  @Test
  void itIsClosedWithAndWithoutCredentials(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("keys.yaml");
    String key = new ApiKeyFile(file).issue("good", "lab", Set.of("predict"), null);
    try (ConfiguredHost host = new ConfiguredHost(
        folder, "identity: {api-keys: " + file + "}\nlimits: {receive: 1s}\ntenants:\n- {name: lab, models: [\"*\"]}\n")) {
      String post = "POST /v2/models/none/infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
      assertEquals("HTTP/1.1 401 Unauthorized", trickle(host.uri, post + "Content-Length: 100000\r\n\r\n"));
      String known = post + "Authorization: Bearer " + key + "\r\n";
      assertTrue(trickle(host.uri, known + "Content-Length: 100000\r\n\r\n").startsWith("HTTP/1.1 4"));
      trickle(host.uri, known + "Transfer-Encoding: chunked\r\n\r\nffff\r\n");
      trickle(host.uri, "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
      assertEquals(200, host.get("/healthz", null).statusCode());
    }
  }
}
