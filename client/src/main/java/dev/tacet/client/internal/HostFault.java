// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.protocol.ErrorCause;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;

/**
 * What this side found wrong with a connection, where more can be said of it than that nobody answered. It is told by exceptions of
 * this process alone: nothing that a host sends becomes one.
 *
 * @param text what happened; no bytes of the connection
 * @param advice what to do, one sentence
 */
public record HostFault(ErrorCause cause, String text, String advice) {
  private static final int DEEPEST = 16;

  /** How gRPC words begin where a connection ended after it stood, or before. */
  private static final List<String> ENDED =
      List.of("Network closed for unknown reason", "Connection closing while performing protocol negotiation");

  /** An alert of TLS as OpenSSL and Java write that one was received; its name comes from a table of theirs. */
  private static final Pattern ALERT = Pattern.compile("(?:_ALERT_|Received fatal alert: )([A-Za-z_]{3,40})");

  /** Returns the fault underneath a failure, or nothing if there is none to tell. */
  public static Optional<HostFault> of(Throwable failure) {
    Throwable f = failure;
    for (int depth = 0; f != null && depth < DEEPEST; depth++) {
      if (f instanceof HostTrust.RefusedException refused) {
        return Optional.of(new HostFault(ErrorCause.HOST_NOT_TRUSTED, refused.getMessage(), refused.advice()));
      }
      String said = String.valueOf(f.getMessage());
      if (f instanceof SSLException && said.startsWith("not an SSL/TLS record")) {
        return Optional.of(new HostFault(ErrorCause.UNREACHABLE, "what listens at the address does not speak TLS",
            "Check the address: a host without TLS is reached by http://."));
      }
      Matcher alert = ALERT.matcher(said);
      if (f instanceof SSLException && alert.find()) {
        String name = alert.group(1).toLowerCase(Locale.ROOT).replace('_', ' ');
        return Optional.of(new HostFault(ErrorCause.UNREACHABLE, "the host refused the connection over TLS: " + name,
            name.contains("certificate") || name.contains("unknown ca")
                ? "Give the client certificate that the host's operator issued, with its key (--client-certificate, --client-key)."
                : "Ask the host's operator which versions of TLS the host speaks, and whether it asks for a client certificate."));
      }
      if (f instanceof IOException && said.contains("Connection reset") || f instanceof StatusRuntimeException call && closed(call)) {
        return Optional.of(new HostFault(ErrorCause.UNREACHABLE, "the connection was closed or reset before an answer came",
            "Check that the host is still running, and that its address begins with https:// if it speaks TLS, and with http:// if not."));
      }
      f = f.getCause();
    }
    return Optional.empty();
  }

  /** Tells whether the connection ended without a word: what gRPC says on this side then; a host's words come with trailers. */
  private static boolean closed(StatusRuntimeException call) {
    return call.getStatus().getCode() == Status.Code.UNAVAILABLE
        && (call.getTrailers() == null || call.getTrailers().keys().isEmpty())
        && ENDED.stream().anyMatch(String.valueOf(call.getStatus().getDescription())::startsWith);
  }
}
