// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Calls that wait, in an order that gives each tenant with waiting calls the same share of the run time, however many it has
 * waiting (start-time fair queueing, Goyal, Vin and Cheng 1996). Within a tenant the order is that of arrival. Thread safe.
 *
 * @param <T> a call
 */
final class FairQueue<T> {
  private record Waiting<T>(T call, double start) {}

  private static final class Line<T> {
    final Deque<Waiting<T>> waiting = new ArrayDeque<>();
    double lastFinish;
  }

  private final Map<String, Line<T>> lines = new HashMap<>();
  private double now;
  private int size;
  private boolean closed;

  /**
   * Adds a call.
   *
   * @param cost estimated run time, in any unit that is the same for all
   * @return false if the queue is closed
   */
  synchronized boolean add(String tenant, double cost, T call) {
    if (closed) {
      return false;
    }
    Line<T> line = lines.computeIfAbsent(tenant, name -> new Line<>());
    double start = Math.max(now, line.lastFinish);
    line.lastFinish = start + Math.max(1, cost);
    line.waiting.addLast(new Waiting<>(call, start));
    size++;
    notify();
    return true;
  }

  /**
   * Waits for the next call.
   *
   * @return null when the queue is closed
   */
  synchronized T take() throws InterruptedException {
    while (size == 0 && !closed) {
      wait();
    }
    if (closed) {
      return null;
    }
    Line<T> next = null;
    for (Line<T> line : lines.values()) {
      if (!line.waiting.isEmpty() && (next == null || line.waiting.peekFirst().start() < next.waiting.peekFirst().start())) {
        next = line;
      }
    }
    Waiting<T> first = next.waiting.removeFirst();
    now = Math.max(now, first.start());
    size--;
    lines.values().removeIf(line -> line.waiting.isEmpty() && line.lastFinish <= now);
    return first.call();
  }

  /** Removes a call that waits; false if it does not. Its tenant is not charged for it. */
  synchronized boolean remove(T call) {
    for (Line<T> line : lines.values()) {
      for (Iterator<Waiting<T>> calls = line.waiting.iterator(); calls.hasNext(); ) {
        Waiting<T> waiting = calls.next();
        if (waiting.call() == call) {
          boolean last = waiting == line.waiting.peekLast();
          calls.remove();
          size--;
          if (last) {
            line.lastFinish = waiting.start();
          }
          return true;
        }
      }
    }
    return false;
  }

  /** Takes no more calls and returns those that wait. */
  synchronized List<T> close() {
    closed = true;
    List<T> left = new ArrayList<>();
    lines.values().forEach(line -> line.waiting.forEach(waiting -> left.add(waiting.call())));
    lines.clear();
    size = 0;
    notifyAll();
    return left;
  }

  /** Returns the number of calls that wait. */
  synchronized int size() {
    return size;
  }
}
