// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.rpc;

import dev.tacet.server.internal.state.Readiness;
import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code grpc.health.v1.Health}: every service is NOT_SERVING while the database fails and from the announcement of the end on. A failure is looked
 * at every second, so that the host is found well again though nobody calls it.
 */
public final class GrpcHealth implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GrpcHealth.class);
  private static final long LOOK_MILLIS = 1000;

  private final HealthStatusManager manager = new HealthStatusManager();
  private final Readiness readiness;
  private final List<String> services;
  private final ScheduledThreadPoolExecutor looks;
  private boolean failed;

  /**
   * Starts to look.
   *
   * @param services the names of the gRPC services; the empty one, which stands for the host, is added
   */
  public GrpcHealth(Readiness readiness, List<String> services) {
    this.readiness = readiness;
    this.services = services;
    set(ServingStatus.SERVING);
    looks = new ScheduledThreadPoolExecutor(1, task -> {
      Thread thread = new Thread(task, "tacet-health");
      thread.setDaemon(true);
      return thread;
    });
    looks.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
  }

  private void look() {
    try {
      readiness.look();
      boolean now = readiness.databaseFailed();
      if (now != failed) {
        set(now ? ServingStatus.NOT_SERVING : ServingStatus.SERVING);
        failed = now;
      }
      if (now) {
        readiness.databaseProblem(); // asks the database
      }
    } catch (RuntimeException e) { // the next look must come
      LOG.warn("looking whether the database is well again: {}", e.toString());
    }
  }

  private void set(ServingStatus status) {
    manager.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    services.forEach(service -> manager.setStatus(service, status));
  }

  /** Returns the service. */
  public BindableService service() {
    return manager.getHealthService();
  }

  /** Announces the end: NOT_SERVING from now on. */
  public void drain() {
    manager.enterTerminalState();
  }

  @Override
  public void close() {
    looks.shutdownNow();
  }
}
