"""The guide to the language for a language model that writes strategies, made of this version's own parts.

1. `prompt` has the parts in the order of reading: what a document is, a whole one, the expressions, the
   functions of the registry, what holds always, mistakes from the pages of the codes, limits, how to check.
2. Within a budget it leaves parts out in the order of `_LEAVE_OUT`, each whole, until the rest fits; of the
   functions first the examples, then what they say. What fits after all comes back, the most needed first.
   A last line names what is missing. The first parts are always there: less than `LEAST_BUDGET` characters
   would be no guide.
"""

from __future__ import annotations

from collections.abc import Callable

from ..grammar.words import LIMITS, MARKET_DATA, TIMEFRAMES
from ..runtime.registry import Function, functions, public_names
from .gbnf import levels
from .pages import page

LEAST_BUDGET = 9000

EXAMPLE = """\
{
  "configuration": {"timeframe": "1D"},
  "inputs": {
    "fast": "ema(close, 9)",
    "slow": "ema(close, 21)",
    "strength": "rsi(close, 14)"
  },
  "conditions": {
    "trendUp": "fast > slow",
    "healthy": "strength > 40 AND strength < 65",
    "breakout": "close > highest(high, 20)[1]",
    "busy": "volumeSpike(1.5) > 1"
  },
  "score": {"trendUp": 20, "healthy": 20, "breakout": 40, "busy": 20},
  "decision": {"entry": "trendUp AND score >= 60"}
}"""

_TUNABLE = """\
"parameters": {"fast": {"default": 9, "min": 5, "max": 50}, "slow": {"default": 21, "min": 10, "max": 200}},
"constraints": ["fast < slow"],
"inputs": {"gap": "ema(close, fast) - ema(close, slow)"},
"conditions": {"up": "gap > 0"}"""

_OWN = """\
"functions": {"slope(x, n)": "(x - x[n]) / n"},
"conditions": {"up": "slope(ema(close, 9), 3) > 0"}"""

MISTAKES = (
    "E205", "E206", "E301", "E401", "E302", "E306", "E308", "E309", "E402", "E403", "E405", "E404",
    "E501", "E110", "E111", "E411", "E304", "E210", "W707", "W709",
)  # fmt: skip
"""The codes whose pages are shown, the commonest mistakes of people and models first."""

_KINDS = {
    "Series": "series",
    "Truth": "truth",
    "Period": "period",
    "Sample": "period from 2",
    "Positive": "constant above 0",
    "Fraction": "constant 0 to 1",
    "Percent": "constant 0 to 100",
    "Hours": "constant 0 to 24 hours",
    "Offset": "offset",
    "Constant": "constant",
}


def prompt(budget: int | None = None) -> str:
    """The guide, in at most `budget` characters; all of it by default.

    Raises ValueError where the budget is less than `LEAST_BUDGET`.

    >>> prompt(9000).splitlines()[0], len(prompt(9000)) <= 9000
    ('# Trading strategies for dslc', True)
    """
    if budget is not None and budget < LEAST_BUDGET:
        raise ValueError(f"a budget of {budget} characters is less than {LEAST_BUDGET}")
    left_out: list[str] = []
    text = _written(left_out)
    for name in _LEAVE_OUT:
        if budget is None or len(text) <= budget:
            break
        left_out.append(name)
        text = _written(left_out)
    for name in reversed(left_out.copy()):
        if name == _EXAMPLES and _SAYINGS in left_out:
            continue
        fuller = _written([other for other in left_out if other != name])
        if len(fuller) <= (budget or 0):
            left_out.remove(name)
            text = fuller
    return text


def _written(left_out: list[str]) -> str:
    parts = []
    for name, write in _PARTS.items():
        if name == "functions":
            parts.append(_functions(left_out))
        elif name not in left_out:
            parts.append(write())
    if left_out:
        parts.append(f"Left out for want of room: {', '.join(left_out)}.")
    return "\n\n".join(parts)


# --- the parts --------------------------------------------------------------------------------


def _task() -> str:
    return f"""\
# Trading strategies for dslc

A strategy is one JSON object and nothing else: no comments, no trailing commas, no code fence. Five keys are
required: configuration, inputs, conditions, score, decision. Expressions are strings; weights are numbers.
It says on which candles a trade would be entered. There are no exits, stops, sizes or orders.

- configuration: {{"timeframe": T}} with T one of {" ".join(TIMEFRAMES)} (M is minutes). Optional:
  "timezone" (for hours and days, "America/New_York"), "series" (["funding"]: further columns, used by name),
  "symbols" ({{"spy": "SPY"}}: then spy.close is another instrument's).
- inputs: names of numbers, computed once a candle from top to bottom. An entry uses only those above it.
- conditions: names of truths, over inputs, market data and conditions above.
- score: condition name to whole number. The score of a candle is the sum of the weights of the conditions
  that are true on it. Weights may be negative; a condition without one weighs 0.
- decision: {{"entry": E}} with E true or false, usually of `score`, which stands only here."""


_POSTFIX = "x[n] x @ 4H"


def _whole() -> str:
    return f"## A whole strategy\n\n```json\n{EXAMPLE}\n```"


