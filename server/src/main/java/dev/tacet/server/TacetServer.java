// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import com.linecorp.armeria.server.Server;
import com.linecorp.armeria.server.ServiceRequestContext;
import dev.tacet.server.internal.ConfiguredFiles;
import dev.tacet.server.internal.DataFolder;
import dev.tacet.server.internal.Edge;
import dev.tacet.server.internal.ReloadingTls;
import dev.tacet.server.internal.config.FileWatch;
import dev.tacet.server.internal.config.Settings;
import dev.tacet.server.internal.config.Settings.Limits;
import dev.tacet.server.internal.config.Settings.StateDatabase;
import dev.tacet.server.internal.config.Settings.Tls;
import dev.tacet.server.internal.config.SettingsReader;
import dev.tacet.server.internal.config.TenantSettings;
import dev.tacet.server.internal.identity.Authenticator;
import dev.tacet.server.internal.keys.StoreLimits;
import dev.tacet.server.internal.models.CompiledModels;
import dev.tacet.server.internal.models.ModelRepository;
import dev.tacet.server.internal.models.OnnxModelSource;
import dev.tacet.server.internal.models.RepositoryOptions;
import dev.tacet.server.internal.observe.ServerMetrics;
import dev.tacet.server.internal.observe.Tracing;
import dev.tacet.server.internal.run.InferenceRunner;
import dev.tacet.server.internal.run.KeyCache;
import dev.tacet.server.internal.run.RunLimits;
import dev.tacet.server.internal.state.Database;
import dev.tacet.server.internal.tenants.Retention;
import dev.tacet.server.internal.tenants.Tenants;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A host: serves the models of a folder on one port and keeps evaluation keys in a data folder.
 *
 * <pre>{@code
 * try (TacetServer server = TacetServer.builder().models(models).data(data).port(0).build()) {
 *   System.out.println("listening on " + server.start());
 * }
 * }</pre>
 *
 * <p>Closing it drains: no new call is taken, those admitted end within the drain time, then everything native is freed.
 */
