"""The one place where functions, kernels and windows are declared and looked up.

A *kernel* is a plain Python function that numba can compile. A *window* tells how a value over
2k candles comes from two values over k. A *function* is what an author can write: natively as
a term of kernels, or derived as a formula in the strategy language. Everything else reads this
registry: analyzer, reference, command line, tests and suggestions.

Nothing here loads numpy or numba: `dslc validate` only needs the signatures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
import inspect
from itertools import repeat
from typing import Any, Literal, TypeAlias

Kind = Literal["number", "truth", "points"]
"""What a kernel works on: float64 numbers; masks, a byte a candle; points 0 to 255, a byte a candle."""

Series: TypeAlias = float | str
"""A number on every candle; as a default, the text of an expression."""
Truth: TypeAlias = bool
"""True, false or undefined on every candle."""
Period: TypeAlias = int
"""A constant whole number of candles, at least 1."""
Sample: TypeAlias = int
"""A constant whole number of candles, at least 2: one value alone has no such figure."""
Positive: TypeAlias = float
"""A constant number above 0."""
Fraction: TypeAlias = float
"""A constant number from 0 to 1."""
Percent: TypeAlias = float
"""A constant number from 0 to 100."""
Hours: TypeAlias = float
"""A constant number from 0 to 24: a time of day."""

ParameterKind = Literal[
    "Series", "Truth", "Period", "Sample", "Positive", "Fraction", "Percent", "Hours", "Offset", "Constant"
]
"""The kinds above, and two that only a document's own functions have: a constant whole number of candles, at
least 0, and a constant number."""

PERIODS: dict[ParameterKind, int] = {"Period": 1, "Sample": 2, "Offset": 0}
"""Parameters that count candles, and the fewest they may be."""
RANGES: dict[ParameterKind, tuple[float, float]] = {
    "Fraction": (0.0, 1.0),
    "Percent": (0.0, 100.0),
    "Hours": (0.0, 24.0),
}
"""Parameters that are constants from one number to another."""

MemoryKind = Literal["window", "recurrence", "cumulative"]
Degree = tuple[int, int] | None

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Term:
    """An operation on operands: what a native function is made of.

    `op` names a kernel or window, or is "bar" for a row of market data, whose `params` say which; operands
    are terms or whatever the caller passed in as series; `params` are the constants of the operation.
    """

    op: str
    operands: tuple[Any, ...]
    params: tuple[Any, ...] = ()


def term(op: str, *operands: Any, params: tuple[Any, ...] = ()) -> Term:
    """A term; reads better than the class where terms nest."""
    return Term(op, operands, params)


@dataclass(frozen=True, slots=True)
class Kernel:
    """One compiled loop.

    `pointwise` functions take the operands and parameters of one candle and return its value;
    `rolling` functions take a whole chunk and, of every candle, the operands of the last n;
    `recurrence` functions take a whole chunk and a state that lives on between chunks. `cost`
    is in nanoseconds a bar, roughly: the unit of every budget; of a rolling kernel, `cost_of_each`
    comes on top for every candle of the window. A kernel that is `closed` gives finite numbers for
    finite numbers; every other one has its overflows made undefined. A recurrence with a `step`
    may run `LANES` at a time.

    An operand that is a truth comes as two masks, one behind the other: where it certainly holds,
    and where it certainly fails. One that is `registered` came from a user's Python; its machine code is
    never kept on disk.
    """

    name: str
    form: Literal["pointwise", "rolling", "recurrence"]
    function: Callable[..., Any]
    operands: tuple[Kind, ...]
    result: Kind
    params: tuple[Kind, ...]
    state: int
    cost: float
    closed: bool
    first: Callable[..., int]
    settle: Callable[..., int]
    step: Callable[..., float] | None = None
    two_steps: Callable[..., float] | None = None
    cost_of_each: float = 0.0
    registered: bool = False

    def reach(self, params: Sequence[Any]) -> int:
        """How many candles before its own it reads of its operands, besides what a state remembers."""
        return int(params[0]) - 1 if self.form == "rolling" else 0

    def cost_of(self, lanes: int, params: Sequence[Any]) -> float:
        """The cost of a step of several lanes, which wait together: of four, at most twice that of one."""
        return (self.cost + self.cost_of_each * (self.reach(params) + 1)) * (1.0 + (lanes - 1) / 3)


PENDING = 2
"""What the state of a kernel with steps has besides: whether a pair is begun, and with what."""

LANES = 4
"""How many recurrences of one kind one loop advances: each alone would wait for its own last result."""


@dataclass(frozen=True, slots=True)
class Window:
    """A value over the last n candles, built by doubling.

    Either `merge` is a kernel that merges two windows which may overlap (a maximum), or `finish`
    is a kernel that makes the value from the sum of the window, its rounding error, and n.
    """

    name: str
    merge: str | None
    finish: str | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function, as its signature shows it.

    `default` stands where an author leaves the argument out: a number, or the text of an expression.
    """

    name: str
    kind: ParameterKind
    default: float | str | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    `first` is the first candle on which the value is defined when the arguments always are, in
    terms of the parameters. `unit` and `low`..`high` describe the value; `reference` says which
    well-known implementation it equals, and where it differs from it by intent.

    `memory` says which laws hold: a window depends on its last candles alone, a recurrence forgets
    where it began, something cumulative never does. `degree` says what prices and volumes that are
    multiplied do to it where its arguments are prices: with prices times p and volumes times v it is
    p**degree[0] * v**degree[1] times itself; None where there is no such law.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: Literal["number", "truth"]
    formula: str | None
    build: Callable[..., Term] | None
    documentation: str
    first: str
    unit: str
    low: float
    high: float
    reference: str | None
    internal: bool
    memory: MemoryKind
    degree: Degree

    @property
    def signature(self) -> str:
        """`ema(series, n)`, or with what may be left out: `roc(series = close, n = 10)`."""
        shown = [
            parameter.name if parameter.default is None else f"{parameter.name} = {parameter.default}"
            for parameter in self.parameters
        ]
        return f"{self.name}({', '.join(shown)})"

    @property
    def least_arguments(self) -> int:
        """How many arguments an author has to write; those with a default come last."""
        return sum(parameter.default is None for parameter in self.parameters)

    @property
    def summary(self) -> str:
        """The first sentence of the documentation."""
        return self.documentation.partition("\n")[0]


