"""Every message that dslc says about a strategy, one function a code.

Families: E1 document · E2 syntax · E3 names and order · E4 types and arguments ·
E5 causality and determinism · E6 limits · W7 warnings. A code keeps its meaning for ever; a
message may be reworded. The docstring is the documentation of the code, the arguments are what
the sentence needs, the return value is the sentence and, where there is one, the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec

from .diagnostics import Message
from .words import TIMEFRAMES, amount, quoted, some

P = ParamSpec("P")
Said = tuple[str, str | None]

CATALOGUE: dict[str, Callable[..., Message]] = {}


def code(name: str) -> Callable[[Callable[P, Said]], Callable[P, Message]]:
    """Register a sentence under a stable code; the first letter says how severe it is."""
    severity = "warning" if name.startswith("W") else "error"

    def register(say: Callable[P, Said]) -> Callable[P, Message]:
        if name in CATALOGUE:
            raise ValueError(f"code {name} is taken")

        @wraps(say)
        def message(*args: P.args, **kwargs: P.kwargs) -> Message:
            text, help_ = say(*args, **kwargs)
            return Message(name, severity, text, help_)  # type: ignore[arg-type]

        CATALOGUE[name] = message
        return message

    return register


# --- E1 document ---------------------------------------------------------------------------


@code("E101")
def not_utf8(found: str) -> Said:
    """The bytes are not UTF-8 text. Strategy documents are UTF-8, as RFC 8259 asks."""
    return f"the document is not UTF-8 text ({found})", "save it as UTF-8 without a byte-order mark"


@code("E102")
def byte_order_mark() -> Said:
    """The text begins with a byte-order mark, which JSON does not allow."""
    return "the document begins with a byte-order mark", "save it as UTF-8 without a byte-order mark"


@code("E103")
def not_json(problem: str, help_: str | None) -> Said:
    """The text is no JSON: a comma, quote, colon or bracket is missing or too many."""
    return f"the document is not JSON: {problem}", help_


@code("E104")
def not_an_object(found: str) -> Said:
    """The document is JSON, but not an object with the sections of a strategy."""
    return (
        f"a strategy is a JSON object, not {found}",
        'write {"configuration": …, "inputs": …, "conditions": …, "score": …, "decision": …}',
    )


@code("E105")
def duplicate_key(key: str) -> Said:
    """A key occurs twice in one object; which of the two counts would be a guess."""
    return f"the key {quoted(key)} occurs twice in the same object", "keep one of the two, or rename one"


@code("E106")
def not_a_json_number(text: str) -> Said:
    """`NaN` and `Infinity` are no JSON."""
    return f"`{text}` is not a JSON number", "write a finite number"


@code("E107")
def number_out_of_range(text: str) -> Said:
    """A number in the JSON text is too large for a float64, or has absurdly many digits."""
    return f"the number {quoted(text)} is out of range", "write a finite number of at most 32 characters"


@code("E108")
def lone_surrogate() -> Said:
    """A `\\ud800`-style escape without its partner: no Unicode text contains it."""
    return "the string contains half of a surrogate pair, which is no character", (
        "remove the escape, or write both halves"
    )


@code("E109")
def missing_key(key: str, where: str) -> Said:
    """A required key is absent."""
    return f"{where} has no {quoted(key)}", f"add {quoted(key)}"


@code("E110")
def unknown_key(key: str, where: str, nearest: str | None, known: str) -> Said:
    """A key that the language does not know; it would have no effect, so it is an error."""
    if nearest:
        return f"{quoted(key)} is not a key of {where}", f"did you mean {quoted(nearest)}?"
    return f"{quoted(key)} is not a key of {where}", f"it has {known}"


@code("E111")
def wrong_json_type(where: str, expected: str, found: str, help_: str | None = None) -> Said:
    """A value has the wrong JSON type."""
    return f"{where} must be {expected}, not {found}", help_


@code("E112")
def unknown_timeframe(found: str, nearest: str | None) -> Said:
    """The timeframe is not one of those that the language knows. `M` is minutes, always."""
    known = " ".join(TIMEFRAMES)
    hint = f"did you mean {quoted(nearest)}? " if nearest else ""
    return f"{quoted(found)} is not a timeframe", f"{hint}Timeframes: {known} (M is minutes)"


@code("E113")
def unknown_language(found: str) -> Said:
    """The document asks for a version of the language that this dslc does not know."""
    return f"language {found} is not known to this version of dslc", "write 1, or leave the key out"


@code("E114")
def not_plain_data(where: str, found: str) -> Said:
    """A strategy given as a Python dict contains something that JSON cannot hold."""
    return f"{where} is {found}, which is no JSON value", (
        "use dict, list, str, int, float, bool and None only"
    )


@code("E115")
def bad_parameter(name: str, problem: str, help_: str | None) -> Said:
    """What a parameter declares contradicts itself, or says too little."""
    return f"the parameter {quoted(name)} {problem}", help_


# --- E2 syntax -----------------------------------------------------------------------------


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


# --- E3 names and order --------------------------------------------------------------------


@code("E301")
def unknown_function(name: str, help_: str | None) -> Said:
    """A call of something that is not a function of the language."""
    return f"{quoted(name)} is not a function", help_


@code("E302")
def unknown_name(name: str, help_: str | None) -> Said:
    """A name that is no market data, input or condition."""
    return f"{quoted(name)} is not defined", help_


@code("E303")
def bad_name(name: str) -> Said:
    """Names of inputs and conditions are ASCII: a letter or `_`, then up to 63 letters, digits or `_`."""
    return (
        f"{quoted(name)} is not a valid name",
        "use a letter or _, then letters, digits or _, 64 characters at most",
    )


@code("E304")
def reserved_name(name: str) -> Said:
    """The name already means something in every expression."""
    return f"{quoted(name)} is reserved", "choose another name"


@code("E305")
def name_taken(name: str, owner: str = "an input") -> Said:
    """Parameters, inputs and conditions share one space of names."""
    return f"{quoted(name)} is already the name of {owner}", "rename one of the two"


@code("E306")
def used_before_definition(name: str, section: str, line: int | None) -> Said:
    """A name is used above its own definition. The order of definitions counts."""
    where = f"below, in line {line}" if line else "below"
    return f"{quoted(name)} is used before it is defined ({where})", (
        f"move {quoted(name)} above this entry of {section}"
    )


@code("E307")
def circular_definition(cycle: Iterable[str]) -> Said:
    """Definitions that need each other, so that none can be computed first."""
    return "these definitions need each other: " + " → ".join(cycle), "break the circle"


@code("E308")
def condition_in_input(name: str) -> Said:
    """Inputs are computed before conditions, so an input cannot use one."""
    return f"{quoted(name)} is a condition, and an input cannot use conditions", (
        "move this entry to conditions, or use the numbers behind the condition"
    )


@code("E309")
def missing_parentheses(name: str, call: str) -> Said:
    """A function is named but not called; calls always carry parentheses."""
    return f"`{name}` is a function and must be called", f"write `{call}`"


@code("E310")
def not_callable(name: str, what: str) -> Said:
    """Something that is no function is followed by a parenthesis."""
    return (
        f"{quoted(name)} is {what}, not a function",
        f"write {quoted(name)} without the parentheses, or an operator",
    )


@code("E311")
def score_outside_decision() -> Said:
    """The score is known only after all conditions, so only the decision can use it."""
    return "`score` can only be used in the decision", "use the conditions themselves"


@code("E312")
def score_of_unknown(name: str, help_: str | None) -> Said:
    """A weight is given to something that is no condition."""
    return f"{quoted(name)} is not a condition, so it cannot carry a weight", help_


@code("E313")
def unknown_parameter(name: str, help_: str | None) -> Said:
    """A value is given to a parameter that the strategy does not have."""
    return f"{quoted(name)} is not a parameter of this strategy", help_


@code("E314")
def not_a_parameter(name: str, help_: str | None) -> Said:
    """A constraint is about parameters and numbers alone, for it must be known before any candle is seen."""
    return f"{quoted(name)} is not a parameter, and constraints are about parameters", help_


# --- E4 types and arguments ----------------------------------------------------------------


@code("E401")
def wrong_argument_count(signature: str, expected: int, found: int) -> Said:
    """A function is called with too few or too many arguments."""
    name = signature.partition("(")[0]
    return f"`{name}` takes {some(expected, 'argument')}, not {found}", f"write `{signature}`"


@code("E402")
def input_is_boolean(name: str) -> Said:
    """Inputs are numbers; a truth belongs into `conditions`."""
    return f"the input {quoted(name)} is true or false, not a number", "move it to conditions"


@code("E403")
def condition_is_number(what: str, expression: str) -> Said:
    """A condition or decision must be true or false as a whole."""
    return f"{what} is a number, not true or false", f"compare it, for example `{expression} != 0`"


@code("E404")
def boolean_operand(what: str, help_: str | None) -> Said:
    """A truth stands where a number is needed: in arithmetic, a comparison or a function."""
    return f"{what} needs numbers, and this is true or false", help_


@code("E405")
def period_not_constant(function: str, parameter: str) -> Said:
    """A period (window length) must be the same on every candle."""
    return f"`{parameter}` of `{function}` must be a constant, not a series", (
        "write a whole number, for example 14"
    )


@code("E406")
def period_not_whole(function: str, parameter: str, found: str) -> Said:
    """A period is a whole number of candles, at least 1."""
    return f"`{parameter}` of `{function}` must be a whole number of at least 1, not {found}", None


@code("E407")
def offset_not_constant() -> Said:
    """The number of candles in `x[n]` must be the same on every candle."""
    return "an offset must be a constant, not a series", "write a whole number, for example [1]"


@code("E408")
def offset_not_whole(found: str) -> Said:
    """The number of candles in `x[n]` must be whole."""
    return f"an offset must be a whole number of candles, not {found}", None


@code("E409")
def timeframe_misused(what: str) -> Said:
    """`timeframe` and timeframe literals can only be compared with each other."""
    return f"{what} can only be used as `timeframe == 1H` or `timeframe != 1H`", None


@code("E410")
def unknown_timeframe_literal(found: str, nearest: str | None) -> Said:
    """Looks like a timeframe, but is none."""
    known = " ".join(TIMEFRAMES)
    hint = f"did you mean `{nearest}`? " if nearest else ""
    return f"{quoted(found)} is neither a number nor a timeframe", f"{hint}Timeframes: {known}"


@code("E411")
def weight_not_integer(name: str, found: str, help_: str | None) -> Said:
    """Weights are whole numbers (10.0 counts as 10)."""
    return f"the weight of {quoted(name)} must be a whole number, not {found}", help_


@code("E412")
def argument_out_of_range(function: str, parameter: str, demand: str, found: str) -> Said:
    """A constant argument has a value that the function has no meaning for."""
    return f"`{parameter}` of `{function}` must be {demand}, not {found}", None


@code("E413")
def argument_not_constant(function: str, parameter: str) -> Said:
    """An argument that must be the same on every candle is a series."""
    return f"`{parameter}` of `{function}` must be a constant, not a series", None


@code("E414")
def literal_out_of_range() -> Said:
    """A number in an expression is too large for a float64."""
    return "this number is out of range", "write a number below 1.8e308"


@code("E415")
def value_out_of_range(name: str, found: str, demand: str, help_: str | None = None) -> Said:
    """A parameter is given a value that its declaration does not allow."""
    return f"{quoted(name)} must be {demand}, not {found}", help_


@code("E416")
def unfit_value(values: str, problem: str) -> Said:
    """The declared range of a parameter has values for which an expression means nothing."""
    return f"with {values}, {problem}", "narrow the range of the parameter, or add a constraint"


@code("E417")
def constraint_broken(constraint: str, values: str) -> Said:
    """The values of the parameters do not satisfy one of the constraints."""
    return f"the constraint {quoted(constraint)} does not hold with {values}", "choose other values"


@code("E418")
def constraint_not_truth(constraint: str) -> Said:
    """A constraint must be true or false, and known without any candle."""
    return f"the constraint {quoted(constraint)} is not a comparison of parameters", (
        "write one that is true or false, for example fast < slow"
    )


# --- E5 causality and determinism ----------------------------------------------------------


@code("E501")
def lookahead_offset(found: str) -> Said:
    """A negative offset reads candles that have not closed yet."""
    return f"an offset of {found} looks into the future", "use an offset of 0 or more: x[1] is one candle ago"


@code("E502")
def lookahead_window(function: str, parameter: str, found: str) -> Said:
    """A negative window reads candles that have not closed yet."""
    return f"`{parameter}` of `{function}` is {found}: a negative window looks into the future", (
        "write a whole number of at least 1"
    )


@code("E503")
def lookahead_function(name: str) -> Said:
    """A call of a function that promises future candles."""
    return f"`{name}` asks for the future, and no candle knows its future", (
        "use x[n] for the value n candles ago"
    )


@code("E504")
def nondeterministic_function(name: str) -> Said:
    """A call of a function whose value would differ from run to run."""
    return f"`{name}` would give another result on every run", "use market data only"


@code("E505")
def reads_the_future(right: int) -> Said:
    """The compiler's own proof failed: an expression reads candles after its own."""
    return f"this expression reads {some(right, 'candle')} into the future", None


