// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.observe;

import io.opentelemetry.context.Context;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Where a call comes from, as far as it can be followed.
 *
 * @param requestId names the call in answers, logs and errors
 * @param trace the call's span; that of nobody where traces are off
 */
public record Origin(String requestId, Context trace) {
  /** The header that carries the id, in requests and answers. */
  public static final String HEADER = "x-request-id";

  /** The name of the id in log lines and spans. */
  public static final String KEY = "request_id";

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final SecureRandom RANDOM = new SecureRandom();

  /** Returns the id that a caller sent if it is one (1 to 64 letters, digits, dots, dashes and underscores), else a new one. */
  public static String idOf(String sent) {
    if (sent != null && ID.matcher(sent).matches()) {
      return sent;
    }
    byte[] id = new byte[16];
    RANDOM.nextBytes(id);
    return HexFormat.of().formatHex(id);
  }
}
