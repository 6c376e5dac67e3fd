// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.common.io.BaseEncoding;
import com.linecorp.armeria.common.RequestHeaders;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import io.netty.util.AsciiString;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Looks at the headers of a gRPC call before the framework does, which leaves a call unanswered whose binary headers it cannot read. */
public final class CallHeaders {
  private static final String BINARY = "-bin";
  private static final String TIMEOUT = "grpc-timeout";

  /** PROTOCOL-HTTP2.md of gRPC: at most eight digits and a unit. */
  private static final Pattern TIMEOUTS = Pattern.compile("[0-9]{1,8}[HMSmun]");

  private CallHeaders() {}

  /** Returns why a call cannot be taken: a binary header that is no base64, or a timeout of another form; nothing if it can. */
  public static Optional<ServiceException> problem(RequestHeaders headers) {
    for (Map.Entry<AsciiString, String> header : headers) {
      String name = header.getKey().toString();
      if (name.endsWith(BINARY) && !isBase64(header.getValue())) {
        return Optional.of(malformed("a header whose name ends with -bin holds no base64"));
      }
    }
    String timeout = headers.get(TIMEOUT);
    return timeout == null || TIMEOUTS.matcher(timeout).matches() ? Optional.empty()
        : Optional.of(malformed("the header grpc-timeout is not a number of at most eight digits and a unit of H, M, S, m, u, n"));
  }

  private static ServiceException malformed(String text) {
    return new ServiceException(ErrorCause.MALFORMED, text);
  }

  /** Several values may stand in one header, with commas between them. */
  private static boolean isBase64(String value) {
    return List.of(value.split(",", -1)).stream().allMatch(each -> BaseEncoding.base64().canDecode(each.strip()));
  }
}
