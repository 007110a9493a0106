"""E2: the syntax of expressions."""

from __future__ import annotations

from ..words import quoted
from .code import Said, code


@code("E201")
def unexpected(found: str, expected: str, help_: str | None = None) -> Said:
    """The expression cannot go on like this.

    Why: Two values need an operator between them, and an operator needs a value on both sides.

    Wrong:
        "conditions": {"up": "close open > 1"}
    Right:
        "conditions": {"up": "close - open > 1"}
    """
    return f"{found} cannot stand here: expected {expected}", help_


@code("E211")
def ends_too_early(expected: str) -> Said:
    """The expression stops where something must follow.

    Why: Half a comparison says nothing. Often the rest was lost when the line was copied.

    Wrong:
        "conditions": {"up": "close > open AND"}
    Right:
        "conditions": {"up": "close > open AND volume > 0"}
    """
    return f"the expression ends where {expected} is expected", None


@code("E202")
def unclosed_bracket(bracket: str, closing: str) -> Said:
    """A bracket is opened and never closed. The place is that of the opening bracket.

    Why: Where the bracket ought to close decides what the expression means.

    Wrong:
        "conditions": {"up": "(close + open / 2 > low"}
    Right:
        "conditions": {"up": "(close + open) / 2 > low"}
    """
    return f"`{bracket}` is never closed", f"add `{closing}`"


@code("E203")
def unmatched_bracket(bracket: str, opened: str | None) -> Said:
    """A closing bracket without its opening one.

    Why: Where the bracket ought to open decides what the expression means.

    Wrong:
        "conditions": {"up": "close + open) / 2 > low"}
    Right:
        "conditions": {"up": "(close + open) / 2 > low"}
    """
    if opened:
        return f"`{bracket}` does not close `{opened}`", None
    return f"`{bracket}` closes nothing", "remove it, or open the bracket before it"


@code("E204")
def unexpected_character(character: str, help_: str | None) -> Said:
    """A character that no expression contains.

    Why: Text that was copied brings typographic quotes, dashes and invisible spaces along, and other
    languages have signs that this one has not.

    Wrong:
        "conditions": {"up": "close > 'open'"}
    Right:
        "conditions": {"up": "close > open"}
    """
    return f"{quoted(character)} has no meaning in an expression", help_


@code("E205")
def foreign_operator(found: str, instead: str | None, help_: str | None = None) -> Said:
    """An operator of another language. The language writes `AND`, `OR`, `NOT`, `==`, `!=`.

    Why: One spelling for one meaning keeps strategies comparable. The rest of the expression is checked
    as if the operator were right.

    Wrong:
        "conditions": {"up": "close > open && volume > 0"}
    Right:
        "conditions": {"up": "close > open AND volume > 0"}
    """
    if instead:
        return f"`{found}` is not an operator of the language", f"write `{instead}`"
    return f"`{found}` is not an operator of the language", help_


@code("E206")
def chained_comparison(proposal: str | None) -> Said:
    """Comparisons do not chain: `40 < x < 65` would compare a truth with 65.

    Why: The author means that x lies between, and most languages silently compute something else.

    Wrong:
        "conditions": {"up": "40 < rsi(close, 14) < 65"}
    Right:
        "conditions": {"up": "40 < rsi(close, 14) AND rsi(close, 14) < 65"}
    """
    help_ = f"write `{proposal}`" if proposal else "write two comparisons with `AND` between them"
    return "comparisons cannot be chained", help_


@code("E207")
def unary_plus() -> Said:
    """There is no unary `+`.

    Why: It would change nothing; where it stands, a value is usually missing.

    Wrong:
        "conditions": {"up": "change(close) > +1"}
    Right:
        "conditions": {"up": "change(close) > 1"}
    """
    return "there is no unary `+`", "remove it"


@code("E208")
def empty_expression() -> Said:
    """An expression without any text.

    Why: An entry that says nothing is a rest of something else.

    Wrong:
        "conditions": {"up": ""}
    Right:
        "conditions": {"up": "close > open"}
    """
    return "the expression is empty", "write an expression, or remove the entry"


@code("E209")
def malformed_number(found: str, help_: str | None) -> Said:
    """Digits and letters run together in a way that is neither a number nor a timeframe.

    Why: `1_000`, `5.` and `1,5` are numbers elsewhere; here they could be two things.

    Wrong:
        "conditions": {"up": "volume > 1_000"}
    Right:
        "conditions": {"up": "volume > 1000"}
    """
    return f"{quoted(found)} is not a number", help_ or "write numbers as 12, 1.5, .5 or 1e-3"


@code("E210")
def truth_literal(found: str) -> Said:
    """`true` and `false` are reserved, and are no values of the language.

    Why: A condition that is always true decides nothing. Leave the entry out, or say what it depends on.

    Wrong:
        "conditions": {"up": "true"}
    Right:
        "conditions": {"up": "close > open"}
    """
    return f"`{found}` is reserved and has no value", "write a comparison that says what is meant"
