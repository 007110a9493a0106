"""Owns how the page of a sweep looks: on a light screen, a dark one, a small one, and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1a1d21; --soft: #5a626b; --line: #d5d9de; --page: #fff;
  --panel: #f5f6f8; --train: #0b5cad; --test: #b04a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #a3abb4; --line: #3a4149;
  --page: #14171a; --panel: #1e2226; --train: #6cb0f5; --test: #f0a050; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1rem 1.25rem 3rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1rem 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
p { max-width: 46rem; margin: .5rem 0; }
.lede { font-size: 1.1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: .5rem 0; }
dt { color: var(--soft); }
dd { margin: 0; }
.panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem; }
figure { margin: .5rem 0; break-inside: avoid; }
figcaption { font-weight: 600; margin-bottom: .25rem; }
.wide { overflow-x: auto; overflow-wrap: normal; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .75rem .25rem 0; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
#best td:last-child, #best th:last-child { font-family: ui-monospace, monospace; }
#failed td:last-child, #failed th:last-child { text-align: left; white-space: normal; min-width: 16rem; }
#varied td:first-child, #varied th:first-child { text-align: left; }
svg { display: block; width: 100%; height: auto; }
svg.key { display: inline; width: 30px; vertical-align: middle; }
svg text { font-size: 11px; fill: var(--ink); }
svg text.name { font-weight: 600; font-size: 12px; }
svg text.dark { fill: #000; font-size: 10px; }
svg text.light { fill: #fff; font-size: 10px; }
svg .best { fill: none; stroke: var(--ink); stroke-width: 2.5; }
svg .halo { fill: none; stroke: var(--page); stroke-width: 5; }
svg rect.empty { fill: none; stroke: var(--line); stroke-width: .6; stroke-dasharray: 2 2; }
svg rect.undefined, svg rect.failed { stroke: var(--line); stroke-width: .6; }
svg .hatch { stroke: var(--soft); stroke-width: 1; fill: none; }
svg .grid { stroke: var(--line); }
svg .zero { stroke: var(--soft); stroke-width: 1.5; }
svg .diagonal { stroke: var(--soft); stroke-dasharray: 4 4; }
svg .line { fill: none; stroke-width: 2; }
svg .line.train { stroke: var(--train); }
svg .line.test { stroke: var(--test); stroke-dasharray: 6 4; }
svg .point.train { fill: var(--train); }
svg .point.test { fill: var(--test); }
svg .dots { stroke: var(--train); stroke-width: 6; stroke-linecap: round; stroke-opacity: .55; }
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --train: #0b5cad;
  --test: #b04a00; } body { font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section { break-inside: avoid-page; } .wide { overflow: visible; } }
"""
