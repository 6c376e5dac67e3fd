// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.terminal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An aligned table: a heading, a rule, rows; two spaces between columns; numbers to the right, words to the left.
 *
 * <p>A column's name that starts with {@code >} is set to the right.
 */
public final class Table {
  private final List<String> headings = new ArrayList<>();
  private final List<Boolean> right = new ArrayList<>();
  private final List<String[]> rows = new ArrayList<>();
  private final String indent;

  /** A table indented by two spaces, with the columns named. */
  public Table(String... columns) {
    this.indent = "  ";
    for (String column : columns) {
      right.add(column.startsWith(">"));
      headings.add(column.startsWith(">") ? column.substring(1) : column);
    }
  }

  /** Adds one row; it must have as many cells as there are columns. Cells are printed as {@link Terminal#plain} has them. */
  public Table row(Object... cells) {
    if (cells.length != headings.size()) {
      throw new IllegalArgumentException("a row of " + cells.length + " cells in a table of " + headings.size());
    }
    rows.add(Arrays.stream(cells).map(String::valueOf).map(Terminal::plain).toArray(String[]::new));
    return this;
  }

  /** How many rows it has. */
  public int size() {
    return rows.size();
  }

  /** The lines of the table, without line ends. */
  public List<String> lines() {
    int columns = headings.size();
    int[] width = new int[columns];
    for (int c = 0; c < columns; c++) {
      width[c] = length(headings.get(c));
      for (String[] row : rows) {
        width[c] = Math.max(width[c], length(row[c]));
      }
    }
    List<String> lines = new ArrayList<>();
    if (headings.stream().anyMatch(heading -> !heading.isEmpty())) {
      lines.add(Terminal.bold(line(headings.toArray(new String[0]), width)));
      lines.add(Terminal.dim(indent + "─".repeat(Arrays.stream(width).sum() + 2 * (columns - 1))));
    }
    for (String[] row : rows) {
      lines.add(line(row, width));
    }
    return lines;
  }

  /** Prints the table on standard output. */
  public void print() {
    lines().forEach(System.out::println);
  }

  private String line(String[] cells, int[] width) {
    StringBuilder line = new StringBuilder(indent);
    for (int c = 0; c < cells.length; c++) {
      String pad = " ".repeat(width[c] - length(cells[c]));
      line.append(c == 0 ? "" : "  ").append(right.get(c) ? pad + cells[c] : cells[c] + pad);
    }
    return line.toString().stripTrailing();
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
