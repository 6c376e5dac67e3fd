// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy on loopback that writes down every byte it passes: one file for each connection and direction, so that
 * what was contiguous on the wire is contiguous in its file.
 */
public final class RecordingProxy implements AutoCloseable {
  private static final int BUFFER_BYTES = 256 * 1024;

  private final ServerSocket listener;
  private final URI target;
  private final Path folder;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicLong toServer = new AtomicLong();
  private final AtomicLong toClient = new AtomicLong();
  private volatile boolean closed;

  private RecordingProxy(ServerSocket listener, URI target, Path folder) {
    this.listener = listener;
    this.target = target;
    this.folder = folder;
  }

  /** Listens on a free loopback port, forwards to {@code target} and records in {@code folder}. */
  public static RecordingProxy start(URI target, Path folder) {
    try {
      RecordingProxy proxy =
          new RecordingProxy(new ServerSocket(0, 64, InetAddress.getLoopbackAddress()), target, folder);
      proxy.spawn("tacet-proxy-accept", proxy::accept);
      return proxy;
    } catch (IOException e) {
      throw new UncheckedIOException("no loopback port can be opened", e);
    }
  }

  /** Where to connect instead of the target; the same scheme. */
  public URI uri() {
    return URI.create(target.getScheme() + "://127.0.0.1:" + listener.getLocalPort());
  }

  /** Bytes that went from the client to the server. */
  public long bytesToServer() {
    return toServer.get();
  }

  /** Bytes that went from the server to the client. */
  public long bytesToClient() {
    return toClient.get();
  }

  @Override
  public void close() {
    closed = true;
    closeQuietly(listener);
    sockets.forEach(RecordingProxy::closeQuietly);
  }

  private void accept() {
    while (!closed) {
      Socket client;
      try {
        client = listener.accept();
      } catch (IOException e) {
        return;
      }
      sockets.add(client);
      int id = connections.incrementAndGet();
      try {
        Socket server = new Socket(target.getHost(), target.getPort());
        sockets.add(server);
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        spawn("tacet-proxy-up-" + id, () -> copy(client, server, folder.resolve(id + "-to-server.bin"), toServer));
        spawn("tacet-proxy-down-" + id, () -> copy(server, client, folder.resolve(id + "-to-client.bin"), toClient));
      } catch (IOException e) {
        closeQuietly(client);
      }
    }
  }

  private void copy(Socket from, Socket to, Path record, AtomicLong counter) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (OutputStream file = Files.newOutputStream(record)) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        file.write(buffer, 0, read);
        counter.addAndGet(read);
        out.write(buffer, 0, read);
      }
      to.shutdownOutput();
    } catch (IOException e) {
      // Either side hung up: the other is told by closing both.
      closeQuietly(from);
      closeQuietly(to);
    }
  }

  private void spawn(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      // Closing is all that is left to do with it.
    }
  }
}