def _expressions() -> str:
    signs_ = [_POSTFIX if name == "postfix" else " ".join(signs) for name, signs in levels()]
    operators = "; ".join(signs_)
    return f"""\
## Expressions

Market data: {", ".join(MARKET_DATA)}. Names: a letter or _, then letters, digits or _.
Operators, loosest first: {operators} (the last - is a sign).
Parentheses group: `(close + open) / 2 > low OR NOT (high > close) AND volume > 0`. x[n] is the value n
candles ago, n a constant of at least 0. `ema(close, 50) @ 4H` is on candles of a multiple of the timeframe,
and seen once they have closed: `close @ 1D` is that of the last whole day.
Keywords are upper case. Comparisons do not chain. `timeframe == 1H` asks for the timeframe of the document.
Numbers: 12, 1.5, .5, 1e-3. No power, no remainder, no if, no strings, no assignments, no true or false.
A period is a constant whole number of at least 1."""


def _functions(left_out: list[str]) -> str:
    found = [functions()[name] for name in public_names()]
    note = (
        "There are no others. Arguments are required but those with =, which may be left out from the right."
    )
    if _SAYINGS in left_out:
        return f"## Functions\n\n{note} {', '.join(_signature(one) for one in found)}."
    entries = "\n".join(_function(one, examples=_EXAMPLES not in left_out) for one in found)
    return f"## Functions\n\n{note} In an example each value is a candle, and - is undefined.\n\n{entries}"


def _signature(found: Function) -> str:
    """`ema(series, n: period)`: the arguments with their kinds, where the name does not say it."""
    shown = [
        (
            parameter.name
            if parameter.name == _KINDS[parameter.kind] or parameter.kind == "Series"
            else f"{parameter.name}: {_KINDS[parameter.kind]}"
        )
        + ("" if parameter.default is None else f" = {parameter.default}")
        for parameter in found.parameters
    ]
    return f"{found.name}({', '.join(shown)})"


def _function(found: Function, *, examples: bool) -> str:
    """What a function is, its kind of value, and its example in one line."""
    unit = "true or false" if found.result == "truth" else found.unit
    says = " ".join(found.summary.split())
    line = f"- {_signature(found)}: {says} Value: {unit}; from candle {found.first} on."
    example = found.documentation.partition("Example:")[2].strip()
    if not examples or not example:
        return line
    return f"{line} E.g. {'; '.join(' '.join(row.split()) for row in example.splitlines())}"


def _laws() -> str:
    return """\
## What holds always

- Nothing looks ahead: every value uses candles up to its own. Negative offsets and periods are errors.
- A value is undefined before its window is full, after a division by zero, and on overflow. Arithmetic and
  comparisons with it are undefined; AND, OR and NOT are three-valued. An entry fires only where it is certain
  whatever the undefined values were.
- crossUp(a, b) is `a > b AND a[1] <= b[1]`: true on one candle only. For a state, compare: `a > b`.
- highest(high, n) includes its own candle, so a close is never above it; a breakout is
  `close > highest(high, n)[1]`.
- A threshold must be within reach: at most the sum of the positive weights.
- rsi is 0 to 100. volumeSpike(m) is above 1 where the volume is above m times its mean of 20.
- The same document on the same bars gives the same bits; there is no random() and no now()."""


def _mistakes() -> str:
    lines = []
    for code in MISTAKES:
        found = page(code)
        wrong, right = (" ".join((text or "").split()) for text in (found.wrong, found.right))
        lines.append(f"- {found.means}\n  wrong: {wrong}\n  right: {right}")
    return "## Common mistakes\n\n" + "\n".join(lines)


def _parameters() -> str:
    return f"""\
## Parameters

Optional: numbers left open, each with a default and a range that must make sense from end to end; constraints
are comparisons of parameters. A parameter stands wherever a number may, periods included.

```json
{_TUNABLE}
```"""


def _own_functions() -> str:
    return f"""\
## Functions of the document

Optional, for formulas that come up more than once: a signature and a formula over its parameters, market
data, parameters of the document and functions above. No inputs, no conditions, no recursion. n in `x[n]` must
be a constant where it is called, c in `c AND d` a truth.

```json
{_OWN}
```"""


def _limits() -> str:
    return f"""\
## Limits

At most {LIMITS.document_bytes // 1024} KiB, {LIMITS.entries} inputs and {LIMITS.entries} conditions, \
{LIMITS.expression_characters:,} characters an expression, {LIMITS.nesting} levels of brackets,
periods of {LIMITS.window:,}, offsets below that, weights within ±{LIMITS.weight:,}, {LIMITS.nodes:,} \
distinct computations."""


def _checking() -> str:
    return """\
## Checking

`dslc validate --format llm FILE` says what is wrong, causes first, with the place and a way out of each.
Mend all of it, write the whole document again, and check again until it says valid."""


_EXAMPLES = "examples of functions"
_SAYINGS = "what functions say"
_PARTS: dict[str, Callable[[], str]] = {
    "task": _task,
    "a whole strategy": _whole,
    "expressions": _expressions,
    "functions": lambda: _functions([]),
    "what holds always": _laws,
    "common mistakes": _mistakes,
    "parameters": _parameters,
    "functions of the document": _own_functions,
    "limits": _limits,
    "checking": _checking,
}
_LEAVE_OUT = (
    _EXAMPLES,
    "limits",
    "functions of the document",
    "parameters",
    "common mistakes",
    "checking",
    "what holds always",
    _SAYINGS,
)
