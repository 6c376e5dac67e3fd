// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.http;

import com.linecorp.armeria.common.Flags;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Refuses requests of HTTP/1 whose end two programs may see in different places, before the web server reads them: a proxy in front would
 * take the rest of one caller's request for the next one's (RFC 9112, 6.1, 6.3 and 11.2). Those are a Content-Length beside a
 * Transfer-Encoding, a Transfer-Encoding that is not "chunked" alone, and any in HTTP/1.0; also, by 3.2, no Host or several.
 *
 * <p>A second decoder reads the same bytes, since the web server's drops what contradicts itself before anybody sees it. HTTP/2 has
 * lengths of its own and is left alone. A body that is not there in time is cut off with its connection, whatever was answered meanwhile: a
 * client that trickles would keep its place. Stands before the web server's decoder, behind TLS; one for each connection.
 */
public final class Http1Framing extends ChannelInboundHandlerAdapter {
  /** The most bytes of a request's headers: a credential of 16 KiB, and what else a call says. */
  public static final int HEADER_BYTES = 24 << 10;

  /** The method that HTTP/2's preface looks like. */
  private static final String HTTP2 = "PRI";

  /**
   * No request and no header, wherever the web server's decoder stands: the answer is 400, after the answers before it, and the connection
   * is closed. It does not begin with the end of a line, which may be all that a head lacks.
   */
  private static final byte[] UNREADABLE = "(\r\n(:)\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Decoder decoder = new Decoder();
  private final Duration body;
  private EmbeddedChannel channel;
  private boolean refused;
  private Future<?> end;  // of the time for the body that is coming; null between requests

  /**
   * Makes the handler of a connection.
   *
   * @param body within which the body of a request must be there
   */
  public Http1Framing(Duration body) {
    this.body = body;
  }

  /** Has the web server's limits: what that one refuses itself is not judged here. */
  private static final class Decoder extends HttpRequestDecoder {
    private boolean twoLengths;

    Decoder() {
      super(Flags.defaultHttp1MaxInitialLineLength(), HEADER_BYTES, Flags.defaultHttp1MaxChunkSize());
    }

    @Override
    protected void handleTransferEncodingChunkedWithContentLength(HttpMessage message) {
      twoLengths = true;
      super.handleTransferEncodingChunkedWithContentLength(message);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof ByteBuf bytes)) {
      context.fireChannelRead(message);
      return;
    }
    if (refused) {
      bytes.release();
      return;
    }
    if (channel == null) {
      channel = new EmbeddedChannel(decoder);
    }
    channel.writeInbound(bytes.retainedDuplicate());
    boolean leave = false;
    boolean first = true;
    for (Object part = channel.readInbound(); part != null && !leave && !refused; part = channel.readInbound()) {
      if (part instanceof HttpRequest request) {
        leave = request.decoderResult().isFailure() || request.method().name().equals(HTTP2);
        refused = !leave && isAmbiguous(request);
        end = leave || refused ? null : context.executor().schedule(() -> { context.close(); }, body.toMillis(), TimeUnit.MILLISECONDS);
      }
      if (part instanceof LastHttpContent) {
        isThere();
      }
      ReferenceCountUtil.release(part);
      if (refused) {
        bytes.release();
        refuse(context, first);
        return;
      }
      first = false;
    }
    if (leave) {
      context.pipeline().remove(this);
    }
    context.fireChannelRead(bytes);
  }

  private void isThere() {
    if (end != null) {
      end.cancel(false);
      end = null;
    }
  }

  private boolean isAmbiguous(HttpRequest request) {
    boolean current = request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    List<String> encodings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    boolean chunked = current && encodings.size() == 1 && HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(encodings.get(0).strip());
    return decoder.twoLengths
        || !encodings.isEmpty() && !chunked
        || current && request.headers().getAll(HttpHeaderNames.HOST).size() != 1;
  }

  /**
   * Has the web server answer.
   *
   * @param first whether the request's head ended in the bytes at hand, before them at most the head's start was passed on; else something
   *     of the request before it is among them, which goes with the connection
   */
  private static void refuse(ChannelHandlerContext context, boolean first) {
    if (first) {
      context.fireChannelRead(Unpooled.wrappedBuffer(UNREADABLE));
      context.fireChannelReadComplete();
    } else {
      context.close();
    }
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    isThere();
    if (channel != null) {
      channel.finishAndReleaseAll();
    }
  }
}