# --- E6 limits -----------------------------------------------------------------------------


@code("E601")
def document_too_large(size: int, limit: int) -> Said:
    """The document has more bytes than the limit."""
    return f"the document has {size:,} bytes; the limit is {limit:,}", None


@code("E602")
def document_too_deep(limit: int) -> Said:
    """Objects and arrays are nested deeper than the limit."""
    return f"objects and arrays are nested more than {limit} deep", None


@code("E603")
def expression_too_long(length: int, limit: int) -> Said:
    """An expression has more characters than the limit."""
    return f"the expression has {length:,} characters; the limit is {limit:,}", "split it into several inputs"


@code("E604")
def expression_too_deep(limit: int) -> Said:
    """Brackets, calls, NOT and unary minus are nested deeper than the limit."""
    return f"brackets, calls, NOT and unary minus are nested more than {limit} deep", (
        "split the expression into several inputs"
    )


@code("E605")
def too_many_entries(section: str, count: int, limit: int) -> Said:
    """A section has more entries than the limit."""
    return f"{section} has {count:,} entries; the limit is {limit:,}", None


@code("E606")
def too_many_nodes(limit: int) -> Said:
    """The strategy needs more distinct computations than the limit."""
    return f"the strategy needs more than {limit:,} distinct computations", "split it into several strategies"


