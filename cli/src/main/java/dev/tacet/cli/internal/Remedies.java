// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal;

import dev.tacet.client.TacetException;
import dev.tacet.client.TlsFileException;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.FeatureOutOfBoundsException;
import dev.tacet.he.MalformedException;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ErrorTable;
import dev.tacet.protocol.PemException;
import dev.tacet.server.StartException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** What to do about the failures of the libraries underneath; the advice of calls is the protocol's error table's. */
final class Remedies {
  private Remedies() {}

  static CliException of(Throwable failure) {
    String what = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    if (failure instanceof FeatureOutOfBoundsException) {
      return new CliException(
          CliException.FAILED, what, "Check the row's units and order; --clamp moves features beyond their bounds to the bound and marks the row.",
          failure);
    }
    if (failure instanceof AnswerCheckException) {
      return new CliException(
          CliException.FAILED, what,
          "No number is returned. Where only some rows fail, compile with sample rows like them, or leave them out; else check that key and"
              + " result belong together. Do not tell the host that it failed.", failure);
    }
    if (failure instanceof TlsFileException file) {
      return new CliException(CliException.BAD_USAGE, what, file.advice(), failure);
    }
    if (failure instanceof TacetException known) {
      return new CliException(CliException.FAILED, what, known.advice(), failure);
    }
    if (failure instanceof MalformedException) {
      return new CliException(
          CliException.FAILED, what, "Check that the file is what this command reads, and that it arrived whole.", failure);
    }
    if (failure instanceof UncheckedIOException io) {
      return file(io.getCause(), io.getMessage());
    }
    if (failure instanceof IOException io) {
      return file(io, what);
    }
    if (failure instanceof LinkageError) {
      return new CliException(CliException.FAILED, Failures.rootMessage(failure), "Run 'tacet doctor'; if the native library is missing, build again.", failure);
    }
    ErrorCause cause = ErrorTable.causeOf(failure);
    if (cause == ErrorCause.INTERNAL) {
      return new CliException(
          CliException.FAILED, "unexpected " + failure.getClass().getSimpleName() + ": " + what,
          "This is a fault of tacet: report it with the output of TACET_TRACE=1 tacet ... and 'tacet doctor'.", failure);
    }
    return new CliException(CliException.FAILED, what, sentence(cause.advice()), failure);
  }

  private static CliException file(IOException failure, String what) {
    if (failure instanceof StartException start) {
      return new CliException(CliException.FAILED, what, start.advice(), failure);
    }
    if (failure instanceof PemException pem) {
      return new CliException(CliException.BAD_USAGE, what, pem.advice(), failure);
    }
    if (failure instanceof NoSuchFileException missing) {
      return new CliException(CliException.FAILED, "no such file: " + missing.getFile(), "Check the path.", failure);
    }
    if (failure instanceof AccessDeniedException denied) {
      return new CliException(
          CliException.FAILED, "no permission: " + denied.getFile(), "Use a place that you may read and write.", failure);
    }
    if (failure instanceof FileSystemException system) {
      return new CliException(
          CliException.FAILED, system.getFile() + ": " + OutputFile.reason(failure), "Check the path and the free disk space.", failure);
    }
    return new CliException(
        CliException.FAILED, what, "Check what it names: a file or folder, its free disk space, or an address; TACET_TRACE=1 shows where it failed.",
        failure);
  }

  private static String sentence(String advice) {
    return Character.toUpperCase(advice.charAt(0)) + advice.substring(1) + ".";
  }
}
