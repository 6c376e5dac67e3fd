// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FairQueueTest {
  private final FairQueue<String> queue = new FairQueue<>();

  @Test
  void tenantsTakeTurnsAndEachKeepsItsOwnOrder() throws Exception {
    for (int i = 0; i < 4; i++) {
      queue.add("a", 10, "a" + i);
    }
    queue.add("b", 10, "b0");
    queue.add("b", 10, "b1");
    List<String> order = new ArrayList<>();
    while (queue.size() > 0) {
      order.add(queue.take());
    }
    assertEquals(List.of("a2", "a3"), order.subList(4, 6));
    assertEquals(2, order.subList(0, 2).stream().map(c -> c.charAt(0)).distinct().count(), order.toString());
    assertTrue(order.indexOf("a0") < order.indexOf("a1") && order.indexOf("b0") < order.indexOf("b1"), order.toString());
  }

  @Test
  void aTenantThatComesLateDoesNotWaitForAnothersLine() throws Exception {
    for (int i = 0; i < 1000; i++) {
      queue.add("a", 10, "a");
    }
    for (int i = 0; i < 500; i++) {
      queue.take();
    }
    queue.add("b", 10, "b");
    assertTrue(queue.take().equals("b") || queue.take().equals("b"));
  }

  @Test
  void runTimeIsSharedEquallyWhateverCallsCost() throws Exception {
    Random random = new Random(3);
    Map<String, Double> served = new HashMap<>(Map.of("cheap", 0.0, "dear", 0.0));
    for (int i = 0; i < 3000; i++) {
      queue.add("cheap", 1, "cheap:1");
      int cost = 5 + random.nextInt(10);
      queue.add("dear", cost, "dear:" + cost);
    }
    while (served.get("cheap") < 2000) {
      String[] call = queue.take().split(":");
      served.merge(call[0], Double.valueOf(call[1]), Double::sum);
    }
    assertEquals(served.get("cheap"), served.get("dear"), 20, served.toString());
  }

  @Test
  void aCallThatIsTakenOutIsNotServedNorCharged() throws Exception {
    String gone = new String("gone");
    queue.add("a", 1000, gone);
    assertTrue(queue.remove(gone));
    assertFalse(queue.remove(gone));
    queue.add("b", 10, "b0");
    queue.add("b", 10, "b1");
    queue.add("a", 10, "a0");
    List<String> order = List.of(queue.take(), queue.take(), queue.take());
    assertEquals("b1", order.get(2), "a was charged for a call that never ran: " + order);
    assertEquals(0, queue.size());
  }

  @Test
  void closingWakesWhoWaitsAndReturnsWhatWaited() throws Exception {
    CompletableFuture<String> waiting = CompletableFuture.supplyAsync(() -> {
      try {
        return String.valueOf(queue.take());
      } catch (InterruptedException e) {
        return "interrupted";
      }
    });
    Thread.sleep(50);
    assertEquals(List.of(), queue.close());
    assertEquals("null", waiting.get(5, TimeUnit.SECONDS));
    assertFalse(queue.add("a", 1, "late"));
    assertNull(queue.take());
  }
}