@code("E607")
def window_too_long(function: str, parameter: str, found: str, limit: int) -> Said:
    """A window is longer than the limit."""
    return f"`{parameter}` of `{function}` is {found}; the limit is {limit:,}", None


@code("E608")
def offset_too_long(found: str, limit: int) -> Said:
    """An offset reaches further back than the limit."""
    return f"an offset of {found} is too long; it must be below {limit:,}", None


@code("E609")
def weight_too_large(name: str, found: str, limit: int) -> Said:
    """A weight is beyond the limit."""
    return f"the weight of {quoted(name)} is {found}; the limit is ±{limit:,}", None


@code("E610")
def more_problems(count: int) -> Said:
    """There are more mistakes than are shown; mend these first."""
    return f"and {some(count, 'more problem')}", "mend those above first"


@code("E611")
def work_over_budget(cost: float, budget: float, candles: int, dearest: str = "", fits: str = "") -> Said:
    """Evaluating the strategy on these bars would cost more work than the budget allows."""
    return (
        f"evaluating {candles:,} candles would cost {cost:.3g} units of work; the budget is {budget:.3g}"
        f"{dearest}",
        f"use fewer candles or a simpler strategy, or raise the budget{fits}",
    )


@code("E612")
def memory_over_budget(size: int, budget: float, candles: int, dearest: str = "", fits: str = "") -> Said:
    """Evaluating the strategy on these bars would need more memory than the budget allows."""
    return (
        f"evaluating {candles:,} candles would need {amount(size)}; "
        f"the budget is {amount(int(budget))}{dearest}",
        f"use fewer candles or ask for fewer outputs, or raise the budget{fits}",
    )


