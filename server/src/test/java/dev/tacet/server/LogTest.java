// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import com.google.protobuf.ByteString;
import dev.tacet.protocol.v1.RegisterKeySetRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class LogTest {
  @TempDir Path folder;
  private final Logger root = (Logger) LoggerFactory.getLogger("dev.tacet");
  private final Logger armeria = (Logger) LoggerFactory.getLogger("com.linecorp.armeria");
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    root.setLevel(Level.TRACE);
    root.addAppender(log);
    armeria.setLevel(Level.DEBUG);
    armeria.addAppender(log);
  }

  @AfterEach
  void stopListening() {
    root.detachAppender(log);
    armeria.detachAppender(log);
    root.setLevel(null);
    armeria.setLevel(null);
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (ILoggingEvent event : new ArrayList<>(log.list)) {
      text.append(event.getFormattedMessage()).append('\n');
      if (event.getThrowableProxy() != null) {
        text.append(ThrowableProxyUtil.asString(event.getThrowableProxy())).append('\n');
      }
    }
    return text.toString().toLowerCase(java.util.Locale.ROOT);
  }

  @Test
  void noByteOfACiphertextOrKeyIsLoggedWhetherTheCallSucceedsOrFails() throws IOException {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.write(models, "square", "1", TestModels.square());
    List<byte[]> payloads = new ArrayList<>();
    try (TestHost host = new TestHost(models, folder.resolve("data"));
        TestOwner owner = new TestOwner(TestModels.square())) {
      byte[] input = owner.encrypt(0.5, 0.5, 0.5);
      payloads.add(input);
      payloads.addAll(owner.keyBlobs);
      owner.upload(host.keys());
      host.inference().infer(owner.request(input).build());
      for (byte[] bad : List.of(Arrays.copyOf(input, 1000), flipped(input))) {
        attempt(() -> host.inference().infer(owner.request(bad).build()));
        attempt(() -> TestOwner.put(host.keys(), bad, 0, bad.length));
        attempt(
            () -> host.keys().registerKeySet(
                RegisterKeySetRequest.newBuilder().setManifest(ByteString.copyFrom(bad)).build()));
      }
    }
    String text = text();
    assertTrue(text.contains("listening on") && text.contains("malformed"), "the appender hears the server");
    for (byte[] payload : payloads) {
      for (int at = 100; at + 12 < payload.length; at += 997) {
        byte[] window = Arrays.copyOfRange(payload, at, at + 12);
        assertFalse(text.contains(HexFormat.of().formatHex(window)));
        assertFalse(text.contains(Base64.getEncoder().encodeToString(window).toLowerCase(java.util.Locale.ROOT)));
        assertFalse(text.contains(Arrays.toString(window)));
      }
    }
  }

  private static void attempt(Runnable call) {
    try {
      call.run();
    } catch (StatusRuntimeException e) {
      return;
    }
    throw new AssertionError("the call should have failed");
  }

  private static byte[] flipped(byte[] bytes) {
    byte[] copy = bytes.clone();
    copy[copy.length / 2] ^= 1;
    return copy;
  }
}
