// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final long SECOND = 1_000_000_000L;
  private final Admission admission =
      new Admission(new RunLimits(2, 3, 1000, Duration.ofSeconds(10), MINUTE));

  private static ErrorCause refused(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(ServiceException.class, call).errorCause();
  }

  @Test
  void whatExceedsThePlacesIsRefusedAtOnceWithADelay() {
    for (int i = 0; i < 5; i++) {
      admission.admit("a", 1, 1, MINUTE);
    }
    ServiceException e = assertThrows(ServiceException.class, () -> admission.admit("a", 1, 1, MINUTE));
    assertEquals(ErrorCause.OVERLOADED, e.errorCause());
    assertTrue(e.retryAfter().isPresent());
    assertEquals(1, admission.refused());
  }

  @Test
  void aClosedTicketGivesItsPlaceBackOnce() {
    Admission.Ticket ticket = admission.admit("a", 1, 600, MINUTE);
    assertEquals(ErrorCause.OVERLOADED, refused(() -> admission.admit("a", 1, 600, MINUTE)));
    ticket.close();
    ticket.close();
    assertEquals(0, admission.admitted());
    assertEquals(0, admission.bytes());
    admission.admit("a", 1, 600, MINUTE);
  }

  @Test
  void aCallThatCouldNotEndInTimeIsNotLetIn() {
    admission.admit("a", 8 * SECOND, 1, MINUTE);
    admission.admit("a", 8 * SECOND, 1, MINUTE);
    assertEquals(ErrorCause.OVERLOADED, refused(() -> admission.admit("a", 1, 1, Duration.ofSeconds(5))));
    admission.admit("a", 8 * SECOND, 1, Duration.ofSeconds(9));
    assertEquals(ErrorCause.OVERLOADED, refused(() -> admission.admit("a", 1, 1, MINUTE)), "12 s of waiting, 10 s are allowed");
  }

  @Test
  void whatCanNeverFitIsToldSo() {
    assertEquals(ErrorCause.TOO_LARGE, refused(() -> admission.admit("a", 1, 1001, MINUTE)));
  }

  @Test
  void drainingRefusesNewCallsAndWaitsForTheOthers() throws InterruptedException {
    Admission.Ticket ticket = admission.admit("a", 1, 1, MINUTE);
    admission.drain();
    assertEquals(ErrorCause.SHUTTING_DOWN, refused(() -> admission.admit("a", 1, 1, MINUTE)));
    assertFalse(admission.awaitIdle(Duration.ofMillis(20)));
    ticket.close();
    assertTrue(admission.awaitIdle(Duration.ofMillis(20)));
  }

  @Test
  void oneTenantHoldsItsShareAtMostAndTheOthersAreLetIn() {
    Admission shared = new Admission(new RunLimits(2, 4, 1000, Duration.ofSeconds(10), MINUTE, 0.5));
    List<Admission.Ticket> held = List.of(shared.admit("a", 1, 100, MINUTE), shared.admit("a", 1, 100, MINUTE), shared.admit("a", 1, 100, MINUTE));
    ServiceException full = assertThrows(ServiceException.class, () -> shared.admit("a", 1, 1, MINUTE));
    assertTrue(full.getMessage().contains("at most 3 of 6"), full.getMessage());
    shared.admit("b", 1, 600, MINUTE).close();
    shared.admit("b", 1, 300, MINUTE);
    assertEquals(ErrorCause.OVERLOADED, refused(() -> shared.admit("b", 1, 300, MINUTE)), "600 of a share of 500 bytes");
    held.get(0).close();
    shared.admit("a", 1, 100, MINUTE);
  }

  @Test
  void theWaitOfATenantIsNotThatOfAnothersLongLine() {
    Admission one = new Admission(new RunLimits(1, 100, 1000, Duration.ofSeconds(10), MINUTE));
    for (int i = 0; i < 10; i++) {
      one.admit("busy", SECOND, 1, MINUTE);
    }
    one.admit("quiet", SECOND, 1, Duration.ofSeconds(2));
    assertEquals(ErrorCause.OVERLOADED, assertThrows(ServiceException.class, () -> one.admit("busy", SECOND, 1, MINUTE)).errorCause());
  }
}
