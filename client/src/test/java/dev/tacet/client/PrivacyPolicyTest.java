// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tacet.client.PrivacyPolicy.Destination;
import dev.tacet.he.FeatureTable;
import dev.tacet.he.Signature;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a client's own policy allows, and how it names what it does not. */
class PrivacyPolicyTest {
  private static final Signature SIGNATURE = TestModel.artifact().signature();
  private static final String INPUT = SIGNATURE.inputs().get(0).name();
  private static final String OPEN =
      "class.public.transports = *\nclass.public.hosts = *\nclass.public.sharing = *\n"
          + "class.sensitive.transports = mutual-tls, tls\nclass.sensitive.hosts = host.example, other.example\n";
  private static final HostTerms SILENT = terms("", Set.of(), Optional.empty(), null, null, null);

  private static HostTerms terms(
      String region, Set<String> transports, Optional<Set<String>> sharing, Duration keys, Duration audit, Duration backups) {
    return new HostTerms(
        region, transports, sharing.isPresent(), sharing.orElse(Set.of()),
        new KeptData.Times(
            Optional.ofNullable(keys), Optional.empty(), Optional.ofNullable(audit), Optional.ofNullable(backups)));
  }

  private static PrivacyPolicy policy(String text) {
    return PrivacyPolicy.parse("policy", text);
  }

  private static void refused(String rule, String word, PrivacyPolicy policy, Destination to, HostTerms terms) {
    PolicyException e = assertThrows(PolicyException.class, () -> policy.requireAllowed(SIGNATURE, to, terms));
    assertEquals(rule, e.rule(), e.getMessage());
    assertTrue(e.getMessage().contains(rule) && e.getMessage().contains(word), e.getMessage());
  }

  @Test
  void theMostExactWordForAFeatureHoldsAndWithoutAnyItIsSensitive() {
    PrivacyPolicy policy = policy("feature.* = internal\nfeature.X = public\nfeature.X[2] = sensitive\n");
    assertEquals("public", policy.classOf("X", 0, Optional.empty()));
    assertEquals("sensitive", policy.classOf("X", 2, Optional.empty()));
    assertEquals("internal", policy.classOf("Y", 2, Optional.empty()));
    assertEquals("sensitive", policy("").classOf("X", 0, Optional.empty()));
  }

  @Test
  void oneSensitiveFeatureDecidesWhereAModelMayBeUsed() {
    Destination good = new Destination("host.example", "tls");
    policy(OPEN + "feature.* = public\n").requireAllowed(SIGNATURE, new Destination("anywhere", "plain"), SILENT);
    PrivacyPolicy mixed = policy(OPEN + "feature.* = public\nfeature." + INPUT + "[1] = sensitive\n");
    mixed.requireAllowed(SIGNATURE, good, SILENT);
    refused("class.sensitive.transports", INPUT + "[1]", mixed, new Destination("host.example", "plain"), SILENT);
    refused("class.sensitive.transports", "loopback", mixed, new Destination("host.example", "loopback"), SILENT);
    refused("class.sensitive.hosts", "evil.example", mixed, new Destination("evil.example", "tls"), SILENT);
    refused("class.internal.transports", "not set", policy(OPEN + "feature.* = internal\n"), good, SILENT);
  }

  /** A slip of the pen would leave a sensitive feature in the class of all others. */
  @Test
  void aWordForAFeatureThatTheModelDoesNotHaveIsRefused() {
    Destination good = new Destination("host.example", "tls");
    int count = SIGNATURE.inputs().get(0).features();
    String all = OPEN + "feature.* = public\nfeature.";
    policy(all + INPUT + "[" + (count - 1) + "] = sensitive\nfeature.of-another-model = sensitive\n").requireAllowed(SIGNATURE, good, SILENT);
    refused("feature." + INPUT + "[" + count + "]", "has features 0 to " + (count - 1), policy(all + INPUT + "[" + count + "] = sensitive\n"), good, SILENT);
    String capital = INPUT.equals(INPUT.toUpperCase()) ? INPUT.toLowerCase() : INPUT.toUpperCase();
    refused("feature." + capital, "but " + INPUT, policy(all + capital + " = sensitive\n"), good, SILENT);
  }

  @Test
  void aFeatureIsMeantByItsOwnNameToo() {
    int count = SIGNATURE.inputs().get(0).features();
    List<String> names = IntStream.range(0, count).mapToObj(i -> i == 1 ? "body mass index (kg/m2)" : "f" + i).toList();
    Signature named = SIGNATURE.withFeatureTable(new FeatureTable(names, List.of()));
    String all = OPEN + "feature.* = public\nfeature.";
    Destination plain = new Destination("anywhere", "plain");
    policy(all + "of-another-model = sensitive\n").requireAllowed(named, plain, SILENT);
    for (String wrong : List.of("body mass index (kg/m2)", "f0", "F0", "f0[0]", INPUT + "[1]")) {
      PrivacyPolicy policy = policy(all + wrong + " = sensitive\n");
      assertThrows(PolicyException.class, () -> policy.requireAllowed(named, plain, SILENT), wrong);
    }
    PolicyException e = assertThrows(
        PolicyException.class, () -> policy(all + names.get(1) + " = sensitive\n").requireAllowed(named, plain, SILENT));
    assertEquals("class.sensitive.transports", e.rule());
    assertTrue(e.getMessage().contains("feature " + names.get(1)), e.getMessage());
    assertEquals("internal", policy("feature.X = public\nfeature.f0 = internal\n").classOf("X", 0, Optional.of("f0")));
  }

