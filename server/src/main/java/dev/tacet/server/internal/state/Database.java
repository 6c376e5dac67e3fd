// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.state;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.StartException;
import dev.tacet.server.internal.config.Settings.StateDatabase;
import dev.tacet.server.internal.keys.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The database: transactions on a pool of connections, and its tables, which are brought to this version when it is opened.
 *
 * <p>A transaction that lost a race (a deadlock, a row that another one added first) or its connection before it was committed runs
 * again, up to {@value #ATTEMPTS} times in all. Thread safe. Never used on an event loop, which it checks itself.
 */
public final class Database implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Database.class);
  private static final int ATTEMPTS = 4;
  private static final int CONNECTIONS = 8;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration RETRY = Duration.ofSeconds(2);

  /** Lost races: serialization failure, deadlock (SQL standard, PostgreSQL), a unique key, and H2's lock timeout. */
  private static final Set<String> RACES = Set.of("40001", "40P01", "23505", "HYT00");

  /** H2 closed itself after a failure to write, of a full disk say; the next new connection opens it again. */
  private static final Set<String> CLOSED = Set.of("90098", "90121");

  /** With less free space an embedded database that failed is not asked again. */
  private static final long LEAST_SPACE = 1 << 20;

  private final HikariDataSource pool;
  private final Path folder;
  private final boolean embedded;
  private final BooleanSupplier onEventLoop;
  private final AtomicBoolean looking = new AtomicBoolean();
  private volatile String problem = "";

  /** Work on one connection. */
  public interface Work<T> {
    /** Does it; it may be done again after a failure, so it changes nothing but the database. */
    T run(Connection connection) throws SQLException;
  }

  private Database(HikariDataSource pool, Path folder, boolean embedded, BooleanSupplier onEventLoop) {
    this.pool = pool;
    this.folder = folder;
    this.embedded = embedded;
    this.onEventLoop = onEventLoop;
  }

  /**
   * Opens what the settings name and migrates it.
   *
   * @param folder where the embedded database lies; created when missing
   * @param onEventLoop tells whether this thread must not wait
   * @throws IOException if it cannot be opened, or is of a later version
   */
  public static Database open(StateDatabase settings, Path folder, BooleanSupplier onEventLoop) throws IOException {
    HikariConfig config = new HikariConfig();
    config.setPoolName("tacet-state");
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(1);
    config.setAutoCommit(false);
    config.setConnectionTimeout(PATIENCE.toMillis());
    config.setInitializationFailTimeout(2 * PATIENCE.toMillis());
    boolean embedded = settings.url().isEmpty();
    if (embedded) {
      Files.createDirectories(folder);
      config.setJdbcUrl(embeddedUrl(folder.resolve("index")));
      config.setUsername("tacet");
    } else {
      config.setJdbcUrl(settings.url().get());
      settings.user().ifPresent(config::setUsername);
      if (settings.passwordFile().isPresent()) {
        config.setPassword(Files.readString(settings.passwordFile().get()).strip());
      }
      config.addDataSourceProperty("ApplicationName", "tacet");
      config.addDataSourceProperty("socketTimeout", Long.toString(2 * PATIENCE.toSeconds()));
      config.addDataSourceProperty("connectTimeout", Long.toString(PATIENCE.toSeconds()));
    }
    HikariDataSource pool = null;
    try {
      pool = new HikariDataSource(config);
      migrate(pool);
      return new Database(pool, folder, embedded, onEventLoop);
    } catch (HikariPool.PoolInitializationException | FlywayException e) {
      if (pool != null) {
        pool.close();
      }
      if (embedded && Disk.LOCAL.spaceAfterFailure(folder) < LEAST_SPACE) {
        throw new StartException(
            "the index in " + folder + " cannot be written: its disk has less than 1 MiB left", "Free some space on that disk, then start again.", e);
      }
      throw new IOException(
          embedded
              ? "the index in " + folder + " cannot be opened: " + reason(e) + "; moved away, it is made anew from the stored keys,"
                  + " without owners and audit trail"
              : "the database of state.url cannot be used: " + reason(e),
          e);
    }
  }

  /** No trace file, and each commit is written before it returns. */
  private static String embeddedUrl(Path file) throws IOException {
    if (file.toAbsolutePath().toString().contains(";")) {
      throw new IOException("the path " + file + " has a semicolon, which the embedded database cannot read");
    }
    return "jdbc:h2:file:" + file.toAbsolutePath() + ";WRITE_DELAY=0;DB_CLOSE_ON_EXIT=FALSE;TRACE_LEVEL_FILE=0;TRACE_LEVEL_SYSTEM_OUT=0;LOCK_TIMEOUT=5000";
  }

  private static void migrate(HikariDataSource pool) {
    int applied =
        Flyway.configure(Database.class.getClassLoader())
            .dataSource(pool)
            .locations("classpath:dev/tacet/server/state")
            .table("schema_history")
            .validateMigrationNaming(true)
            .load()
            .migrate()
            .migrationsExecuted;
    if (applied > 0) {
      LOG.info("state: {} migrations applied", applied);
    }
  }

  private static String reason(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null && root.getCause() != root) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage()).lines().findFirst().orElse(root.getClass().getSimpleName());
  }

  /**
   * Returns why a transaction failed that the database itself let fail, until one was made durable after it; this tries one. Empty if all is well.
   * Waits for the database if there was a failure and nobody looks yet: strangers may ask as often as they like.
   */
  public String problem() {
    if (problem.isEmpty() || !looking.compareAndSet(false, true)) {
      return problem;
    }
    try {
      if (!embedded || Disk.LOCAL.usableBytes(folder) >= LEAST_SPACE) {
        durable("looking whether the database takes writes again", connection ->
            Sql.update(connection, "update tenant_usage set blobs = blobs"));
      }
    } catch (IOException | ServiceException stillFails) {
      LOG.debug("the database still fails: {}", problem);
    } finally {
      looking.set(false);
    }
    return problem;
  }

  /** Notes an embedded database that has no room for what comes next: the first call would find out, and fail. */
  public void lookForSpace() {
    if (embedded && problem.isEmpty() && Disk.LOCAL.spaceAfterFailure(folder) < LEAST_SPACE) {
      problem = "its disk has less than 1 MiB left";
    }
  }

  /**
   * Asks the database for nothing, to know whether it answers.
   *
   * @throws ServiceException STORAGE_FAILED if it does not; {@link #failed} then says so
   */
  public void look() {
    transaction("looking whether the database answers", connection -> Sql.first(connection, "select 1", row -> 1));
  }

  /** Returns the names of the tenants that anything is kept of. */
  public Set<String> tenants() {
    return transaction("listing the tenants", c -> {
      Set<String> names = new TreeSet<>();
      for (String table : List.of("tenant_usage", "key_sets", "blob_senders", "audit_heads")) {
        names.addAll(Sql.all(c, "select distinct tenant from " + table, row -> row.getString(1)));
      }
      return names;
    });
  }

  /** Returns what names the data folder that belongs to this database; nothing before one was noted. */
  public Optional<String> folder() {
    return transaction("looking which data folder belongs to it", c ->
        Sql.first(c, "select id from data_folder where one = 1", row -> row.getString(1)));
  }

  /** Notes the data folder, unless one is noted. */
  public void noteFolder(String id) {
    durable("noting which data folder belongs to it", c -> {
      if (Sql.first(c, "select 1 from data_folder where one = 1", row -> 1).isEmpty()) {
        Sql.update(c, "insert into data_folder (one, id) values (1, ?)", id);
      }
      return null;
    });
  }

  /** Tells whether there was a failure, without waiting. */
  public boolean failed() {
    return !problem.isEmpty();
  }

  /** Tells whether other processes may use this database. */
  public boolean shared() {
    return !embedded;
  }

  /**
   * Runs a transaction.
   *
   * @param doing what it does, for the message of a failure
   * @throws ServiceException STORAGE_FAILED, with a delay, if the database does not answer
   */
  public <T> T transaction(String doing, Work<T> work) {
    return transaction(doing, false, work);
  }

  /** As {@link #transaction}; when it returns, what was written survives the loss of power. */
  public <T> T durable(String doing, Work<T> work) {
    return transaction(doing, true, work);
  }

  private <T> T transaction(String doing, boolean durable, Work<T> work) {
    if (onEventLoop.getAsBoolean()) {
      throw new IllegalStateException("the database would make an event loop wait: " + doing);
    }
    for (int attempt = 1; ; attempt++) {
      boolean committing = false;
      try (Connection connection = pool.getConnection()) {
        try {
          T result = work.run(connection);
          committing = true;
          connection.commit();
          if (durable && embedded) {
            sync(connection);
          }
          if (durable) { // reads are answered from memory while the disk takes nothing
            problem = "";
          }
          return result;
        } catch (SQLException | RuntimeException e) {
          rollBack(connection);
          throw e;
        }
      } catch (SQLException e) {
        boolean closed = embedded && CLOSED.contains(String.valueOf(e.getSQLState()));
        if (closed) {
          pool.getHikariPoolMXBean().softEvictConnections();
        }
        if (committing || attempt == ATTEMPTS || !closed && !mayRunAgain(e)) {
          LOG.warn("{}: {} (SQL state {})", doing, reason(e), e.getSQLState());
          problem = reason(e);
          throw new ServiceException(ErrorCause.STORAGE_FAILED, doing + ": the host's database failed", Map.of(), RETRY, e);
        }
        pause(attempt);
      }
    }
  }

  /** The embedded database commits to the operating system's memory; this goes on to the disk. */
  private static void sync(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("checkpoint sync");
    }
  }

  private static void rollBack(Connection connection) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      LOG.debug("rollback: {}", e.toString());
    }
  }

  /** Whether a failure before the commit says nothing about the next try: a lost race or a lost connection. */
  private static boolean mayRunAgain(SQLException failure) {
    String state = String.valueOf(failure.getSQLState());
    return RACES.contains(state) || state.startsWith("08") && !(failure instanceof SQLTransientConnectionException)
        || state.startsWith("57P");
  }

  private static void pause(int attempt) {
    try {
      Thread.sleep(ThreadLocalRandom.current().nextInt(5, 20) * (1L << attempt));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServiceException(ErrorCause.CANCELLED, "interrupted while the database was waited for");
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
