// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

/** How an explanation's page looks: one column on narrow screens, two of charts on wide ones, light or dark as the reader has it. */
final class ExplanationStyle {
  static final String CSS =
      """
      :root { color-scheme: light dark; --ground: #fbfbf9; --panel: #fff; --ink: #1d2430; --dim: #5b6472; --line: #dfe2e6;
        --time: #2f6fb3; --level: #7a5bb0; --bits: #2c8a63; --wire: #b3672f; --host: #8a8d2c; }
      @media (prefers-color-scheme: dark) {
        :root { --ground: #14181e; --panel: #1c222b; --ink: #e6e9ee; --dim: #9aa4b2; --line: #323b47;
          --time: #6ba7e5; --level: #b095e0; --bits: #5fc79a; --wire: #e59b62; --host: #c5c95c; }
      }
      * { box-sizing: border-box; }
      body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
      main { max-width: 1180px; margin: 0 auto; padding: 24px 16px 48px; }
      h1 { margin: 0; font-size: 26px; overflow-wrap: anywhere; }
      h2 { margin: 0; font-size: 16px; }
      p { margin: 2px 0 10px; color: var(--dim); overflow-wrap: anywhere; }
      section { margin-top: 24px; }
      .cards { display: grid; gap: 12px; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); }
      .card, .chart { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
      .card h2 { font-size: 13px; font-weight: 500; color: var(--dim); }
      .card b { font-size: 22px; }
      .card p { margin: 0; font-size: 12.5px; }
      .charts { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 480px), 1fr)); margin-top: 16px; }
      .chart { margin: 0; min-width: 0; }
      .bar { display: grid; grid-template-columns: minmax(0, 11em) 1fr 6em; gap: 10px; align-items: center; min-height: 26px; }
      .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .value { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
      svg { width: 100%; height: 14px; display: block; border-radius: 3px; }
      .track { fill: var(--line); opacity: .55; }
      .time { fill: var(--time); } .level { fill: var(--level); } .bits { fill: var(--bits); }
      .wire { fill: var(--wire); } .host { fill: var(--host); }
      .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--panel); margin-top: 8px; }
      table { border-collapse: collapse; width: 100%; min-width: 820px; font-size: 14px; }
      th, td { padding: 7px 10px; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
      tbody tr:last-child > * { border-bottom: 0; }
      thead th { color: var(--dim); font-weight: 500; white-space: nowrap; }
      tbody th { font-weight: 600; max-width: 20em; overflow-wrap: anywhere; }
      .n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
      ul { margin: 6px 0 0; padding-left: 20px; }
      li { overflow-wrap: anywhere; }
      footer { margin-top: 28px; color: var(--dim); font-size: 12.5px; overflow-wrap: anywhere; }
      @media (max-width: 520px) { .bar { grid-template-columns: minmax(0, 1fr) 6em; gap: 2px 10px; margin-bottom: 8px; } .bar svg { grid-column: 1 / 3; grid-row: 2; } }
      @media print { body { background: none; } .card, .chart { break-inside: avoid; } }
      """;

  private ExplanationStyle() {}
}
