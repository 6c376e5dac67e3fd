// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import dev.tacet.protocol.v1.InferStreamResponse;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;

/** The answer to a call in a stream: how many ciphertexts came when it ended. */
final class StreamedAnswer implements StreamObserver<InferStreamResponse> {
  final CompletableFuture<Integer> done = new CompletableFuture<>();
  private int ciphertexts;

  @Override
  public void onNext(InferStreamResponse message) {
    ciphertexts += message.getCiphertextsCount();
  }

  @Override
  public void onError(Throwable failure) {
    done.completeExceptionally(failure);
  }

  @Override
  public void onCompleted() {
    done.complete(ciphertexts);
  }
}
