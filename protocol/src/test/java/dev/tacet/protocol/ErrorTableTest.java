// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.he.CancelledException;
import dev.tacet.he.MalformedException;
import dev.tacet.he.MissingKeyException;
import dev.tacet.he.UnsupportedException;
import io.grpc.Status;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorTableTest {
  @ParameterizedTest
  @EnumSource(ErrorCause.class)
  void everyCauseSurvivesTheWayOverGrpcWithItsMessageDetailsAndDelay(ErrorCause cause) {
    ServiceException sent =
        new ServiceException(cause, "17 of 18 bytes", Map.of("received_bytes", "17"), Duration.ofMillis(1500), null);
    ServiceException received = ErrorTable.fromGrpc(ErrorTable.toGrpc(sent));
    assertEquals(cause, received.errorCause());
    assertEquals("17 of 18 bytes", received.getMessage());
    assertEquals(Map.of("received_bytes", "17"), received.details());
    assertEquals(Duration.ofMillis(1500), received.retryAfter().orElseThrow());
  }

  @ParameterizedTest
  @EnumSource(ErrorCause.class)
  void everyRowHasAnHttpErrorAFailingExitCodeAndAnAdvice(ErrorCause cause) {
    assertTrue(cause.http() >= 400 && cause.http() < 600);
    assertEquals(1, cause.exitCode());
    assertFalse(cause.advice().isBlank());
    assertFalse(cause.grpc() == Status.Code.OK || cause.grpc() == Status.Code.UNKNOWN);
    assertEquals(cause, ErrorCause.ofReason(cause.name()).orElseThrow());
  }

  @Test
  void exceptionsOfTheEngineHaveTheirRow() {
    assertEquals(ErrorCause.MALFORMED, ErrorTable.causeOf(new MalformedException("x")));
    assertEquals(ErrorCause.KEY_NOT_FOUND, ErrorTable.causeOf(new MissingKeyException("x")));
    assertEquals(ErrorCause.CANCELLED, ErrorTable.causeOf(new CancelledException("x")));
    assertEquals(ErrorCause.UNSUPPORTED, ErrorTable.causeOf(new UnsupportedException("x")));
    assertEquals(ErrorCause.INVALID_ARGUMENT, ErrorTable.causeOf(new IllegalArgumentException("x")));
    assertEquals(ErrorCause.OUT_OF_MEMORY, ErrorTable.causeOf(new CompletionException(new OutOfMemoryError("x"))));
    assertEquals(ErrorCause.INTERNAL, ErrorTable.causeOf(new IllegalStateException("x")));
  }

  @Test
  void theTextOfADefectStaysOnTheMachineWhereItHappened() {
    ServiceException sent = ErrorTable.toServiceException(new IllegalStateException("/var/secret/path"), "00c0ffee");
    assertEquals(ErrorCause.INTERNAL, sent.errorCause());
    assertFalse(sent.getMessage().contains("secret"));
    assertTrue(sent.getMessage().contains("00c0ffee"));
  }

  @Test
  void aStatusWithoutErrorInfoIsReadByItsCode() {
    assertEquals(
        ErrorCause.UNREACHABLE, ErrorTable.fromGrpc(Status.UNAVAILABLE.asRuntimeException()).errorCause());
    assertEquals(
        ErrorCause.DEADLINE_EXCEEDED, ErrorTable.fromGrpc(Status.DEADLINE_EXCEEDED.asRuntimeException()).errorCause());
    assertEquals(ErrorCause.INTERNAL, ErrorTable.fromGrpc(new RuntimeException("odd")).errorCause());
  }

  @ParameterizedTest
  @EnumSource(ErrorCause.class)
  void everyRowStandsInTheServersGuide(ErrorCause cause) throws java.io.IOException {
    String row =
        "| `" + cause + "` | " + cause.grpc() + " | " + cause.http() + " | " + (cause.retryable() ? "yes" : "no") + " | "
            + cause.advice() + " |";
    assertTrue(java.nio.file.Files.readAllLines(java.nio.file.Path.of("..", "docs", "server.md")).contains(row), row);
  }

  @Test
  void detailsThatAreMalformedOrContradictTheStatusAreLeftOut() {
    io.grpc.Metadata trailers = new io.grpc.Metadata();
    trailers.put(
        io.grpc.Metadata.Key.of("grpc-status-details-bin", io.grpc.Metadata.BINARY_BYTE_MARSHALLER), new byte[] {1, 2, 3});
    assertEquals(
        ErrorCause.CANCELLED, ErrorTable.fromGrpc(Status.CANCELLED.asRuntimeException(trailers)).errorCause());
    io.grpc.Metadata other =
        ErrorTable.toGrpc(new ServiceException(ErrorCause.KEY_NOT_FOUND, "x")).getTrailers();
    assertEquals(ErrorCause.CANCELLED, ErrorTable.fromGrpc(Status.CANCELLED.asRuntimeException(other)).errorCause());
  }

  @Test
  void whatAPeerSaysIsOneLineWithoutControlCharactersAndItsDelayIsBounded() {
    ServiceException hostile =
        new ServiceException(
            ErrorCause.SIGNATURE_CHANGED, "a\u001b[2Jb\r\nc\u202ed" + "x".repeat(5000),
            Map.of("signature_sha256", "\u001b]0;title\u0007"), Duration.ofSeconds(Long.MAX_VALUE), null);
    ServiceException received = ErrorTable.fromGrpc(ErrorTable.toGrpc(hostile));
    assertTrue(received.getMessage().startsWith("a [2Jb c d"), received.getMessage());
    assertTrue(received.getMessage().length() <= 1003, received.getMessage());
    assertEquals("]0;title", received.details().get("signature_sha256"));
    assertEquals(Duration.ofDays(1), received.retryAfter().orElseThrow());
  }

  @Test
  void anUnreachableHostIsNamedWithTheReasonUnderneath() {
    Throwable refused = Status.UNAVAILABLE.withDescription("io exception\nChannel Pipeline: [x]")
        .withCause(new java.io.IOException("outer", new java.net.ConnectException("Connection refused: localhost:1")))
        .asRuntimeException();
    assertEquals("no answer from the host: Connection refused: localhost:1", ErrorTable.fromGrpc(refused).getMessage());
  }
}
