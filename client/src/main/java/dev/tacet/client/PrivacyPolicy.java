// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client's own rules: of which class each feature is, and where data of a class may go. docs/privacy.md has the file's form. What a host
 * says of itself can only narrow them. Immutable.
 */
public final class PrivacyPolicy {
  /** The classes of data, from the least to the most protected. */
  public static final List<String> CLASSES = List.of("public", "internal", "sensitive");

  private static final String ANY = "*";
  private static final Pattern LINE = Pattern.compile("([a-z]+(?:\\.[^=]*[^=\\s])?)\\s*=\\s*(.*)");
  private static final Pattern RULE =
      Pattern.compile("class\\.(public|internal|sensitive)\\.(transports|hosts|regions|sharing|keep-keys|keep-audit|keep-backups)");
  private static final Pattern FEATURE = Pattern.compile("feature\\.(\\*|[^\\[\\]\\s](?:[^\\[\\]]*[^\\[\\]\\s])?(?:\\[[0-9]{1,7}\\])?)");
  private static final Pattern PURPOSE = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  private static final Pattern TIME = Pattern.compile("([0-9]{1,6})([hd])");
  private static final Set<String> TRANSPORTS = Set.of("loopback", "plain", "tls", "mutual-tls");
  private static final Set<String> SHARING = Set.of("providers", "results");

  private final String name;
  private final String purpose;
  private final Map<String, String> features;
  private final Map<String, String> rules;
  private final int[] batches;

  private PrivacyPolicy(String name, String purpose, Map<String, String> features, Map<String, String> rules, int[] batches) {
    this.name = name;
    this.purpose = purpose;
    this.features = features;
    this.rules = rules;
    this.batches = batches;
  }

