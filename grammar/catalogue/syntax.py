"""E2: the syntax of expressions."""

from __future__ import annotations

from ..words import quoted
from .code import Said, code


@code("E201")
def unexpected(found: str, expected: str, help_: str | None = None) -> Said:
    """The expression cannot go on like this."""
    return f"{found} cannot stand here: expected {expected}", help_


@code("E211")
def ends_too_early(expected: str) -> Said:
    """The expression stops where something must follow."""
    return f"the expression ends where {expected} is expected", None


@code("E202")
def unclosed_bracket(bracket: str, closing: str) -> Said:
    """A bracket is opened and never closed. The place is that of the opening bracket."""
    return f"`{bracket}` is never closed", f"add `{closing}`"


@code("E203")
def unmatched_bracket(bracket: str, opened: str | None) -> Said:
    """A closing bracket without its opening one."""
    if opened:
        return f"`{bracket}` does not close `{opened}`", None
    return f"`{bracket}` closes nothing", "remove it, or open the bracket before it"


@code("E204")
def unexpected_character(character: str, help_: str | None) -> Said:
    """A character that no expression contains."""
    return f"{quoted(character)} has no meaning in an expression", help_


@code("E205")
def foreign_operator(found: str, instead: str | None, help_: str | None = None) -> Said:
    """An operator of another language. The language writes `AND`, `OR`, `NOT`, `==`, `!=`."""
    if instead:
        return f"`{found}` is not an operator of the language", f"write `{instead}`"
    return f"`{found}` is not an operator of the language", help_


@code("E206")
def chained_comparison(proposal: str | None) -> Said:
    """Comparisons do not chain: `40 < x < 65` would compare a truth with 65."""
    help_ = f"write `{proposal}`" if proposal else "write two comparisons with `AND` between them"
    return "comparisons cannot be chained", help_


@code("E207")
def unary_plus() -> Said:
    """There is no unary `+`."""
    return "there is no unary `+`", "remove it"


@code("E208")
def empty_expression() -> Said:
    """An expression without any text."""
    return "the expression is empty", "write an expression, or remove the entry"


@code("E209")
def malformed_number(found: str, help_: str | None) -> Said:
    """Digits and letters run together in a way that is neither a number nor a timeframe."""
    return f"{quoted(found)} is not a number", help_ or "write numbers as 12, 1.5, .5 or 1e-3"


@code("E210")
def truth_literal(found: str) -> Said:
    """`true` and `false` are reserved, and are no values of the language."""
    return f"`{found}` is reserved and has no value", "write a comparison that says what is meant"
