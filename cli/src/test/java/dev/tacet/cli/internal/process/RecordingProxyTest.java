// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.process;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordingProxyTest {
  @Test
  void everyByteArrivesAndIsRecordedInBothDirections(@TempDir Path folder) throws Exception {
    byte[] question = new byte[1_000_000];
    new Random(1).nextBytes(question);
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread echo =
          new Thread(
              () -> {
                try (Socket socket = server.accept(); OutputStream out = socket.getOutputStream()) {
                  byte[] received = socket.getInputStream().readNBytes(question.length);
                  out.write(received, 0, 1000);
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      echo.start();
      try (RecordingProxy proxy =
          RecordingProxy.start(URI.create("http://127.0.0.1:" + server.getLocalPort()), folder)) {
        try (Socket client = new Socket("127.0.0.1", proxy.uri().getPort())) {
          client.getOutputStream().write(question);
          assertEquals(1000, client.getInputStream().readAllBytes().length);
        }
        echo.join(5000);
        assertEquals(question.length, proxy.bytesToServer());
        assertEquals(1000, proxy.bytesToClient());
      }
    }
    assertArrayEquals(question, Files.readAllBytes(folder.resolve("1-to-server.bin")));
    assertEquals(1000, Files.size(folder.resolve("1-to-client.bin")));
  }
}