  /**
   * Reads a policy file.
   *
   * @throws PolicyException with everything that is wrong with it
   */
  public static PrivacyPolicy read(Path file) {
    try {
      return parse(file.getFileName().toString(), Files.readString(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the policy in " + file, e);
    }
  }

  /** As {@link #read}, its text. */
  static PrivacyPolicy parse(String name, String text) {
    List<String> problems = new ArrayList<>();
    Map<String, String> values = new LinkedHashMap<>();
    int number = 0;
    for (String raw : text.lines().toList()) {
      number++;
      String line = raw.strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      Matcher form = LINE.matcher(line);
      if (!form.matches()) {
        problems.add("line " + number + " is no 'name = value'");
      } else if (values.putIfAbsent(form.group(1), form.group(2).strip()) != null) {
        problems.add("line " + number + " sets " + form.group(1) + " again");
      }
    }
    Map<String, String> features = new TreeMap<>();
    Map<String, String> rules = new TreeMap<>();
    String purpose = "";
    int[] batches = {};
    for (Map.Entry<String, String> each : values.entrySet()) {
      String key = each.getKey();
      String value = each.getValue();
      if (FEATURE.matcher(key).matches()) {
        features.put(key.substring("feature.".length()), value);
        check(problems, CLASSES.contains(value), key, value, "one of " + CLASSES);
      } else if (RULE.matcher(key).matches()) {
        rules.put(key, value);
        check(problems, isRule(key.substring(key.lastIndexOf('.') + 1), value), key, value, "what docs/privacy.md lists");
      } else if (key.equals("purpose")) {
        purpose = value;
        check(problems, PURPOSE.matcher(value).matches(), key, value, "lower-case letters, digits and dashes, at most 63");
      } else if (key.equals("padding.batches")) {
        check(problems, value.matches("[1-9][0-9]{0,5}(\\s*,\\s*[1-9][0-9]{0,5}){0,31}"), key, value, "numbers of requests such as 1, 8, 64");
        batches = problems.isEmpty() ? Arrays.stream(value.split("\\s*,\\s*")).mapToInt(Integer::parseInt).sorted().toArray() : batches;
      } else {
        problems.add(key + " is no rule");
      }
    }
    if (!problems.isEmpty()) {
      throw new PolicyException("", "policy " + name + ": " + String.join("; ", problems));
    }
    return new PrivacyPolicy(name, purpose, features, rules, batches);
  }

  private static void check(List<String> problems, boolean right, String key, String value, String form) {
    if (!right) {
      problems.add(key + " is \"" + value + "\", must be " + form);
    }
  }

  private static boolean isRule(String rule, String value) {
    List<String> words = words(value);
    return switch (rule) {
      case "transports" -> value.equals(ANY) || TRANSPORTS.containsAll(words);
      case "sharing" -> value.equals(ANY) || value.equals("none") || SHARING.containsAll(words);
      case "hosts", "regions" -> !value.isEmpty();
      default -> TIME.matcher(value).matches();
    };
  }

  private static List<String> words(String value) {
    return Arrays.stream(value.split(",")).map(String::strip).filter(word -> !word.isEmpty()).toList();
  }

  /** Returns the purpose of this client's keys and calls, or an empty text. */
  public String purpose() {
    return purpose;
  }

  /**
   * Returns the class of a feature: what is said of it by its place, by its own name, of its input, of all features, in this order; else
   * sensitive.
   *
   * @param index in its input, from 0
   * @param own the feature's own name; empty if it has none
   */
  public String classOf(String input, int index, Optional<String> own) {
    return Optional.ofNullable(features.get(input + "[" + index + "]"))
        .or(() -> own.map(features::get))
        .or(() -> Optional.ofNullable(features.get(input)))
        .or(() -> Optional.ofNullable(features.get(ANY)))
        .orElse("sensitive");
  }

  /** Returns how many requests are sent for so many: the least stated number that is not smaller, or a multiple of the largest. */
  int padded(int requests) {
    if (batches.length == 0 || requests == 0) {
      return requests;
    }
    for (int size : batches) {
      if (size >= requests) {
        return size;
      }
    }
    int largest = batches[batches.length - 1];
    return Math.multiplyExact((requests + largest - 1) / largest, largest);
  }

  /** One feature of each class that a model takes, by class; refused if the policy's words for the model's features are none of them. */
  private Map<String, String> examples(Signature signature) {
    features.keySet().forEach(name -> requireKnown(name, signature));
    List<String> names = signature.featureTable().names();
    Map<String, String> examples = new LinkedHashMap<>();
    int at = 0;
    for (SignatureInput input : signature.inputs()) {
      for (int i = 0; i < input.features(); i++, at++) {
        Optional<String> own = names.isEmpty() ? Optional.empty() : Optional.of(names.get(at));
        examples.putIfAbsent(classOf(input.name(), i, own), own.orElse(input.name() + "[" + i + "]"));
      }
    }
    return examples;
  }

  /** Other names are of other models' features; one that differs in capitals, or an index beyond the last, is a mistake that would loosen a class. */
  private void requireKnown(String name, Signature signature) {
    int bracket = name.indexOf('[');
    String input = bracket < 0 ? name : name.substring(0, bracket);
    List<String> names = signature.featureTable().names();
    if (names.contains(input) && signature.inputs().stream().noneMatch(known -> known.name().equals(input))) {
      if (bracket >= 0) {
        throw refused("feature." + name, input + " is one feature of model " + signature.model() + ", without an index");
      }
      return;
    }
    for (String known : names) {
      if (known.equalsIgnoreCase(input)) {
        throw refused("feature." + name, "model " + signature.model() + " has no feature " + input + ", but " + known);
      }
    }
    for (SignatureInput known : signature.inputs()) {
      boolean named = known.name().equals(input);
      if (named && bracket >= 0 && Integer.parseInt(name.substring(bracket + 1, name.length() - 1)) >= known.features()) {
        throw refused("feature." + name, "input " + input + " of model " + signature.model() + " has features 0 to " + (known.features() - 1));
      }
      if (!named && known.name().equalsIgnoreCase(input) && signature.inputs().stream().noneMatch(other -> other.name().equals(input))) {
        throw refused("feature." + name, "model " + signature.model() + " has no input " + input + ", but " + known.name());
      }
    }
  }

  /** Where a call goes. */
  record Destination(String host, String transport) {}

  /**
   * Refuses to send a model's features where the policy or the host's own terms do not allow it.
   *
   * @throws PolicyException naming the rule
   */
  void requireAllowed(Signature signature, Destination to, HostTerms terms) {
    examples(signature).forEach((data, feature) -> {
      String what = "feature " + feature + " (" + data + ")";
      requireOneOf(data, "transports", what + " may not travel over ", to.transport());
      if (!terms.transports().isEmpty() && !terms.transports().contains(to.transport())) {
        throw refused("host's privacy.transports", what + " may not travel over " + to.transport() + " to a host that takes "
            + new TreeSet<>(terms.transports()));
      }
      requireOneOf(data, "hosts", what + " may not go to ", to.host());
      if (rules.containsKey(rule(data, "regions"))) {
        requireOneOf(data, "regions", what + " may not go to the region ", terms.region().isEmpty() ? "(not stated)" : terms.region());
      }
      requireTime(data, "keep-keys", what + ": the host keeps keys ", terms.times().keys());
      requireTime(data, "keep-audit", what + ": the host keeps its audit trail ", terms.times().audit());
      requireTime(data, "keep-backups", what + ": the host keeps backups ", terms.times().backups());
    });
  }

  /**
   * Refuses to share what a model says.
   *
   * @param way providers or results
   */
  void requireSharing(Signature signature, String way, HostTerms terms) {
    requireSharing(examples(signature).keySet(), way, terms);
  }

  /** As {@link #requireSharing(Signature, String, HostTerms)}, whatever the model, at a host where some class of data may go. */
  void requireSharing(String way, Destination to, HostTerms terms) {
    Set<String> used = new LinkedHashSet<>(features.values());
    if (!features.containsKey(ANY)) {
      used.add("sensitive");
    }
    requireSharing(used, way, terms);
    if (used.stream().noneMatch(data -> allows(data, "transports", to.transport()) && allows(data, "hosts", to.host()))) {
      String first = used.iterator().next();
      requireOneOf(first, "transports", "no data may travel over ", to.transport());
      requireOneOf(first, "hosts", "no data may go to ", to.host());
    }
  }

  private void requireSharing(Collection<String> used, String way, HostTerms terms) {
    for (String data : used) {
      requireOneOf(data, "sharing", data + " data may not be shared: ", way);
    }
    if (terms.narrowsSharing() && !terms.sharing().contains(way)) {
      throw refused("host's privacy.sharing", "the host allows no sharing with " + way);
    }
  }

  private static String rule(String data, String kind) {
    return "class." + data + "." + kind;
  }

  private boolean allows(String data, String kind, String value) {
    String allowed = rules.get(rule(data, kind));
    return allowed != null && (allowed.equals(ANY) || words(allowed).contains(value));
  }

  private void requireOneOf(String data, String kind, String what, String value) {
    String rule = rule(data, kind);
    String allowed = rules.get(rule);
    if (!allows(data, kind, value)) {
      throw refused(rule, what + value + "; allowed: " + (allowed == null ? "nothing, since the rule is not set" : allowed));
    }
  }

  private void requireTime(String data, String kind, String what, Optional<Duration> stated) {
    String rule = rule(data, kind);
    String most = rules.get(rule);
    if (most == null) {
      return;
    }
    Function<Duration, String> text = d -> d.toHours() % 24 == 0 ? d.toDays() + "d" : d.toHours() + "h";
    if (stated.isEmpty() || stated.get().compareTo(time(most)) > 0) {
      throw refused(rule, what + stated.map(text).orElse("without a stated limit") + "; allowed: " + most);
    }
  }

  private static Duration time(String value) {
    Matcher form = TIME.matcher(value);
    if (!form.matches()) {
      throw new IllegalStateException("times were checked when the policy was read");
    }
    long count = Long.parseLong(form.group(1));
    return form.group(2).equals("h") ? Duration.ofHours(count) : Duration.ofDays(count);
  }

  /** Refuses what the rule does not allow. */
  PolicyException refused(String rule, String what) {
    return new PolicyException(rule, "policy " + name + ", rule " + rule + ": " + what);
  }
}
