// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import dev.tacet.protocol.v1.InferRequest;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferStreamResponse;
import dev.tacet.protocol.v1.InferenceServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** A call in a stream: its name is sent at once, its ciphertexts when it is finished. */
final class StreamedCall implements StreamObserver<InferStreamResponse> {
  private final InferRequest request;
  private final CompletableFuture<Integer> answer = new CompletableFuture<>();
  private final StreamObserver<InferStreamRequest> requests;
  private int outputs;

  StreamedCall(InferenceServiceGrpc.InferenceServiceStub stub, InferRequest request) {
    this.request = request;
    requests = stub.inferStream(this);
    requests.onNext(InferStreamRequest.newBuilder().setCall(request.toBuilder().clearCiphertexts()).build());
  }

  @Override
  public void onNext(InferStreamResponse message) {
    outputs += message.getCiphertextsCount();
  }

  @Override
  public void onError(Throwable failure) {
    answer.completeExceptionally(failure);
  }

  @Override
  public void onCompleted() {
    answer.complete(outputs);
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
      return answer.get(60, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw (StatusRuntimeException) e.getCause();
    }
  }
}