_KERNELS: dict[str, Kernel] = {}
_WINDOWS: dict[str, Window] = {}
_FUNCTIONS: dict[str, Function] = {}

_ANNOTATED: dict[str, Kind] = {"float": "number", "bool": "truth", "int": "points"}

_KERNEL_MODULES = (
    "pointwise",
    "smoothing",
    "strength",
    "windows",
    "statistics",
    "weighted",
    "adaptive",
    "trend",
    "extremes",
    "conditions",
    "cumulative",
    "arithmetic",
    "sessions",
)
_FUNCTION_MODULES = (
    "averages",
    "momentum",
    "volatility",
    "series",
    "volume",
    "candles",
    "mathematics",
    "signals",
    "statistics",
    "trend",
    "prices",
    "conditions",
    "calendar",
)


def pointwise(
    *, name: str | None = None, params: int = 0, cost: float = 0.25, closed: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a kernel by what it does on one candle.

    Kinds are read from the annotations (`float`, `bool`, and `int` for points, whose arithmetic is
    modulo 256); the last `params` arguments are constants. It must be causal by its nature: it sees
    one candle only.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        arguments = list(inspect.signature(function).parameters.values())
        kinds = tuple(_kind(argument.annotation) for argument in arguments)
        _add(
            _KERNELS,
            name or function.__name__,
            Kernel(
                name=name or function.__name__,
                form="pointwise",
                function=function,
                operands=kinds[: len(kinds) - params],
                result=_kind(inspect.signature(function).return_annotation),
                params=kinds[len(kinds) - params :],
                state=0,
                cost=cost,
                closed=closed,
                first=lambda *_: 0,
                settle=lambda *_: 0,
            ),
        )
        return function

    return register


def rolling(
    *, operands: Sequence[Kind], params: int = 1, cost: float, cost_of_each: float
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a kernel over the last n candles: `function(count, *operands, out, params)`.

    n is `params[0]`. The window of candle i is `x[i]` to `x[i + n - 1]` of every operand x, the oldest
    first; the kernel reads nothing else, so its bits depend on the window alone. It must make undefined
    what is not finite.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _add(
            _KERNELS,
            function.__name__,
            Kernel(
                name=function.__name__,
                form="rolling",
                function=function,
                operands=tuple(operands),
                result="number",
                params=tuple(repeat("number", params)),
                state=0,
                cost=cost,
                closed=True,
                first=lambda n, *_: int(n) - 1,
                settle=lambda *_: 0,
                cost_of_each=cost_of_each,
            ),
        )
        return function

    return register


def recurrence(
    *,
    operands: int | Sequence[Kind],
    params: int,
    state: int,
    cost: float,
    first: Callable[..., int],
    settle: Callable[..., int],
    step: Callable[..., float] | None = None,
    two_steps: Callable[..., float] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a kernel that remembers: `function(count, *operands, out, params, state)`.

    `first(*params)` is the first defined candle for an operand that always is, `settle(*params)`
    how many candles a wrong state needs to be forgotten to the last bit but one. The state
    starts as zeros. The kernel must not read beyond `count`. `operands` are their kinds, or how many
    numbers.

    With a `step`, the kernel only starts: it returns the candle from which on values go in pairs.
    From the value before, the first of a pair is `step(value, x, params[0])`, the second
    `two_steps(value, x, y, params[0])`, which waits half as long for the value before as two single
    steps. Where a result is not finite the value is undefined and nothing is remembered. A step on a
    value that is not finite must not be finite; then several recurrences can run in one loop.
    Without a `step`, the kernel returns nothing.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _add(
            _KERNELS,
            function.__name__,
            Kernel(
                name=function.__name__,
                form="recurrence",
                function=function,
                operands=tuple(repeat("number", operands) if isinstance(operands, int) else operands),
                result="number",
                params=tuple(repeat("number", params)),
                state=state if step is None else state + PENDING,
                cost=cost,
                closed=True,
                first=first,
                settle=settle,
                step=step,
                two_steps=two_steps,
            ),
        )
        return function

    return register


def window(name: str, *, merge: str | None = None, finish: str | None = None) -> None:
    """Declare a window operation; its one parameter is the period."""
    if (merge is None) == (finish is None):
        raise ValueError(f"{name}: a window has either a merge or a finish")
    _add(_WINDOWS, name, Window(name, merge, finish))


def native(
    *,
    first: str,
    unit: str,
    low: float = float("-inf"),
    high: float = float("inf"),
    reference: str | None = None,
    internal: bool = False,
    memory: MemoryKind = "window",
    degree: Degree = None,
) -> Callable[[Callable[..., Term]], Callable[..., Term]]:
    """Declare a function by the term that it is; the signature is that of the language."""

    def register(build: Callable[..., Term]) -> Callable[..., Term]:
        _add_function(build, None, build, first, unit, low, high, reference, internal, memory, degree)
        return build

    return register


def derived(
    formula: str,
    *,
    first: str,
    unit: str,
    low: float = float("-inf"),
    high: float = float("inf"),
    reference: str | None = None,
    memory: MemoryKind = "window",
    degree: Degree = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function by a formula of the strategy language over its parameters."""

    def register(declaration: Callable[..., Any]) -> Callable[..., Any]:
        _add_function(declaration, formula, None, first, unit, low, high, reference, False, memory, degree)
        return declaration

    return register


def function(name: str) -> Function | None:
    """The function that an author can call by this name."""
    found = functions().get(name)
    return None if found is None or found.internal else found


@cache
def functions() -> dict[str, Function]:
    """Every function by its name, internal ones included."""
    for module in _FUNCTION_MODULES:
        import_module(f".functions.{module}", __package__)
    return dict(sorted(_FUNCTIONS.items()))


@cache
def public_names() -> tuple[str, ...]:
    """The names that an author can call, sorted."""
    return tuple(name for name, found in functions().items() if not found.internal)


# --- what users register ----------------------------------------------------------------------

_REGISTERED: dict[str, tuple[Function, str]] = {}
_forget: list[Callable[[], Any]] = []


def depends_on_functions(forget: Callable[[], Any]) -> None:
    """Have a cache that is made of the registry emptied whenever functions come or go."""
    _forget.append(forget)


def registered() -> dict[str, str]:
    """The functions that users have registered, by name, each with the digest of its kernel."""
    return {name: digest for name, (_, digest) in sorted(_REGISTERED.items())}


def register(added: Function, digest: str) -> None:
    """Make a function known whose kernel is; one of this name that users have registered is replaced."""
    if added.name in functions() and added.name not in _REGISTERED:
        raise ValueError(f"{added.name} is declared twice")
    _REGISTERED[added.name] = added, digest
    _FUNCTIONS[added.name] = added
    _changed()


def unregister(name: str) -> None:
    """Forget a function that users have registered. Its kernel stays: plans of before may still run it."""
    del _REGISTERED[name], _FUNCTIONS[name]
    _changed()


def add_kernel(added: Kernel) -> None:
    """Make a kernel known; its name tells it from every other."""
    kernels()
    _KERNELS[added.name] = added
    kernels.cache_clear()


def drop_kernel(name: str) -> None:
    """Forget a kernel that no plan has."""
    del _KERNELS[name]
    kernels.cache_clear()


def _changed() -> None:
    functions.cache_clear()
    public_names.cache_clear()
    for forget in _forget:
        forget()


def kernel(name: str) -> Kernel:
    """The kernel of this name."""
    return kernels()[name]


def find_window(name: str) -> Window | None:
    """The window of this name, or None."""
    kernels()
    return _WINDOWS.get(name)


@cache
def kernels() -> dict[str, Kernel]:
    """Every kernel by its name."""
    for module in _KERNEL_MODULES:
        import_module(f".kernels.{module}", __package__)
    return dict(sorted(_KERNELS.items()))


def _add_function(
    declaration: Callable[..., Any],
    formula: str | None,
    build: Callable[..., Term] | None,
    first: str,
    unit: str,
    low: float,
    high: float,
    reference: str | None,
    internal: bool,
    memory: MemoryKind,
    degree: Degree,
) -> None:
    signature = inspect.signature(declaration)
    _add(
        _FUNCTIONS,
        declaration.__name__.rstrip("_"),
        Function(
            name=declaration.__name__.rstrip("_"),
            parameters=tuple(map(_parameter, signature.parameters.values())),
            result="truth" if signature.return_annotation == "Truth" else "number",
            formula=formula,
            build=build,
            documentation=inspect.cleandoc(declaration.__doc__ or ""),
            first=first,
            unit=unit,
            low=low,
            high=high,
            reference=reference,
            internal=internal,
            memory=memory,
            degree=degree,
        ),
    )


def _parameter(declared: inspect.Parameter) -> Parameter:
    default = None if declared.default is inspect.Parameter.empty else declared.default
    return Parameter(declared.name.rstrip("_"), declared.annotation, default)


def _add(table: dict[str, Any], name: str, entry: Any) -> None:
    if name in table:
        raise ValueError(f"{name} is declared twice")
    table[name] = entry


def _kind(annotation: Any) -> Kind:
    return _ANNOTATED[annotation]
