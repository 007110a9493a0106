"""The recipes of the cookbook: complete strategies in its text, and what they say of the example bars.

A block of code with the words `json recipe` is a strategy. The block behind it, `text said`, is what it says:
for every share the candles on which it enters, and the last of them. `retold` writes that anew.
"""

from __future__ import annotations

from pathlib import Path
import re

_RECIPE = re.compile(r"```json recipe\n(.*?)```\n\n```text said\n(.*?)```", re.DOTALL)


def recipes(text: str) -> list[tuple[str, str]]:
    """The strategies of a page, each with what the page says that it says."""
    return [(found[1], found[2]) for found in _RECIPE.finditer(text)]


def retold(text: str, bars: Path) -> str:
    """The page with what its strategies say on the bars of a folder, made anew."""
    return _RECIPE.sub(
        lambda found: f"```json recipe\n{found[1]}```\n\n```text said\n{said(found[1], bars)}```", text
    )


def said(document: str, bars: Path) -> str:
    """What a strategy says on every file of bars: how often it enters, and when it did so last."""
    import dslc

    strategy = dslc.compile(document)
    lines = []
    for path in sorted(bars.glob("*.csv")):
        result = strategy.evaluate(dslc.Bars(path))
        times = result.time[result.entry].astype("datetime64[D]")
        last = f", the last on {times[-1]}" if len(times) else ""
        entries = "entry" if len(times) == 1 else "entries"
        lines.append(f"{path.stem:<4}  {len(times):>5,} {entries} in {len(result.entry):,} candles{last}\n")
    return "".join(lines)
