// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.Cleanup;
import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.blind.NeedlePlant;
import dev.tacet.cli.internal.process.ServerProcess;
import dev.tacet.cli.internal.process.TemporaryFolder;
import dev.tacet.server.TacetServer;
import java.io.IOException;
import java.lang.ref.Reference;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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
  @Option(names = "--models", required = true, paramLabel = "DIR", description = "The folder of models.")
  private Path models;

  @Option(names = "--port", paramLabel = "N", defaultValue = "8080",
      description = "The port; 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  private int port;

  @Option(names = "--host", paramLabel = "ADDRESS", defaultValue = "127.0.0.1",
      description = "The address to listen on. Default: ${DEFAULT-VALUE}, this machine only.")
  private String host;

  @Option(names = "--data", paramLabel = "DIR",
      description = "Where evaluation keys are kept. Default: a temporary folder, gone with the server.")
  private Path data;

  @Option(names = "--tls-certificate", paramLabel = "PEM", description = "Certificate chain; with --tls-key, the server speaks TLS.")
  private Path certificate;

  @Option(names = "--tls-key", paramLabel = "PEM", description = "Private key of the certificate.")
  private Path privateKey;

  @Option(names = "--exit-with-stdin", hidden = true)
  private boolean exitWithStdin;

  @Option(names = "--plant-needle", hidden = true, paramLabel = "PHRASE")
  private String plantedPhrase;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!Files.isDirectory(models)) {
      throw CliException.usage("no such folder: " + models, "Give --models the folder that holds NAME/VERSION/model.tacet.");
    }
    if ((certificate == null) != (privateKey == null)) {
      throw CliException.usage("TLS needs both files", "Give --tls-certificate and --tls-key together, or neither.");
    }
    TemporaryFolder temporary = data == null ? TemporaryFolder.create("tacet-serve-") : null;
    TacetServer.Builder builder =
        TacetServer.builder().models(models).data(data == null ? temporary.path() : data).host(host);
    try {
      builder.port(port);
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), "Give --port a number in 0..65535.", e);
    }
    if (certificate != null) {
      builder.tls(certificate, privateKey);
    }
    NeedlePlant plant = plantedPhrase == null ? null : NeedlePlant.plant(plantedPhrase);
    TacetServer server = builder.build();
    Cleanup.Registration registration = Cleanup.atExit(server::close);
    CountDownLatch end = new CountDownLatch(1);
    if (exitWithStdin) {
      watchStandardInput(end);
    }
    try {
      URI uri = server.start();
      System.out.println(ServerProcess.READY + uri);
      System.out.flush();
      end.await();
    } finally {
      registration.close();
      if (temporary != null) {
        temporary.close();
      }
      Reference.reachabilityFence(plant);
    }
    return CliException.DONE;
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
