// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Artifacts;
import dev.tacet.he.Blob;
import dev.tacet.he.ModelArtifact;
import dev.tacet.protocol.Ed25519Key;
import dev.tacet.protocol.ModelProvenance;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Signs a compiled model. */
@Command(
    name = "sign",
    mixinStandardHelpOptions = true,
    description = {
      "Sign a compiled model as its owner: writes MODEL.sig beside it, which hosts and clients check against your public key.",
      "With --new-key, make that key first: FILE stays with you, FILE.pub goes to those who shall trust it."
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  tacet sign --new-key owner.key",
      "  tacet sign --key owner.key models/fraud/1/model.tacet",
      "  tacet serve --models models --set repository.trusted-key=owner.key.pub",
      "  tacet predict --trusted-model-key owner.key.pub ..."
    })
public final class SignCommand implements Callable<Integer> {
  private static final String REMEDY = "Give --key the file that 'tacet sign --new-key' wrote.";

  @Option(names = "--new-key", paramLabel = "FILE", description = "Make a key; the file must not exist.")
  private Path newKey;

  @Option(names = "--key", paramLabel = "FILE", description = "The owner's key.")
  private Path key;

  @Parameters(paramLabel = "MODEL", arity = "0..1", description = "The compiled model, model.tacet.")
  private Path model;

  @Override
  public Integer call() throws IOException {
    if ((newKey == null) == (key == null) || (key == null) != (model == null)) {
      throw CliException.usage("neither a new key nor a model to sign is named", "Give --new-key FILE, or --key FILE and MODEL.");
    }
    if (newKey != null) {
      make();
      return CliException.DONE;
    }
    ModelArtifact artifact = Artifacts.read(model);
    Ed25519Key owner;
    try {
      owner = Ed25519Key.fromPem(new String(InputFile.read(key, REMEDY), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, key + ": " + e.getMessage(), REMEDY, e);
    }
    ModelProvenance signed =
        ModelProvenance.sign(owner, artifact.signature().model(), artifact.sha256(), artifact.signature().sha256());
    Path file = model.resolveSibling(model.getFileName() + ".sig");
    OutputFile.write(file, signed.toText().getBytes(StandardCharsets.UTF_8));
    System.out.println("Wrote " + file + ": model " + signed.model() + ", signed by the key " + signed.signerSha256());
    return CliException.DONE;
  }

  private void make() throws IOException {
    Path shared = newKey.resolveSibling(newKey.getFileName() + ".pub");
    OutputFile.require(newKey);
    OutputFile.require(shared);
    if (Files.exists(newKey)) {
      throw CliException.usage(newKey + " is there already", "Name a file that does not exist: a key is not overwritten.");
    }
    Ed25519Key made = Ed25519Key.generate();
    if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(newKey, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(newKey);
    }
    Files.writeString(newKey, made.toPem(), StandardOpenOption.TRUNCATE_EXISTING);
    OutputFile.write(shared, Ed25519Key.publicKeyToPem(made.publicKey()).getBytes(StandardCharsets.US_ASCII));
    System.out.println(
        "Wrote " + newKey + ", which is secret, and " + shared + "; the public key has SHA-256 " + Blob.sha256Hex(made.publicKey()));
  }
}
