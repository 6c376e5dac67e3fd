// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

/** What was asked for is against the client's own privacy policy, or the policy cannot be read. Nothing was sent. */
public final class PolicyException extends TacetException {
  private static final long serialVersionUID = 1L;

  private final String rule;

  PolicyException(String rule, String message) {
    super(message, "Change the policy file knowingly, or use a host that keeps to it.", null);
    this.rule = rule;
  }

  /** Returns the rule, as it is named in the policy file, such as {@code class.sensitive.hosts}. */
  public String rule() {
    return rule;
  }
}
