// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** A call in a stream: its name is sent at once, its ciphertexts when it is finished. */
final class StreamedCall {
  private final InferRequest request;
  private final StreamedAnswer answer = new StreamedAnswer();
  private final StreamObserver<InferStreamRequest> requests;

  StreamedCall(InferenceServiceGrpc.InferenceServiceStub stub, InferRequest request) {
    this.request = request;
    requests = stub.inferStream(answer);
    requests.onNext(InferStreamRequest.newBuilder().setCall(request.toBuilder().clearCiphertexts()).build());
  }

  /** Leaves, without an answer. */
  void cancel() {
    requests.onError(Status.CANCELLED.asException());
  }

  /** Sends the ciphertexts and returns the number of those that come back; throws what the host answers else. */
  int finish() throws Exception {
    requests.onNext(InferStreamRequest.newBuilder().addAllCiphertexts(request.getCiphertextsList()).build());
    requests.onCompleted();
    try {
      return answer.done.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw (StatusRuntimeException) e.getCause();
    }
  }
}
