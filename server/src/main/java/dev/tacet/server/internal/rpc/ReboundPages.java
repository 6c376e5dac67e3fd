// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Keeps pages of other sites away from a host without identities on loopback, where the browser itself takes them for the host's own: a name
 * that its owner has point to 127.0.0.1 once the page is loaded (DNS rebinding) makes no foreign origin. What a browser sends there must name
 * the host by an address or as localhost. Other programs may call it what they like.
 */
final class ReboundPages {
  /** What only browsers send, and pages cannot leave out. */
  private static final List<CharSequence> OF_BROWSERS = List.of(HttpHeaderNames.ORIGIN, "sec-fetch-site", HttpHeaderNames.ACCEPT_LANGUAGE);

  private ReboundPages() {}

  static Optional<ServiceException> refusal(ServiceRequestContext context, RequestHeaders headers) {
    boolean loopback = context.localAddress().getAddress() != null && context.localAddress().getAddress().isLoopbackAddress();
    boolean browser = OF_BROWSERS.stream().anyMatch(headers::contains) || headers.get(HttpHeaderNames.USER_AGENT, "").startsWith("Mozilla/");
    if (!loopback || !browser || isOfThisMachine(headers.authority())) {
      return Optional.empty();
    }
    return Optional.of(new ServiceException(ErrorCause.PERMISSION_DENIED,
        "pages reach a host without identities on loopback by its address or as localhost, not by another name"));
  }

  private static boolean isOfThisMachine(String authority) {
    try {
      String name = HostAndPort.fromString(authority == null ? "" : authority).getHost().toLowerCase(Locale.ROOT);
      return name.equals("localhost") || name.endsWith(".localhost") || InetAddresses.isInetAddress(name);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
