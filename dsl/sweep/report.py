"""Owns the page of a sweep: what was tried, how far it can be trusted, the maps, the best trials.

The page is one file that loads nothing: no script, no font, no address. It can be read on a telephone, in
the dark and on paper. What it says of a sweep, in this order: the best trial; how it was found, so that it
can be found again; what chance alone would have found; the maps; train against test; the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
import math
from pathlib import Path

from ..files import write_atomically
from ..grammar.words import some
from ..schemas.parameters import shown
from .heat import heat_map, legend
from .luck import expected_maximum, rank_correlation
from .markup import element, escaped, figure
from .picture import write_png
from .plots import line_plot, scatter
from .style import STYLE
from .surface import FOLDS, Map, Surface, has_test, is_drawable, surface_of
from .tables import best_table, failed_table, varied_table, windows_table
from .trial import Sweep, Trial
from .words import UNNAMED, meaning_of

__all__ = ["write_html", "write_png"]

_POINTS = 5_000  # trials in a scatter


def write_html(sweep: Sweep, path: Path, x: str | None = None, y: str | None = None) -> None:
    """Write the page of a sweep; the same sweep gives the same bytes.

    `x` and `y` are the parameters of the heat maps, the ones that matter most (`surface.chosen`) unless
    they are named; a ValueError says that there is no such parameter, an OutputError that the file cannot
    be written.
    """
    content = page(sweep, x, y).encode("utf-8")

    def write(target: Path) -> None:
        target.write_bytes(content)

    write_atomically(path, write)


def page(sweep: Sweep, x: str | None = None, y: str | None = None) -> str:
    """The page as HTML that is at the same time well-formed XML."""
    surface = surface_of(sweep, x, y)
    title = f"Sweep of {sweep.strategy or UNNAMED}"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", escaped(title, 120)),
        element("style", STYLE),
    )
    parts = [
        element("h1", escaped(title, 120)),
        element("p", *_best(sweep), class_="lede"),
        *_section("How far to trust it", _trust(sweep)),
        *_section("How it was found", _found(sweep)),
        *_section("The objective over the parameters", _maps(sweep, surface)),
        *_section("Train against test", _scatter(sweep)),
        *_section("The best trials", best_table(sweep)),
        *_section("Trials that could not be made", failed_table(sweep)),
        *_section("What was varied", varied_table(sweep)),
        *_section("Train and test ranges", windows_table(sweep)),
    ]
    body = element("body", element("main", *parts))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


# --- what it says -----------------------------------------------------------------------------


def _best(sweep: Sweep) -> list[str]:
    best = sweep.best
    if best is None:
        return [_made(sweep), " None of them has an objective."] if len(sweep) else ["No trial was made."]
    values = ", ".join(f"{name} {shown(value)}" for name, value in best.values.items())
    said = f"The best of {some(len(sweep), 'trial')}, number {best.number}, has {sweep.objective} "
    numbers = [element("strong", escaped(figure(best.objective)))]
    if has_test(sweep):
        numbers = [*numbers, " in train and ", element("strong", escaped(figure(best.tested))), " in test"]
    return [escaped(said), *numbers, escaped(f", with {values}." if values else ".")]


def _made(sweep: Sweep) -> str:
    return f"{some(len(sweep), 'trial')} {'was' if len(sweep) == 1 else 'were'} made."


def _trust(sweep: Sweep) -> list[str]:
    """What chance alone does, and whether there is a test."""
    parts = []
    if len(sweep) > 1:
        parts.append(
            f"{len(sweep):,} trials were judged on the same candles, and the best was chosen for its luck as "
            "well as for its merit: expect less of it on other candles."
        )
    if sweep.objective.startswith("t_value_") and len(sweep) > 1:
        parts.append(_yardstick(sweep))
    if not has_test(sweep):
        parts.append("There is no test range. Nothing here says how a trial does on other candles.")
    else:
        parts.append(
            "The test ranges took no part in the choice. Whoever looks at them and chooses again has used "
            "them up: trust a test once."
        )
    if any(trial.error is not None or math.isnan(trial.objective) for trial in sweep):
        parts.append(
            "Trials that failed or have no objective count as trials; in the maps they have no colour."
        )
    return [element("p", escaped(part)) for part in parts]


def _yardstick(sweep: Sweep) -> str:
    count, folds = len(sweep), len(sweep.folds)
    expected, end = expected_maximum(count), "largest" if sweep.maximize else "least"
    sign = 1.0 if sweep.maximize else -1.0
    said = (
        f"If the {count:,} trials were independent and none had an edge, the {end} of their t-values would "
        f"be expected at {figure(sign * expected, 3)}, not at 0: for N independent standard normals that is "
        "N ∫ x φ(x) Φ(x)^(N − 1) dx (David, Order Statistics). Trials that resemble each other reach less."
    )
    if folds > 1:
        said += (
            f" That holds in one fold. The mean over {folds} folds would be expected between "
            f"{figure(sign * expected / math.sqrt(folds), 3)}, where their train ranges share no candle, "
            f"and {figure(sign * expected, 3)}, where they share all."
        )
    return said


def _found(sweep: Sweep) -> list[str]:
    rows = [
        ("Strategy", sweep.strategy),
        ("Strategy hash", sweep.strategy_hash),
        ("Data digest", sweep.data_digest),
        ("Objective", f"{sweep.objective} ({'larger' if sweep.maximize else 'smaller'} is better)"),
        ("It is", meaning_of(sweep.objective)),
        ("Trials", f"{len(sweep):,}"),
        ("Without a result", f"{sum(trial.error is not None for trial in sweep):,} could not be made, "
                             f"{sum(_is_undefined(trial) for trial in sweep):,} have no objective"),
        ("Ruled out", f"{some(sweep.skipped, 'combination')} by the constraints"),
        ("Possible", "not countable" if sweep.possible is None else some(sweep.possible, "combination")),
        ("Sampler", sweep.sampler),
        ("Seed", str(sweep.seed)),
        ("Folds", f"{len(sweep.folds):,}"),
        ("Computed", "from the scores, no indicator twice" if sweep.rescored else "each trial as a strategy"),
        ("Versions", ", ".join(f"{name} {said}" for name, said in sorted(sweep.versions.items()))),
    ]  # fmt: skip
    lines = [element("dt", escaped(name)) + element("dd", escaped(said)) for name, said in rows if said]
    return [element("dl", *lines)]


# --- pictures ---------------------------------------------------------------------------------


def _maps(sweep: Sweep, surface: Surface | None) -> list[str]:
    if surface is None:
        return [element("p", "No trial was made." if sweep.names else "No parameter was varied.")]
    others = [name for name in sweep.names if name not in (surface.x.name, surface.y and surface.y.name)]
    said = f"{sweep.objective}: {meaning_of(sweep.objective) or 'the objective'}"
    said += f"; {'larger' if sweep.maximize else 'smaller'} is better. "
    said += f"Each value is the mean over all trials with the values of {surface.x.name}"
    said += f" and {surface.y.name}" if surface.y is not None else ""
    said += f", whatever {', '.join(others)} {'is' if len(others) == 1 else 'are'}: " if others else ". "
    if others:
        said += "a best would be higher the more trials there are, and hide that its neighbours fail."
    if len(sweep.folds) > FOLDS:
        said += f" Of the {len(sweep.folds):,} folds, the first {FOLDS} have maps of their own."
    if surface.y is None:
        drawn = [_lines(surface, found) for found in surface.maps]
        key = element("p", "Train: ", _key("train"), " Test: ", _key("test"), " × failed, – undefined")
        return [element("p", escaped(said)), key, element("div", *drawn, class_="panels")]
    scale = surface.scale if surface.values else None
    key = legend(scale, surface.best is not None)
    drawn = [panel for found in surface.maps for panel in _panels(surface, found)]
    return [element("p", escaped(said)), key, element("div", *drawn, class_="panels")]


def _panels(surface: Surface, found: Map) -> list[str]:
    both = [("Train", found.train), *([("Test", found.test)] if found.test is not None else [])]
    return [
        element("figure", element("figcaption", escaped(title)), heat_map(surface, cells, title))
        for kind, cells in both
        for title in [f"{kind}, {found.title}" if found.title else kind]
    ]


def _lines(surface: Surface, found: Map) -> str:
    lines = {"train": found.train, **({"test": found.test} if found.test is not None else {})}
    title = " and ".join(lines).capitalize() + (f", {found.title}" if found.title else "")
    return element("figure", element("figcaption", escaped(title)), line_plot(surface, lines, title))


def _key(kind: str) -> str:
    return element(
        "svg", element("path", d="M0 6h30", class_=f"line {kind}"), width=30, height=12, class_="key"
    )


def _scatter(sweep: Sweep) -> list[str]:
    pairs = [
        (trial.objective, trial.tested)
        for trial in (sweep[at] for at in sweep.order)
        if trial.error is None and is_drawable(trial.objective) and is_drawable(trial.tested)
    ]
    if not pairs:
        return []
    every = -(-len(pairs) // _POINTS)
    related = rank_correlation([train for train, _ in pairs], [test for _, test in pairs])
    said = f"A point for each of {some(len(pairs), 'trial')} with both values, on the diagonal where equal. "
    said += f"Drawn is every {every}th of them, by rank. " if every > 1 else ""
    if not math.isnan(related):
        said += (
            f"The rank correlation is {figure(related, 2)}: at 1 the order of the trials in train is that in "
            "test, near 0 choosing in train says nothing of the test, below 0 it misleads."
        )
    best = sweep.best
    both = None if best is None else (best.objective, best.tested)
    ring = both if both is not None and all(map(is_drawable, both)) else None
    drawn = scatter(pairs[::every], ring, "Test objective against train objective")
    return [element("p", escaped(said)), element("figure", drawn)]


# --- pieces -----------------------------------------------------------------------------------


def _section(title: str, parts: Sequence[str]) -> list[str]:
    return [element("section", element("h2", escaped(title)), *parts)] if parts else []


def _is_undefined(trial: Trial) -> bool:
    return trial.error is None and math.isnan(trial.objective)
