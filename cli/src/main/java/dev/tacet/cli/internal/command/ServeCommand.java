// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.Cleanup;
import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.blind.NeedlePlant;
import dev.tacet.cli.internal.process.ServerProcess;
import dev.tacet.cli.internal.process.TemporaryFolder;
import dev.tacet.server.ConfigurationException;
import dev.tacet.server.TacetServer;
import java.io.IOException;
import java.lang.ref.Reference;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the server. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Serve the models of a folder.",
      "Prints \"listening on URI\" when it is ready; Ctrl-C drains and stops it."
    },
    footerHeading = "%nThe folder:%n",
    footer = {
      "  DIR/NAME/VERSION/model.tacet   compiled by 'tacet compile'",
      "  DIR/NAME/VERSION/model.onnx    with tacet.yaml beside it: compiled when the server starts",
      "  The files may also lie in DIR/NAME, which is version 1. A bad model is reported, the others are served."
    })
public final class ServeCommand implements Callable<Integer> {
  @Option(names = "--config", paramLabel = "YAML",
      description = "A configuration file (docs/operating.md); options and TACET_... variables go before it.")
  private Path config;

  @Option(names = "--models", paramLabel = "DIR", description = "The folder of models.")
  private Path models;

  @Option(names = "--port", paramLabel = "N", description = "The port; 0 picks a free one. Default: 8080.")
  private String port;

  @Option(names = "--host", paramLabel = "ADDRESS",
      description = "The address to listen on. Default: 127.0.0.1, this machine only.")
  private String host;

  @Option(names = "--data", paramLabel = "DIR",
      description = "Where evaluation keys are kept. Default without --config: a temporary folder, gone with the server.")
  private Path data;

  @Option(names = "--tls-certificate", paramLabel = "PEM", description = "Certificate chain; with --tls-key, the server speaks TLS.")
  private Path certificate;

  @Option(names = "--tls-key", paramLabel = "PEM", description = "Private key of the certificate.")
  private Path privateKey;

  @Option(names = "--set", paramLabel = "SETTING=VALUE", mapFallbackValue = "", description = "Any setting of the configuration, such as limits.running=2.")
  private Map<String, String> set = new LinkedHashMap<>();

  @Option(names = "--check-config", description = "Only say whether the configuration is right, with everything that is wrong.")
  private boolean checkOnly;

  @Option(names = "--exit-with-stdin", hidden = true)
  private boolean exitWithStdin;

  @Option(names = "--plant-needle", hidden = true, paramLabel = "PHRASE")
  private String plantedPhrase;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (models == null && config == null && !System.getenv().containsKey("TACET_MODELS") && !set.containsKey("models")) {
      throw CliException.usage("no models are named", "Give --models DIR, or --config YAML with the setting models.");
    }
    if (models != null && !Files.isDirectory(models)) {
      throw CliException.usage("no such folder: " + models, "Give --models the folder that holds NAME/VERSION/model.tacet.");
    }
    if ((certificate == null) != (privateKey == null)) {
      throw CliException.usage("TLS needs both files", "Give --tls-certificate and --tls-key together, or neither.");
    }
    boolean placed = data != null || config != null || System.getenv().containsKey("TACET_DATA") || set.containsKey("data");
    TemporaryFolder temporary = placed ? null : TemporaryFolder.create("tacet-serve-");
    TacetServer server;
    try {
      server = TacetServer.configured(config, System.getenv(), flags(temporary));
    } catch (ConfigurationException e) {
      if (temporary != null) {
        temporary.close();
      }
      String what = e.problems().get(0);
      if (e.problems().size() > 1) {
        e.problems().forEach(problem -> System.err.println("tacet: " + problem));
        what = "the configuration has " + e.problems().size() + " problems";
      }
      throw new CliException(CliException.BAD_USAGE, what, "Correct the configuration; docs/operating.md lists the settings.", e);
    }
    if (checkOnly) {
      if (temporary != null) {
        temporary.close();
      }
      System.out.println("The configuration is right");
      return CliException.DONE;
    }
    NeedlePlant plant = plantedPhrase == null ? null : NeedlePlant.plant(plantedPhrase);
    AtomicBoolean started = new AtomicBoolean();
    Cleanup.Registration registration = Cleanup.atExit(() -> {
      if (started.get()) {  // before that there are no calls to wait for, and closing would wait for the models
        server.close();
      }
    });
    CountDownLatch end = new CountDownLatch(1);
    if (exitWithStdin) {
      watchStandardInput(end);
    }
    try {
      URI uri = server.start();
      started.set(true);
      if (!Cleanup.isEnding()) {
        System.out.println(ServerProcess.READY + uri);
        System.out.flush();
      }
      end.await();
    } finally {
      started.set(true);
      registration.close();
      if (temporary != null) {
        temporary.close();
      }
      Reference.reachabilityFence(plant);
    }
    return CliException.DONE;
  }

  private Map<String, String> flags(TemporaryFolder temporary) {
    Map<String, String> flags = new LinkedHashMap<>(set);
    put(flags, "models", models);
    put(flags, "data", temporary == null ? data : temporary.path());
    put(flags, "host", host);
    put(flags, "port", port);
    put(flags, "tls.certificate", certificate);
    put(flags, "tls.key", privateKey);
    return flags;
  }

  private static void put(Map<String, String> flags, String path, Object value) {
    if (value != null) {
      flags.put(path, value.toString());
    }
  }

  /** Ends the server when whoever started it is gone: its end of the pipe is closed then, however it ended. */
  private static void watchStandardInput(CountDownLatch end) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  continue;
                }
              } catch (IOException e) {
                // As good as closed.
              }
              end.countDown();
            },
            "tacet-stdin");
    thread.setDaemon(true);
    thread.start();
  }
}