@code("E613")
def deadline_passed(seconds: float, progress: str, work: float | None) -> Said:
    """The evaluation had not ended when its deadline passed; nothing of it is kept."""
    expected = "" if work is None else f"; the whole is reckoned at about {work / 1e9:.2g} s of one core"
    return (
        f"the deadline of {seconds:g} s passed ({progress})",
        f"allow more time, or use fewer candles or a simpler strategy{expected}",
    )


@code("E614")
def stopped(progress: str) -> Said:
    """The caller stopped the evaluation before it had ended; nothing of it is kept."""
    return f"the evaluation was stopped ({progress})", "evaluate again; what was done is not kept"


# --- W7 warnings ---------------------------------------------------------------------------


@code("W701")
def number_as_truth(expression: str) -> Said:
    """A number inside `AND`, `OR` or `NOT` counts as true where it is not 0."""
    return "this number counts as true wherever it is not 0", f"say it: `{expression} != 0`"


@code("W702")
def division_by_zero() -> Said:
    """A division by a constant zero is undefined on every candle."""
    return "this divides by zero, so it is undefined on every candle", "divide by something else"


@code("W703")
def no_conditions() -> Said:
    """A strategy without conditions can hardly decide anything."""
    return "the strategy has no conditions", "add at least one condition"


@code("W704")
def no_weights() -> Said:
    """Without weights the score is 0 on every candle."""
    return "no condition carries a weight, so the score is always 0", "give a condition a weight"


@code("W706")
def unused_parameter(name: str) -> Said:
    """A parameter is declared and no expression uses it, so its value changes nothing."""
    return f"no expression uses the parameter {quoted(name)}", "use it, or remove it"


@code("W705")
def more_warnings(count: int) -> Said:
    """There are more warnings than are shown, and no errors."""
    return f"and {some(count, 'more warning')}", None
