// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal;

import com.linecorp.armeria.common.Flags;
import com.linecorp.armeria.common.util.ThreadFactories;
import com.linecorp.armeria.common.util.TransportType;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/**
 * The thread that accepts connections, which has nothing to finish when the server stops: Netty's default would wait for two quiet seconds.
 * Armeria stops the group that owns the accepting loop and not one wrapped around it, so this is that group itself.
 */
final class AcceptGroup extends MultiThreadIoEventLoopGroup {
  private static final ThreadFactory THREADS = ThreadFactories.newEventLoopThreadFactory("tacet-accept", false);
  private static final long STOP_SECONDS = 5;

  private AcceptGroup(IoHandlerFactory transport) {
    super(1, THREADS, transport);
  }

  /** Makes the group of one port, of the transport that connections are served with. */
  static EventLoopGroup ofPort(String port) {
    TransportType transport = Flags.transportType();
    return switch (transport) {
      case EPOLL -> new AcceptGroup(EpollIoHandler.newFactory());
      case NIO -> new AcceptGroup(NioIoHandler.newFactory());
      default -> transport.newEventLoopGroup(1, type -> THREADS);
    };
  }

  @Override
  public Future<?> shutdownGracefully() {
    return shutdownGracefully(0, STOP_SECONDS, TimeUnit.SECONDS);
  }
}
