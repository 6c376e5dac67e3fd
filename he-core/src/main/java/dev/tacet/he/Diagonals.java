// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.BoundedReader;
import dev.tacet.he.internal.BoundedWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A linear map as sparse generalized diagonals: z[j] = sum over the terms t of v_t[j mod period] * x[j + t.giant + t.baby], for
 * every slot j, slot numbers modulo the slots.
 *
 * <p>The map is evaluated with one rotation per baby step, all from one decomposition, and the giant steps by Horner's rule: the
 * sums of the terms of a giant step, from the last giant step to the first, each rotated by its distance to the one before. So the
 * keys needed are those of the baby steps and of the distances (and of the first giant step, if it is not 0): equally spaced
 * giant steps take one key.
 *
 * <p>Giant steps that lie {@code pair} apart are evaluated as one, from slots that are real: with y = x + i (x rotated by pair), the
 * real part of (v - i w) times a rotation of y is v times that rotation of x and w times the one by {@code pair} more. That takes half
 * of the products and of the giant steps for a rotation by {@code pair} before them and a conjugation after. Of all giant steps,
 * ascending, one is the second of its pair if the step that is {@code pair} less is a first one.
 *
 * <p>Wire form: {@code u8 4 | u32 period | u32 terms | terms x (i32 giant, i32 baby, u32 entries, entries x u16 slot, f64[entries])};
 * where steps are paired {@code u8 6 | u32 period | u32 pair | u32 terms | ..}.
 *
 * @param period a power of two, at most the slots
 * @param pair how far giant steps lie apart that are evaluated as one, less than the slots; 0 where none are
 * @param terms ascending by giant step, then by baby step, none twice, of at most 4095 distinct baby steps; at least one
 */
public record Diagonals(int period, int pair, List<Term> terms) implements Constant {
  /** Most distinct baby steps: the terms that one inner product of the engine takes. */
  public static final int MAX_BABY_STEPS = 4095;

  private static final int MIN_TERM_BYTES = 12 + 10;

  /** Sees an entry of a diagonal. */
  @FunctionalInterface
  interface EntryConsumer {
    /** Takes the slot and the value. */
    void accept(int slot, double value);
  }

  /**
   * One diagonal.
   *
   * @param giant its giant step, in -(2^16-1)..2^16-1; less than the slots in size
   * @param baby its baby step, likewise; it reads slot j + giant + baby
   * @param slots the slots of the period where it may differ from 0, ascending; at least one
   * @param values its value at each of them
   */
  public record Term(int giant, int baby, int[] slots, double[] values) {
    /** Validates and copies. */
    public Term {
      if (Math.abs((long) giant) >= MAX_PERIOD || Math.abs((long) baby) >= MAX_PERIOD) {
        throw new IllegalArgumentException(
            "diagonal's giant step " + giant + " and baby step " + baby + " must be less than " + MAX_PERIOD + " in size");
      }
      values = ConstantChecks.finite("diagonal", values);
      slots = slots.clone();
      if (slots.length != values.length) {
        throw new IllegalArgumentException("diagonal has " + slots.length + " slots and " + values.length + " values");
      }
      for (int i = 0; i < slots.length; i++) {
        if (slots[i] < 0 || slots[i] >= MAX_PERIOD || i > 0 && slots[i] <= slots[i - 1]) {
          throw new IllegalArgumentException(
              "diagonal's slot " + i + " is " + slots[i] + ", slots must ascend and be less than " + MAX_PERIOD);
        }
      }
    }

    @Override
    public int[] slots() {
      return slots.clone();
    }

    @Override
    public double[] values() {
      return values.clone();
    }

    /** Returns the number of entries. */
    public int entries() {
      return slots.length;
    }

    /** Shows the slots that may differ from 0, ascending, with their values. */
    void forEach(EntryConsumer consumer) {
      for (int i = 0; i < slots.length; i++) {
        consumer.accept(slots[i], values[i]);
      }
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Term t
          && giant == t.giant
          && baby == t.baby
          && Arrays.equals(slots, t.slots)
          && Arrays.equals(values, t.values);
    }

    @Override
    public int hashCode() {
      return 31 * (31 * giant + baby) + Arrays.hashCode(values);
    }

    @Override
    public String toString() {
      return "Term[" + giant + " + " + baby + ", " + slots.length + " entries]";
    }
  }

  /** Diagonals whose giant steps are not paired. */
  public Diagonals(int period, List<Term> terms) {
    this(period, 0, terms);
  }