public final class TacetServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TacetServer.class);

  private final Settings settings;
  private final InetSocketAddress address;
  private DataFolder data;
  private Database database;
  private FileWatch watch;
  private ServerMetrics metrics;
  private Tracing tracing;
  private ModelRepository models;
  private KeyCache keys;
  private Retention retention;
  private InferenceRunner runner;
  private Edge edge;
  private Server server;
  private boolean closed;

  private TacetServer(Settings settings, InetSocketAddress address) {
    this.settings = settings;
    this.address = address;
  }

  /**
   * Makes a server of a configuration: a flag goes before an environment variable, that before the file. docs/operating.md lists the
   * settings.
   *
   * @param file YAML, or null
   * @param environment variables by name, such as {@code System.getenv()}; those of no setting are left alone
   * @param flags values by path, such as {@code tls.certificate}
   * @throws ConfigurationException with everything that is wrong
   */
  public static TacetServer configured(Path file, Map<String, String> environment, Map<String, String> flags)
      throws ConfigurationException {
    SettingsReader.Reading reading = SettingsReader.read(file, environment, flags);
    Settings settings = reading.settings();
    List<String> problems =
        Stream.concat(reading.problems().stream(), ConfiguredFiles.problems(settings).stream()).distinct().toList();
    if (!problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
    return new TacetServer(settings, new InetSocketAddress(settings.host(), settings.port()));
  }

  /** Returns a builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Loads the models, opens the data folder, binds the port.
   *
   * @return the address that clients connect to, with the port that was bound
   * @throws StartException if a folder cannot be used, another server holds the data folder, or the port is taken
   * @throws dev.tacet.protocol.PemException if the certificate or its key cannot be used
   * @throws IOException if a file cannot be read or written
   * @throws IllegalStateException if it was started or closed before
   */
  public synchronized URI start() throws IOException {
    if (server != null || closed) {
      throw new IllegalStateException("a server starts once");
    }
    try {
      watch = new FileWatch();
      Optional<ReloadingTls> tls =
          settings.tls().isPresent() ? Optional.of(ReloadingTls.open(settings.tls().get(), watch)) : Optional.empty();
      Authenticator authenticator = authenticator();
      data = DataFolder.open(settings.data(), settings.state().url().isPresent());
      requireOwn();
      database = Database.open(settings.state(), data.state(), TacetServer::onEventLoop);
      if (database.shared()) {
        tie(data, database);
      }
      metrics = new ServerMetrics();
      tracing = settings.traces().map(to -> Tracing.to(to.endpoint(), to.share())).orElseGet(Tracing::off);
      models = ModelRepository.open(
          settings.models(), new CompiledModels(new OnnxModelSource(), data.compiled()), settings.repository());
      Tenants tenants = new Tenants(
          data, database, settings.tenants(), settings.limits().store(), settings.retention(), models, Clock.systemUTC());
      keys = new KeyCache(settings.limits().expandedKeyBytes(), metrics);
      retention = new Retention(tenants, keys, database, settings.retention().interval());
      runner = new InferenceRunner(settings.limits().run(), keys, metrics, tracing);
      edge = new Edge(models, tenants, authenticator, keys, runner, settings.limits(), database, metrics, tracing);
      server = edge.bind(address, tls, settings.browsers());
      listen();
    } catch (IOException | RuntimeException | Error e) {
      release();
      throw e;
    }
    if (!address.getAddress().isLoopbackAddress()) {
      warnOfStrangers();
    }
    LOG.info("listening on {}, {} models served", uri(), models.readyCount());
    return uri();
  }

  /** An index of its own would know none of the keys of a folder that another database has the index of, and have them deleted. */
  private void requireOwn() throws StartException {
    if (settings.state().url().isEmpty() && DataFolder.isOfADatabase(settings.data())) {
      throw new StartException("data folder " + settings.data() + " belongs to a database, and state.url names none",
          "Name the database with state.url, or give this server a data folder of its own (--data DIR).", null);
    }
  }

  /** What a database knows of keys is lost with the first start over a folder without them, such as one that is not mounted. */
  private static void tie(DataFolder data, Database database) throws IOException {
    Optional<String> tied = database.folder();
    boolean lost = tied.isEmpty() && !data.isUsed() && !database.tenants().isEmpty(); // before the two knew each other
    Optional<String> here = data.id(tied.isEmpty() && !lost);
    if (lost) {
      throw otherFolder(here);
    }
    if (tied.isEmpty()) {
      database.noteFolder(here.orElseThrow());
      tied = database.folder();
    }
    if (!tied.equals(here)) {
      throw otherFolder(here);
    }
  }

  private static StartException otherFolder(Optional<String> here) {
    return new StartException(
        "the database of state.url belongs to another data folder than this one, which is " + (here.isPresent() ? "that of another host" : "new"),
        "Mount the folder that all servers of this database share. If it is lost for good, with all keys, begin with an empty database.", null);
  }

  private Authenticator authenticator() throws IOException {
    try {
      return new Authenticator(settings, watch);
    } catch (FileSystemException e) {
      throw e; // it says which file, and that it cannot be read
    } catch (IOException e) {
      throw new StartException(e.getMessage(), "Correct the file; docs/operating.md has its form.", e);
    }
  }

  private static boolean onEventLoop() {
    ServiceRequestContext call = ServiceRequestContext.currentOrNull();
    return call != null && call.eventLoop().inEventLoop();
  }

  private void warnOfStrangers() {
    if (settings.tls().isEmpty()) {
      LOG.warn("listening on {} without TLS: metadata of the calls is readable on the way", settings.host());
    }
    if (settings.identity().isEmpty()) {
      LOG.warn("listening on {} without identities: whoever reaches the port may store keys and call every model", settings.host());
    }
  }

  private void listen() throws IOException {
    try {
      server.start().join();
    } catch (java.util.concurrent.CompletionException e) {
      if (e.getCause() instanceof IOException io) {
        throw cannotListen(io);
      }
      throw e;
    }
  }

  /** Says why a port cannot be bound; the native transport gives a number of the system, the portable one words of Java. */
  private StartException cannotListen(IOException why) {
    String said = String.valueOf(why.getMessage());
    String port = "port " + settings.port() + " of " + settings.host();
    if (said.contains("error(-98)") || said.contains("Address already in use")) {
      return new StartException(
          port + " is in use", "Stop what listens there, or choose another port (--port N; 0 picks a free one).", why);
    }
    if (said.contains("error(-99)") || said.contains("assign requested address")) {
      return new StartException(
          settings.host() + " is no address of this machine",
          "Choose an address that this machine has (--host ADDRESS); 0.0.0.0 stands for all of them.", why);
    }
    if (said.contains("error(-13)") || said.contains("Permission denied")) {
      return new StartException(
          port + " is not for this user", "Choose a port from 1024 on (--port N), or start the server with the right to this one.", why);
    }
    return new StartException(
        "cannot listen on " + port + ": " + said, "Choose another address or port (--host ADDRESS, --port N).", why);
  }

  /** Returns the address that clients connect to. */
  public synchronized URI uri() {
    if (server == null) {
      throw new IllegalStateException("the server has not been started");
    }
    String host = settings.host().contains(":") ? "[" + settings.host() + "]" : settings.host();
    return URI.create((settings.tls().isEmpty() ? "http" : "https") + "://" + host + ":" + server.activeLocalPort());
  }

  /** Drains and stops; does nothing the second time. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (edge != null) {
      edge.drain();
      try {
        if (!runner.admission().awaitIdle(settings.limits().drain())) {
          LOG.warn("{} calls did not end within {} and are cancelled", runner.admission().admitted(), settings.limits().drain());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    release();
  }

  private void release() {
    if (server != null) {
      server.stop().join();
    }
    if (edge != null) {
      edge.close();
    }
    if (watch != null) {
      watch.close();
    }
    if (retention != null) {
      retention.close();
    }
    if (runner != null) {
      runner.close();
    }
    boolean idle = runner == null || runner.awaitStopped(Duration.ofSeconds(10));
    if (idle) {
      if (keys != null) {
        keys.close();
      }
      if (models != null) {
        models.close();
      }
    } else {
      LOG.warn("runs are still in native code: their memory is left to the end of the process");
    }
    if (metrics != null) {
      metrics.close();
    }
    if (tracing != null) {
      tracing.close();
    }
    if (database != null) {
      database.close();
    }
    if (data != null) {
      try {
        data.close();
      } catch (IOException e) {
        LOG.warn("data folder: {}", e.toString());
      }
    }
  }

  /** The settings of a server for one tenant without credentials: tests and trials; an operator writes a configuration. */
  public static final class Builder {
    private Path models;
    private Path data;
    private String host = "127.0.0.1";
    private int port = 8080;
    private Path certificate;
    private Path privateKey;
    private long keyBudgetBytes = Limits.defaults().expandedKeyBytes();
    private long runBudgetBytes = RunLimits.defaults().memoryBytes();
    private int workers = RunLimits.defaults().workers();
    private int maxWaiting = RunLimits.defaults().maxWaiting();
    private Duration maxDuration = RunLimits.defaults().maxDuration();
    private StoreLimits storeLimits = StoreLimits.defaults();
    private int maxInferBytes = Limits.defaults().maxInferBytes();
    private Duration drain = Limits.defaults().drain();

    private Builder() {}

    /** Sets the model repository: {@code <root>/<model>/<version>/model.tacet}, or {@code model.onnx} with {@code tacet.yaml}. */
    public Builder models(Path folder) {
      models = Objects.requireNonNull(folder);
      return this;
    }

    /** Sets the folder for keys; it is created when missing and locked while the server runs. */
    public Builder data(Path folder) {
      data = Objects.requireNonNull(folder);
      return this;
    }

    /** Sets the address to bind; loopback unless set. */
    public Builder host(String address) {
      host = Objects.requireNonNull(address);
      return this;
    }

    /** Sets the port, 0..65535; 0 picks a free one; 8080 unless set. */
    public Builder port(int number) {
      if (number < 0 || number > 65535) {
        throw new IllegalArgumentException("port " + number + " is not in 0..65535");
      }
      port = number;
      return this;
    }

    /** Turns TLS on with a certificate chain and a private key, both PEM files. */
    public Builder tls(Path certificateChain, Path key) {
      certificate = Objects.requireNonNull(certificateChain);
      privateKey = Objects.requireNonNull(key);
      return this;
    }

    /** Sets the bytes of expanded evaluation keys in memory. */
    public Builder keyBudgetBytes(long bytes) {
      keyBudgetBytes = positive("key budget", bytes);
      return this;
    }

    /** Sets the bytes of ciphertexts that admitted calls may hold. */
    public Builder runBudgetBytes(long bytes) {
      runBudgetBytes = positive("run budget", bytes);
      return this;
    }

    /** Sets the bytes of keys on disk. */
    public Builder storeQuotaBytes(long bytes) {
      storeLimits = storeLimits.withQuotaBytes(positive("store quota", bytes));
      return this;
    }

    /** Sets how many runs go at the same time and how many calls may wait. */
    public Builder queue(int runs, int waiting) {
      workers = (int) positive("runs", runs);
      if (waiting < 0) {
        throw new IllegalArgumentException("waiting calls: " + waiting + " is negative");
      }
      maxWaiting = waiting;
      return this;
    }

    /** Sets the time limit of a call, also of one without a deadline; 120 s unless set. */
    public Builder maxDuration(Duration limit) {
      positive("time limit in ms", limit.toMillis());
      maxDuration = limit;
      return this;
    }

    /** Sets the largest inference request in bytes; 64 MiB unless set. */
    public Builder maxInferBytes(int bytes) {
      maxInferBytes = (int) positive("inference request", bytes);
      return this;
    }

    /** Sets how long closing waits for admitted calls; 30 s unless set. */
    public Builder drain(Duration limit) {
      drain = Objects.requireNonNull(limit);
      return this;
    }

    /**
     * Makes the server; it does nothing before {@link TacetServer#start()}.
     *
     * @throws IllegalArgumentException if the models or the data folder is not set, or the host has no address
     */
    public TacetServer build() {
      if (models == null || data == null) {
        throw new IllegalArgumentException("a server needs a models folder and a data folder");
      }
      InetSocketAddress address = new InetSocketAddress(host, port);
      if (address.isUnresolved()) {
        throw new IllegalArgumentException("host " + host + " has no address");
      }
      RunLimits run = new RunLimits(workers, maxWaiting, runBudgetBytes, RunLimits.defaults().maxWait(), maxDuration);
      return new TacetServer(
          new Settings(
              models, RepositoryOptions.FIXED, data, StateDatabase.embedded(), host, port,
              Optional.ofNullable(certificate).map(chain -> new Tls(chain, privateKey, Optional.empty(), false)),
              List.of(), Optional.empty(),
              new Limits(
                  keyBudgetBytes, storeLimits, run, maxInferBytes, drain, Limits.defaults().connections(), Limits.defaults().idle(),
                  Limits.defaults().receive(), Limits.defaults().resets()),
              Settings.Retention.defaults(),
              List.of(TenantSettings.everything()), Optional.empty()),
          address);
    }

    private static long positive(String what, long value) {
      if (value <= 0) {
        throw new IllegalArgumentException(what + " is " + value + ", must be positive");
      }
      return value;
    }
  }
}
