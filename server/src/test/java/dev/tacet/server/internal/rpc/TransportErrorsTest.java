// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.linecorp.armeria.common.AggregatedHttpResponse;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.RequestTimeoutException;
import org.junit.jupiter.api.Test;

/** What the transport ends by itself has a row of the error table in every protocol. */
class TransportErrorsTest {
  private static AggregatedHttpResponse answer(String type, HttpStatus status, Throwable cause) {
    RequestHeaders headers = RequestHeaders.of(HttpMethod.POST, "/tacet.v1.InferenceService/Infer", "content-type", type);
    return new TransportErrors().renderStatus(null, null, headers, status, "", cause);
  }

  @Test
  void aCallThatIsLateBeforeItIsServedIsLateInEveryProtocol() {
    for (String type : new String[] {"application/grpc", "application/grpc+proto", "application/grpc-web+proto", "application/grpc-web-text"}) {
      for (AggregatedHttpResponse late : new AggregatedHttpResponse[] {
          answer(type, HttpStatus.SERVICE_UNAVAILABLE, RequestTimeoutException.get()), answer(type, HttpStatus.REQUEST_TIMEOUT, null)}) {
        assertEquals(200, late.status().code());
        assertEquals("4", late.headers().get("grpc-status"), "DEADLINE_EXCEEDED");
        assertTrue(late.headers().contains("grpc-status-details-bin"));
      }
    }
    for (String type : new String[] {"application/grpc", "application/grpc+proto"}) {
      assertEquals("8", answer(type, HttpStatus.SERVICE_UNAVAILABLE, null).headers().get("grpc-status"), "RESOURCE_EXHAUSTED");
    }
    String json = answer("application/json", HttpStatus.SERVICE_UNAVAILABLE, RequestTimeoutException.get()).contentUtf8();
    assertTrue(json.contains("DEADLINE_EXCEEDED"), json);
  }
}
