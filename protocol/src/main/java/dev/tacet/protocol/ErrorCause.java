// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import io.grpc.Status;
import java.util.Optional;

/**
 * The table of errors: one row for each cause, with everything the outside sees of it.
 *
 * <p>The constant's name is the {@code reason} of {@code google.rpc.ErrorInfo} (domain {@link ErrorTable#DOMAIN}) and the
 * {@code reason} of an HTTP error body. Names are part of the protocol: rows may be added, none renamed.
 */
public enum ErrorCause {
  /** The call carries no credentials, or none that the host accepts; it does not say which. */
  UNAUTHENTICATED(Status.Code.UNAUTHENTICATED, 401, false, "give credentials that the host's operator issued"),
  /** The caller is known and lacks the role for this call. */
  PERMISSION_DENIED(Status.Code.PERMISSION_DENIED, 403, false, "ask the host's operator for the role"),
  /** The credentials cannot be checked at the moment. */
  IDENTITY_UNAVAILABLE(Status.Code.UNAVAILABLE, 503, true, "try again after the stated delay"),
  /** The repository has no such model or version. */
  MODEL_NOT_FOUND(Status.Code.NOT_FOUND, 404, false, "list the models that the host serves"),
  /** The model is in the repository but was refused when it was loaded. */
  MODEL_UNAVAILABLE(Status.Code.FAILED_PRECONDITION, 409, false, "read the problem in the model list and repair the model"),
  /** The signature that the client checked is not the model's. */
  SIGNATURE_CHANGED(Status.Code.FAILED_PRECONDITION, 409, false, "fetch the signature again and accept it explicitly"),
  /** A key set, or a key that the program needs, is not stored for this tenant. */
  KEY_NOT_FOUND(Status.Code.NOT_FOUND, 404, true, "upload the evaluation keys and repeat the call"),
  /** The key set's time is over; its owner may register it again. */
  KEY_EXPIRED(Status.Code.FAILED_PRECONDITION, 410, true, "register the key set again and repeat the call"),
  /** An object was made for other parameters than the model's. */
  WRONG_PARAMETERS(Status.Code.INVALID_ARGUMENT, 400, false, "make keys and ciphertexts with the model's parameters"),
  /** A ciphertext's level, scale, components or number is not what the signature says. */
  WRONG_CIPHERTEXT(Status.Code.INVALID_ARGUMENT, 400, false, "encrypt each input as the signature says"),
  /** Bytes that are not what they claim to be. */
  MALFORMED(Status.Code.INVALID_ARGUMENT, 400, false, "send the bytes again as they were made"),
  /** A value in the request is out of its range. */
  INVALID_ARGUMENT(Status.Code.INVALID_ARGUMENT, 400, false, "correct the request"),
  /** A message, blob or key set is larger than the host accepts. */
  TOO_LARGE(Status.Code.RESOURCE_EXHAUSTED, 413, false, "send less, or ask the operator for a higher limit"),
  /** A chunk does not continue the upload; the metadata's {@code received_bytes} says where it continues. */
  OFFSET_MISMATCH(Status.Code.OUT_OF_RANGE, 416, true, "continue the upload at received_bytes"),
  /** A chunk's CRC-32C, or the finished blob's SHA-256, is not the declared one. */
  CHECKSUM_MISMATCH(Status.Code.INVALID_ARGUMENT, 400, true, "upload the blob again"),
  /** The tenant's quota of stored bytes is used up. */
  QUOTA_EXCEEDED(Status.Code.RESOURCE_EXHAUSTED, 507, false, "delete keys that are no longer used, or ask for a larger quota"),
  /** The host's disk is full. */
  STORAGE_FULL(Status.Code.RESOURCE_EXHAUSTED, 507, true, "try again later; the operator has to free disk space"),
  /** The host could not read or write its disk. */
  STORAGE_FAILED(Status.Code.UNAVAILABLE, 503, true, "try again; the operator has to look at the host's disk"),
  /** The queue is full. */
  OVERLOADED(Status.Code.RESOURCE_EXHAUSTED, 429, true, "try again after the stated delay"),
  /** The host ran out of memory for this call. */
  OUT_OF_MEMORY(Status.Code.RESOURCE_EXHAUSTED, 503, true, "try again later, or give the host more memory"),
  /** The host is draining and takes no new work. */
  SHUTTING_DOWN(Status.Code.UNAVAILABLE, 503, true, "try again at once; another host or the restarted one answers"),
  /** The call did not end in time. */
  DEADLINE_EXCEEDED(Status.Code.DEADLINE_EXCEEDED, 504, true, "allow more time"),
  /** The caller went away. */
  CANCELLED(Status.Code.CANCELLED, 499, true, "call again if the answer is still wanted"),
  /** Parameters above the security table, or made for tests. */
  INSECURE_PARAMETERS(Status.Code.FAILED_PRECONDITION, 409, false, "compile the model with parameters inside the security table"),
  /** A feature of the format or the engine that this host does not have. */
  UNSUPPORTED(Status.Code.UNIMPLEMENTED, 501, false, "use what this version supports"),
  /** No host answered. Made by the client only. */
  UNREACHABLE(Status.Code.UNAVAILABLE, 503, true, "check the address and that the host is running"),
  /** A host answered and did not prove who it is. Made by the client only. */
  HOST_NOT_TRUSTED(Status.Code.UNAVAILABLE, 503, false, "check the address, and the certificate of the host"),
  /** A defect of this software. */
  INTERNAL(Status.Code.INTERNAL, 500, false, "report the incident number with the host's log");

  private final Status.Code grpc;
  private final int http;
  private final boolean retryable;
  private final String advice;

  ErrorCause(Status.Code grpc, int http, boolean retryable, String advice) {
    this.grpc = grpc;
    this.http = http;
    this.retryable = retryable;
    this.advice = advice;
  }

  /** Returns the gRPC status code. */
  public Status.Code grpc() {
    return grpc;
  }

  /** Returns the HTTP status, 400..599. */
  public int http() {
    return http;
  }

  /** Returns the exit code of the command line: 1, failed. (2 is bad usage and 3 a missed target: neither is an error of a call.) */
  public int exitCode() {
    return 1;
  }

  /** Tells whether the same call can succeed later, perhaps after what the advice says. */
  public boolean retryable() {
    return retryable;
  }

  /** Returns what to do about it, one line without a full stop. */
  public String advice() {
    return advice;
  }

  /** Returns the cause with this reason, or nothing for a reason that this version does not know. */
  public static Optional<ErrorCause> ofReason(String reason) {
    for (ErrorCause cause : values()) {
      if (cause.name().equals(reason)) {
        return Optional.of(cause);
      }
    }
    return Optional.empty();
  }
}
