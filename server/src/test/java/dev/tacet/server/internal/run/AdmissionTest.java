// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import java.time.Duration;
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
      admission.admit(1, 1, MINUTE);
    }
    ServiceException e = assertThrows(ServiceException.class, () -> admission.admit(1, 1, MINUTE));
    assertEquals(ErrorCause.OVERLOADED, e.errorCause());
    assertTrue(e.retryAfter().isPresent());
    assertEquals(1, admission.refused());
  }

  @Test
  void aClosedTicketGivesItsPlaceBackOnce() {
    Admission.Ticket ticket = admission.admit(1, 600, MINUTE);
    assertEquals(ErrorCause.OVERLOADED, refused(() -> admission.admit(1, 600, MINUTE)));
    ticket.close();
    ticket.close();
    assertEquals(0, admission.admitted());
    assertEquals(0, admission.bytes());
    admission.admit(1, 600, MINUTE);
  }

  @Test
  void aCallThatCouldNotEndInTimeIsNotLetIn() {
    admission.admit(8 * SECOND, 1, MINUTE);
    admission.admit(8 * SECOND, 1, MINUTE);
    assertEquals(ErrorCause.OVERLOADED, refused(() -> admission.admit(1, 1, Duration.ofSeconds(5))));
    admission.admit(8 * SECOND, 1, Duration.ofSeconds(9));
    assertEquals(ErrorCause.OVERLOADED, refused(() -> admission.admit(1, 1, MINUTE)), "12 s of waiting, 10 s are allowed");
  }

  @Test
  void whatCanNeverFitIsToldSo() {
    assertEquals(ErrorCause.TOO_LARGE, refused(() -> admission.admit(1, 1001, MINUTE)));
  }

  @Test
  void drainingRefusesNewCallsAndWaitsForTheOthers() throws InterruptedException {
    Admission.Ticket ticket = admission.admit(1, 1, MINUTE);
    admission.drain();
    assertEquals(ErrorCause.SHUTTING_DOWN, refused(() -> admission.admit(1, 1, MINUTE)));
    assertFalse(admission.awaitIdle(Duration.ofMillis(20)));
    ticket.close();
    assertTrue(admission.awaitIdle(Duration.ofMillis(20)));
  }
}
