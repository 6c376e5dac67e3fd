// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.protocol.ErrorCause;
import io.grpc.Status;
import java.io.IOException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostFaultTest {
  @ParameterizedTest
  @CsvSource({
    "error:1000045c:SSL routines:OPENSSL_internal:TLSV1_ALERT_CERTIFICATE_REQUIRED, certificate required, --client-certificate",
    "error:10000412:SSL routines:OPENSSL_internal:SSLV3_ALERT_BAD_CERTIFICATE, bad certificate, --client-certificate",
    "error:10000418:SSL routines:OPENSSL_internal:TLSV1_ALERT_UNKNOWN_CA, unknown ca, --client-certificate",
    "(bad_certificate) Received fatal alert: bad_certificate, bad certificate, --client-certificate",
    "(protocol_version) Received fatal alert: protocol_version, protocol version, versions of TLS"
  })
  void anAlertOfTheHostIsToldByItsName(String said, String name, String advice) {
    HostFault fault = HostFault.of(Status.UNAVAILABLE.withCause(new SSLHandshakeException(said)).asRuntimeException()).orElseThrow();
    assertEquals(ErrorCause.UNREACHABLE, fault.cause());
    assertEquals("the host refused the connection over TLS: " + name, fault.text());
    assertTrue(fault.advice().contains(advice), fault.advice());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Network closed for unknown reason", "Connection closing while performing protocol negotiation for [NettyClientHandler#0]"})
  void aConnectionThatEndsWithoutAWordSuggestsTheOtherScheme(String said) {
    HostFault fault = HostFault.of(Status.UNAVAILABLE.withDescription(said).asRuntimeException()).orElseThrow();
    assertTrue(fault.text().startsWith("the connection was closed") && fault.advice().contains("https://"), fault.toString());
  }

  @Test
  void whatIsNotTheConnectionsFaultIsLeftToTheErrorTable() {
    assertTrue(HostFault.of(Status.UNAVAILABLE.withCause(new IOException("Connection refused")).asRuntimeException()).isEmpty());
    assertTrue(HostFault.of(Status.INTERNAL.withDescription("Received fatal alert: none").asRuntimeException()).isEmpty());
  }
}
