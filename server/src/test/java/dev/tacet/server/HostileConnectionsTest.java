// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that are no protocol, or a protocol used to exhaust: the connection ends with an error and the server serves on. */
class HostileConnectionsTest {
  private static final int PATIENCE_MILLIS = 5_000;
  private static final byte[] HTTP2 = ascii("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0");

  @TempDir static Path folder;
  private static TestHost host;
  private static URI uri;

  @BeforeAll
  static void start() throws IOException {
    host = new TestHost(Files.createDirectories(folder.resolve("models")), folder.resolve("data"));
    uri = host.uri;
  }

  @AfterAll
  static void stop() {
    host.close();
  }

  @AfterEach
  void theServerStillServes() throws Exception {
    assertEquals(200, host.get("/healthz").statusCode());
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] random(long seed, int count) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static byte[] join(byte[] first, byte[] second, int times) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(first);
    for (int i = 0; i < times; i++) {
      all.writeBytes(second);
    }
    return all.toByteArray();
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(uri.getHost(), uri.getPort());
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /** Sends bytes, part after part with a little time between them, and reads what comes back until the server closes, or a little while after it has answered. */
  private static String answer(byte[]... parts) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    try (Socket socket = connect()) {
      try {
        socket.setTcpNoDelay(true);
        for (byte[] part : parts) {
          socket.getOutputStream().write(part);
          pause(50);
        }
        byte[] buffer = new byte[4096];
        for (int read = socket.getInputStream().read(buffer); read >= 0; read = socket.getInputStream().read(buffer)) {
          answer.write(buffer, 0, read);
          socket.setSoTimeout(500);
        }
      } catch (SocketException | SocketTimeoutException e) {
        // It closed while there was more to send, or has said all.
      }
    }
    return answer.toString(StandardCharsets.ISO_8859_1);
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatIsNoRequestGetsAStatusOfTheProtocol() throws IOException {
    String infer = "POST /tacet.v1.InferenceService/Infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc-web+proto\r\n";
    Map<String, byte[]> requests = new LinkedHashMap<>();
    requests.put("400", random(1, 5_000));
    requests.put("431", ascii("GET /healthz HTTP/1.1\r\nX: " + "a".repeat(200_000) + "\r\n\r\n"));
    requests.put("414", ascii("GET /" + "a".repeat(100_000) + " HTTP/1.1\r\n\r\n"));
    requests.put("405", ascii("BREW /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
    requests.put("404", ascii("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"));
    requests.put("413", ascii(infer + "Content-Length: 99999999999\r\n\r\n\0\u00ff\u00ff\u00ff\u00ff"));
    requests.put("415", ascii(infer.replace("application/grpc-web+proto", "text/plain") + "Content-Length: 5\r\n\r\nhello"));
    for (Map.Entry<String, byte[]> request : requests.entrySet()) {
      String answer = answer(request.getValue());
      assertTrue(answer.startsWith("HTTP/1.1 " + request.getKey()), request.getKey() + ": " + answer);
    }
  }

  @Test
  void pagesAreReadAndTakeNoOtherMethod() throws IOException {
    for (String path : new String[] {"/v1/models", "/healthz", "/readyz", "/status", "/privacy", "/metrics", "/v2", "/v2/health/live", "/v2/health/ready"}) {
      for (String method : new String[] {"POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS"}) {
        String answer = answer(ascii(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));
        assertTrue(answer.startsWith("HTTP/1.1 405"), method + " " + path + ": " + answer);
      }
      String answer = answer(ascii("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      assertTrue(answer.startsWith("HTTP/1.1 200") && answer.endsWith("\r\n\r\n"), path + ": " + answer);
    }
    for (String method : new String[] {"POST", "DELETE", "TRACE"}) {
      String answer = answer(ascii(method + " /v2/models/any HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"));
      assertTrue(answer.startsWith("HTTP/1.1 405"), method + ": " + answer);
    }
  }

  /** A name of somebody else that points to this machine makes a page no foreign one (DNS rebinding). */
  @Test
  void pagesReachAHostWithoutIdentitiesByItsAddressOrAsLocalhostAlone() throws IOException {
    for (String header : new String[] {"Origin: http://evil.example:80", "User-Agent: Mozilla/5.0 (X11)", "Sec-Fetch-Site: same-origin", "Accept-Language: en"}) {
      for (String path : new String[] {"GET /v1/models", "GET /privacy", "POST /tacet.v1.KeyService/ListKeySets"}) {
        for (String name : new String[] {"evil.example:80", "localhost.evil.example", "evil.example.", "127.0.0.1.evil.example:1"}) {
          String answer = answer(ascii(path + " HTTP/1.1\r\nHost: " + name + "\r\n" + header + "\r\nContent-Length: 0\r\n\r\n"));
          assertTrue(answer.startsWith("HTTP/1.1 403"), path + ", " + name + ", " + header + ": " + answer);
        }
      }
      for (String name : new String[] {"localhost:80", "127.0.0.1:80", "[::1]:80", "tacet.localhost"}) {
        String answer = answer(ascii("GET /v1/models HTTP/1.1\r\nHost: " + name + "\r\n" + header + "\r\n\r\n"));
        assertTrue(answer.startsWith("HTTP/1.1 200"), name + ", " + header + ": " + answer);
      }
    }
    assertTrue(answer(ascii("GET /v1/models HTTP/1.1\r\nHost: tacet.internal\r\n\r\n")).startsWith("HTTP/1.1 200"), "no browser sends that");
  }

  /** Two programs may not read two different requests out of the same bytes (RFC 9112, 6.1, 6.3, 3.2). */
  @Test
  void aRequestWhoseEndIsInDoubtIsRefusedAndNothingBehindItIsRead() throws IOException {
    String start = "GET /healthz HTTP/1.1\r\n";
    String behind = start + "Host: smuggled\r\n\r\n";
    for (String headers : new String[] {
        "Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Host: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
        "Host: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
        "Host: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Host: x\r\nTransfer-Encoding: \r\n\r\n",
        "\r\n",
        "Host: x\r\nHost: y\r\n\r\n"}) {
      String whole = answer(ascii(start + headers + behind));
      assertTrue(whole.startsWith("HTTP/1.1 400") && whole.indexOf("HTTP/1.1", 1) < 0, headers + ": " + whole);
      String second = answer(ascii(behind), ascii(start + headers + behind));
      assertTrue(second.startsWith("HTTP/1.1 200"), headers + ": " + second);
      assertTrue(second.indexOf("HTTP/1.1 400") > 0 && second.indexOf("HTTP/1.1 200", 1) < 0, headers + ": " + second);
      String together = answer(ascii(behind + start + headers + behind));
      assertTrue(together.isEmpty() || together.indexOf("HTTP/1.1 200", 1) < 0, headers + ": " + together);
      String all = start + headers;
      String head = all.substring(0, all.indexOf("\r\n\r\n") + 4); // an answer is lost where the sender has more to say
      for (int cut : new int[] {2, 9, head.length() - 12, head.length() - 4, head.length() - 3, head.length() - 2, head.length() - 1}) {
        String cutOff = answer(ascii(head.substring(0, cut)), ascii(head.substring(cut)));
        assertTrue(cutOff.startsWith("HTTP/1.1 400") && cutOff.indexOf("HTTP/1.1", 1) < 0, headers + ", cut at " + cut + ": " + cutOff);
      }
    }
    assertTrue(answer(ascii("GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")).startsWith("HTTP/1.1 400"));
    for (String good : new String[] {
        "GET /healthz HTTP/1.0\r\n\r\n", start + "Host: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", start + "Host:\r\n\r\n"}) {
      assertTrue(answer(ascii(good)).startsWith("HTTP/1.1 200"), good);
    }
    String posts = ("POST /v2/repository/index HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        + "POST /v2/repository/index HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}").repeat(3);
    assertEquals(6, answer(ascii(posts)).split("HTTP/1.1 200", -1).length - 1, "bodies of both kinds, one after the other");
  }

  /** A chunk's length is hexadecimal digits, and as large as they say (RFC 9112, 7.1). */
  @Test
  void aChunkWhoseLengthIsInDoubtIsRefusedAndNothingBehindItIsRead() throws IOException {
    String head = "POST /v2/repository/index HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    String behind = "GET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n";
    for (String size : new String[] {"100000002\r\n", "10000000000000002\r\n", "-2\r\n", "+2\r\n", "0x2\r\n", "2 x\r\n", "\r\n", "2\n", "2\r", "g\r\n",
        "2\0\r\n", "2;a=\n\r\n"}) {
      String answer = answer(ascii(head + size + "{}\r\n0\r\n\r\n" + behind));
      assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 400") && answer.indexOf("HTTP/1.1", 1) < 0, size + ": " + answer);
    }
    for (String good : new String[] {"2\r\n{}\r\n0\r\n\r\n", "2;a=b\r\n{}\r\n0;c\r\nX: y\r\n\r\n", "002\r\n{}\r\n000\r\n\r\n"}) {
      String answer = answer(ascii(head + good + behind));
      assertEquals(2, answer.split("HTTP/1.1 200", -1).length - 1, good + ": " + answer);
    }
  }

  @Test
  void aFrameThatClaimsTwoGigabytesIsRefusedWithoutThem() throws IOException {
    String answer =
        answer(
            ascii(
                "POST /tacet.v1.InferenceService/Infer HTTP/1.1\r\nHost: x\r\nContent-Type: application/grpc-web+proto\r\n"
                    + "Content-Length: 10\r\n\r\n\0\u007f\u00ff\u00ff\u00ffabcde"));
    assertTrue(answer.startsWith("HTTP/1.1 200") && answer.matches("(?s).*grpc-status: ?[38].*"), answer);
  }

  /** A reset that follows the refusal at once overtakes it in clients that are still sending: they would report a cancelled call. */
  @Test
  void aRefusalInTheMiddleOfARequestIsNotFollowedByAResetAtOnce() throws IOException {
    byte[] headers = join(join(ascii("\u0083\u0086"), literal(4, "/tacet.v1.ModelService/GetModel"), 1),
        join(literal(1, "x"), ascii("\u000f\u0010\u0010application/grpc"), 1), 1);
    byte[] message = join(ascii("\0\0\u0010\0\0"), new byte[16_000], 1); // a mebibyte, where 64 KiB are accepted and 128 read
    byte[] taken = ascii("\0\0\0\4\1\0\0\0\0"); // the server's settings, among them a window of a mebibyte
    byte[] request = join(join(HTTP2, taken, 1), join(frame(1, 4, headers), join(frame(0, 0, message), frame(0, 0, new byte[16_000]), 9), 1), 1);
    List<Integer> types = new ArrayList<>();
    boolean ended = false;
    try (Socket socket = connect()) {
      socket.getOutputStream().write(request);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (true) {
        int head = in.readInt(); // three bytes of length, the type
        int flags = in.readByte();
        in.skipNBytes(4 + (head >>> 8));
        types.add(head & 255);
        if ((head & 255) == 1 && (flags & 1) == 1) {
          ended = true;
          socket.setSoTimeout(500);
        }
      }
    } catch (SocketTimeoutException e) {
      // It has said all.
    }
    assertTrue(ended, "frames " + types);
    assertFalse(types.contains(3), "frames " + types);
  }

  /** An HPACK field that is not indexed, with a name of the static table. */
  private static byte[] literal(int name, String value) {
    return join(new byte[] {(byte) name, (byte) value.length()}, ascii(value), 1);
  }

  /** A frame of stream 1. */
  private static byte[] frame(int type, int flags, byte[] payload) {
    byte[] head = {0, (byte) (payload.length >> 8), (byte) payload.length, (byte) type, (byte) flags, 0, 0, 0, 1};
    return join(head, payload, 1);
  }

  @Test
  void brokenHttp2EndsTheConnection() throws IOException {
    byte[] oversized = join(ascii("\u00ff\u00ff\u00ff\0\0\0\0\0\1"), random(2, 1_000), 1);
    byte[] reset = ascii("\0\0\4\3\0\0\0\0\1\0\0\0\1");
    for (byte[] frames : List.of(oversized, reset, random(3, 3_000))) {
      answer(join(HTTP2, frames, 1));
      assertEquals(200, assertServes());
    }
  }

  /** Streams that are opened to be reset (CVE-2023-44487) end the connection at the number that the operator set. */
  @Test
  void resetsBeyondTheirNumberEndTheConnection() throws Exception {
    byte[] open = frame(1, 5, join(ascii("\u0082\u0086"), join(literal(4, "/healthz"), literal(1, "x"), 1), 1));
    byte[] reset = frame(3, 0, new byte[] {0, 0, 0, 8});
    try (ConfiguredHost strict = new ConfiguredHost(Files.createDirectories(folder.resolve("strict")), "limits: {resets: 20}\n")) {
      assertTrue(framesUntilTheEnd(strict.uri, resets(open, reset, 60)).contains(7), "20 are allowed, 60 came");
      assertFalse(framesUntilTheEnd(strict.uri, resets(open, reset, 15)).contains(7), "20 are allowed, 15 came");
    }
    assertFalse(framesUntilTheEnd(uri, resets(open, reset, 60)).contains(7), "400 are allowed unless set, 60 came");
  }

  private static byte[] resets(byte[] open, byte[] reset, int times) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(HTTP2);
    for (int i = 0; i < times; i++) {
      for (byte[] frame : List.of(open, reset)) {
        byte[] numbered = frame.clone();
        numbered[7] = (byte) (2 * i + 1 >> 8);
        numbered[8] = (byte) (2 * i + 1);
        all.writeBytes(numbered);
      }
    }
    return all.toByteArray();
  }

  /** Sends bytes and returns the types of the frames that come until the server closes or has been silent for a while. */
  private static List<Integer> framesUntilTheEnd(URI server, byte[] request) throws IOException {
    List<Integer> types = new ArrayList<>();
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      socket.setSoTimeout(1_000);
      socket.getOutputStream().write(request);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (true) {
        int head = in.readInt();
        in.skipNBytes(5 + (head >>> 8));
        types.add(head & 255);
      }
    } catch (SocketException | SocketTimeoutException | EOFException e) {
      return types; // it closed, or has said all
    }
  }

  @Test
  void floodsOfControlFramesDoNotStopIt() throws IOException {
    for (byte[] frame : List.of(ascii("\0\0\0\4\0\0\0\0\0"), ascii("\0\0\u0008\6\0\0\0\0\00012345678"))) {
      answer(join(HTTP2, frame, 20_000));
      assertEquals(200, assertServes());
    }
  }

  @Test
  void clientsThatNeverFinishTheirRequestKeepNobodyWaiting() throws IOException {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        Socket socket = connect();
        slow.add(socket);
        socket.getOutputStream().write(ascii(i % 2 == 0 ? "GET /healthz HT" : "PRI * HTTP/2"));
      }
      assertEquals(200, assertServes());
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  private static int assertServes() throws IOException {
    try {
      return host.get("/healthz").statusCode();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }
}