  /** Validates and copies. */
  public Diagonals {
    terms = List.copyOf(terms);
    if (pair < 0 || pair >= MAX_PERIOD) {
      throw new IllegalArgumentException("giant steps paired at a distance of " + pair + ", must be in 0.." + (MAX_PERIOD - 1));
    }
    if (terms.isEmpty()) {
      throw new IllegalArgumentException("diagonals: there is none");
    }
    ConstantChecks.requirePeriod("diagonals", "terms' slots", period, period);
    for (int i = 0; i < terms.size(); i++) {
      Term term = terms.get(i);
      int last = term.slots[term.slots.length - 1];
      if (last >= period) {
        throw new IllegalArgumentException("diagonal " + i + " has slot " + last + ", the period is " + period);
      }
      Term before = i == 0 ? null : terms.get(i - 1);
      boolean same = before != null && before.giant == term.giant;
      if (before != null && (term.giant < before.giant || same && term.baby <= before.baby)) {
        throw new IllegalArgumentException("diagonal " + i + ", " + term + ", does not come after " + before);
      }
    }
    int babies = babySteps(terms).size();
    if (babies > MAX_BABY_STEPS) {
      throw new IllegalArgumentException("diagonals have " + babies + " baby steps, at most " + MAX_BABY_STEPS + " are possible");
    }
  }

  /** Returns the distinct baby steps, ascending. */
  public SortedSet<Integer> babySteps() {
    return babySteps(terms);
  }

  private static SortedSet<Integer> babySteps(List<Term> terms) {
    SortedSet<Integer> result = new TreeSet<>();
    terms.forEach(term -> result.add(term.baby));
    return result;
  }

  /** Returns the distinct giant steps, ascending. */
  public SortedSet<Integer> giantSteps() {
    SortedSet<Integer> result = new TreeSet<>();
    terms.forEach(term -> result.add(term.giant));
    return result;
  }

  /** Returns the giant steps that are not the second of a pair, ascending. */
  public SortedSet<Integer> firstGiantSteps() {
    SortedSet<Integer> all = giantSteps();
    if (pair == 0) {
      return all;
    }
    SortedSet<Integer> first = new TreeSet<>();
    for (int giant : all) {
      if (!first.contains(giant - pair)) {
        first.add(giant);
      }
    }
    return first;
  }

  /** Returns how many diagonals the engine multiplies by: those of a pair with equal baby steps are one. */
  public int products() {
    if (pair == 0) {
      return terms.size();
    }
    SortedSet<Integer> first = firstGiantSteps();
    Set<List<Integer>> steps = new HashSet<>();
    terms.forEach(term -> steps.add(List.of(first.contains(term.giant) ? term.giant : term.giant - pair, term.baby)));
    return steps.size();
  }

  /**
   * Returns the steps of the rotations that evaluate it, in order, 0 left out: baby steps, then those of Horner's rule, then
   * {@code pair}. Where steps are paired a conjugation follows.
   */
  public List<Integer> rotations() {
    List<Integer> result = new ArrayList<>(babySteps());
    int before = 0;  // the first giant step is itself a rotation
    for (int giant : firstGiantSteps()) {
      result.add(giant - before);
      before = giant;
    }
    result.add(pair);
    result.removeIf(step -> step == 0);
    return result;
  }

  /** Returns the largest size of a step, of a distance of giant steps included. */
  int reach() {
    return rotations().stream().mapToInt(Math::abs).max().orElse(0);
  }

  /** Returns the number of entries of all terms. */
  public long entries() {
    return terms.stream().mapToLong(Term::entries).sum();
  }

  @Override
  public void writeTo(BoundedWriter out) {
    if (pair == 0) {
      out.u8(4).u32(period);
    } else {
      out.u8(6).u32(period).u32(pair);
    }
    out.u32(terms.size());
    for (Term term : terms) {
      out.i32(term.giant).i32(term.baby).u32(term.slots.length);
      for (int slot : term.slots) {
        out.u16(slot);
      }
      out.f64s(term.values);
    }
  }

  /** Reads the wire form after the kind. */
  static Diagonals readFrom(BoundedReader in, boolean paired) {
    int period = in.u32("diagonals' period", 1, MAX_PERIOD);
    int pair = paired ? in.u32("distance of a pair", 1, MAX_PERIOD - 1) : 0;
    long count = in.u32("diagonals");
    in.needItems("diagonals", count, MIN_TERM_BYTES);
    List<Term> terms = new ArrayList<>((int) count);
    for (int t = 0; t < count; t++) {
      int giant = in.i32("giant step");
      int baby = in.i32("baby step");
      int entries = in.u32("diagonal's entries", 1, MAX_PERIOD);
      in.needItems("diagonal", entries, 10);
      int[] slots = new int[entries];
      for (int i = 0; i < entries; i++) {
        slots[i] = in.u16("diagonal's slot");
      }
      terms.add(new Term(giant, baby, slots, in.f64s("diagonal", entries)));
    }
    return new Diagonals(period, pair, terms);
  }

  @Override
  public String toString() {
    return "Diagonals[" + terms.size() + " of period " + period + ", " + entries() + " entries]";
  }
}
