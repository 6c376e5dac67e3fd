// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import com.google.protobuf.ByteString;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.CancelledException;
import dev.tacet.protocol.v1.InferResponse;
import dev.tacet.protocol.v1.InferStreamRequest;
import dev.tacet.protocol.v1.InferStreamResponse;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;

/** One streamed call seen from a thread that blocks: it sends no faster than the transport takes. */
final class HostStream implements ClientResponseObserver<InferStreamRequest, InferStreamResponse> {
  private final int mostOutputs;
  private final List<byte[]> outputs = new ArrayList<>();
  private ClientCallStreamObserver<InferStreamRequest> requests;
  private InferResponse end;
  private RuntimeException failure;
  private boolean closed;

  HostStream(int mostOutputs) {
    this.mostOutputs = mostOutputs;
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<InferStreamRequest> stream) {
    requests = stream;
    stream.setOnReadyHandler(this::wake);
  }

  private synchronized void wake() {
    notifyAll();
  }

  @Override
  public synchronized void onNext(InferStreamResponse message) {
    for (ByteString blob : message.getCiphertextsList()) {
      outputs.add(blob.toByteArray());
    }
    if (outputs.size() > mostOutputs || message.hasEnd() && end != null) {
      requests.cancel("more outputs than the signature has", null);
      failure = new AnswerCheckException(
          "answer has more than " + mostOutputs + " ciphertexts, the signature has no more outputs; no answer is returned");
    }
    end = message.hasEnd() ? message.getEnd() : end;
  }

  @Override
  public synchronized void onError(Throwable error) {
    if (failure == null) {
      failure = error instanceof RuntimeException runtime ? runtime : new IllegalStateException(error);
    }
    closed = true;
    notifyAll();
  }

  @Override
  public synchronized void onCompleted() {
    closed = true;
    notifyAll();
  }

  /** Returns whether the host still listens. */
  synchronized boolean open() {
    return !closed;
  }

  /** Sends a message as soon as there is room; does nothing once the call is over. */
  void send(InferStreamRequest message) {
    synchronized (this) {
      while (!closed && !requests.isReady()) {
        await();
      }
      if (closed) {
        return;
      }
    }
    requests.onNext(message);
  }

  /** Waits for the end of the answer. */
  InferResponse finish() {
    synchronized (this) {
      if (closed && failure != null) {
        throw failure;
      }
    }
    requests.onCompleted();
    synchronized (this) {
      while (!closed) {
        await();
      }
      if (failure != null) {
        throw failure;
      }
      if (end == null) {
        throw new AnswerCheckException("the host's answer has no end; no answer is returned");
      }
      return end;
    }
  }

  /** The CIPHERTEXT blobs that came. */
  synchronized List<byte[]> outputs() {
    return List.copyOf(outputs);
  }

  private void await() {
    try {
      wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      requests.cancel("interrupted", e);
      throw new CancelledException("interrupted during a call", e);
    }
  }
}
