"""`dslc explain-candle`: evaluates one strategy on one history and explains one candle of it."""

from __future__ import annotations

from dataclasses import dataclass
import json
import re
from typing import TYPE_CHECKING

import click

from ..strategy import StrategyError
from .checking import INVALID, UNREADABLE
from .sources import Failure, Sources, check_sources, evaluate, heading, read_strategy
from .waiting import waiting

if TYPE_CHECKING:
    from ..result import Evaluation
    from ..why.explain import Explanation

_ROW = re.compile(r"[+-]?\d{1,7}", re.ASCII)  # eight digits are a date


@dataclass(frozen=True)
class Request:
    """What the command line asked for."""

    sources: Sources
    at: str
    form: str


def explain_strategy(request: Request) -> int:
    """Evaluate, explain, print; returns the exit status."""
    try:
        check_sources(request.sources)
        strategy = read_strategy(request.sources)
        result = evaluate(request.sources, strategy)
        found = _explanation(result, request.at)
    except Failure as failure:
        return failure.report()
    shown = _as_json(request, result, found) if request.form == "json" else _as_text(request, result, found)
    click.echo(shown)
    return 0


def _explanation(result: Evaluation, at: str) -> Explanation:
    text = at.strip()
    try:
        with waiting("explaining …"):
            return result.explain(int(text) if _ROW.fullmatch(text) else text)
    except StrategyError as error:
        raise Failure(str(error), INVALID) from error
    except ValueError as error:
        raise Failure(str(error), UNREADABLE) from error


def _as_text(request: Request, result: Evaluation, found: Explanation) -> str:
    return "\n".join([*heading(request.sources, result), "", str(found)])


def _as_json(request: Request, result: Evaluation, found: Explanation) -> str:
    strategy = result.strategy
    run = {"strategy": strategy.name, "timeframe": strategy.timeframe, "hash": strategy.hash}
    return json.dumps({**run, **found.to_dict()}, indent=2, ensure_ascii=True, allow_nan=False)