  @Test
  void whatTheHostSaysOfItselfCanOnlyNarrowThePolicy() {
    Destination good = new Destination("host.example", "tls");
    PrivacyPolicy policy = policy(OPEN + "class.sensitive.regions = eu, ch\nclass.sensitive.keep-keys = 30d\n"
        + "class.sensitive.keep-audit = 90d\nclass.sensitive.keep-backups = 36h\n");
    Duration day = Duration.ofDays(1);
    policy.requireAllowed(SIGNATURE, good, terms("eu", Set.of("tls"), Optional.empty(), day, day, day));
    refused("class.sensitive.regions", "not stated", policy, good, SILENT);
    refused("class.sensitive.regions", "us", policy, good, terms("us", Set.of(), Optional.empty(), day, day, day));
    refused("class.sensitive.keep-keys", "without a stated limit", policy, good, terms("eu", Set.of(), Optional.empty(), null, day, day));
    refused("class.sensitive.keep-keys", "31d", policy, good,
        terms("eu", Set.of(), Optional.empty(), Duration.ofDays(31), day, day));
    refused("class.sensitive.keep-audit", "without", policy, good, terms("eu", Set.of(), Optional.empty(), day, null, day));
    refused("class.sensitive.keep-backups", "2d", policy, good, terms("eu", Set.of(), Optional.empty(), day, day, Duration.ofDays(2)));
    refused("host's privacy.transports", "mutual-tls", policy, good,
        terms("eu", Set.of("mutual-tls"), Optional.empty(), day, day, day));
    refused("class.sensitive.transports", "plain", policy, new Destination("host.example", "plain"),
        terms("eu", Set.of("plain"), Optional.empty(), day, day, day));
  }

  @Test
  void sharingNeedsTheWordOfThePolicyAndOfTheHost() {
    PrivacyPolicy none = policy(OPEN);
    assertEquals("class.sensitive.sharing",
        assertThrows(PolicyException.class, () -> none.requireSharing(SIGNATURE, "providers", SILENT)).rule());
    PrivacyPolicy some = policy(OPEN + "class.sensitive.sharing = providers\n");
    some.requireSharing(SIGNATURE, "providers", SILENT);
    some.requireSharing("providers", new Destination("host.example", "tls"), SILENT);
    assertEquals("class.sensitive.transports", assertThrows(PolicyException.class,
        () -> some.requireSharing("providers", new Destination("host.example", "plain"), SILENT)).rule());
    assertThrows(PolicyException.class, () -> some.requireSharing(SIGNATURE, "results", SILENT));
    HostTerms narrow = terms("", Set.of(), Optional.of(Set.of()), null, null, null);
    assertEquals("host's privacy.sharing",
        assertThrows(PolicyException.class, () -> some.requireSharing(SIGNATURE, "providers", narrow)).rule());
    PrivacyPolicy one = policy(OPEN + "feature.* = public\nfeature.Z = sensitive\n");
    one.requireSharing(SIGNATURE, "results", SILENT);
    assertThrows(PolicyException.class, () -> one.requireSharing("results", new Destination("host.example", "tls"), SILENT), "of models that it does not know");
  }

  @Test
  void batchesGrowToTheNextStatedSize() {
    PrivacyPolicy policy = policy("padding.batches = 64, 1,8\n");
    int[][] sizes = {{0, 0}, {1, 1}, {2, 8}, {8, 8}, {9, 64}, {64, 64}, {65, 128}, {200, 256}};
    for (int[] size : sizes) {
      assertEquals(size[1], policy.padded(size[0]), size[0] + " requests");
    }
    assertEquals(5, policy("").padded(5));
  }

  @Test
  void everythingThatIsWrongWithAPolicyIsSaidAtOnceAndNothingOfItIsUsed() {
    PolicyException e = assertThrows(PolicyException.class, () -> policy(
        "# a policy\nno rule\nfeature.X = secret\nclass.sensitive.transports = carrier-pigeon\nclass.top.hosts = a\nclass.public.keep-keys = 3 weeks\n"
            + "purpose = A B\npadding.batches = 0\nfeature.X = public\n"));
    for (String word : new String[] {
        "line 2", "feature.X is \"secret\"", "carrier-pigeon", "class.top.hosts is no rule", "3 weeks", "A B", "padding.batches", "line 9"}) {
      assertTrue(e.getMessage().contains(word), word + ": " + e.getMessage());
    }
  }
}
