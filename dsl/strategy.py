"""The front door: check a document, compile it, evaluate it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
import threading
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .compiler.analyze import Checked
from .compiler.canonical import canonical, digest
from .compiler.facts import Fact, facts
from .compiler.front import check, diagnose
from .compiler.looks import Look, idle, locked
from .files import read_document
from .grammar.diagnostics import Diagnostic, Message
from .grammar.document import Document, load
from .grammar.nodes import Call, postorder
from .grammar.words import MINUTES
from .limits.budgets import check_budget_values, check_budgets
from .limits.ending import ending, watch_for
from .limits.estimates import Estimate, estimate
from .prepared import ENTRY, Prepared, prepare, prepare_interval
from .runtime.plan import Plan
from .runtime.registry import registered
from .schemas.parameters import Parameter
from .schemas.structure import Market

if TYPE_CHECKING:
    from .about.drawn import Form
    from .about.report import Report
    from .proof.certificate import Certificate
    from .proof.replay import Replay
    from .result import Evaluation
    from .stream import Stream
    from .sweep.folds import Range
    from .sweep.run import Progress
    from .sweep.trial import Sweep

Source: TypeAlias = "str | bytes | Path | dict[str, Any]"
Outputs: TypeAlias = "Literal['all', 'signals'] | Iterable[str]"

WORK_BUDGET = 2e13
"""The default budget of `evaluate`, in the units of `Kernel.cost`: some hours of one core."""
MEMORY_BUDGET = 8 * 2**30
"""The default memory budget of `evaluate`, in bytes."""


_PLANS = 16  # how many choices of outputs a strategy remembers


class StrategyError(ValueError):
    """A strategy that cannot be compiled or run; `.diagnostics` says what is wrong and where.

    Of an invalid document the warnings are among the diagnostics, too.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], label: str = "<text>") -> None:
        self.diagnostics = list(diagnostics)
        self.label = label
        super().__init__(self.diagnostics, label)

    def __str__(self) -> str:
        from .render import one_line

        lines = [one_line(diagnostic, self.label) for diagnostic in self.diagnostics[:10]]
        rest = len(self.diagnostics) - len(lines)
        return "\n".join([*lines, f"… and {rest} more"] if rest > 0 else lines)


def validate(source: Source, *, timeframe: str | None = None, ignore: Iterable[str] = ()) -> list[Diagnostic]:
    """Everything that is wrong with a strategy, errors and warnings, in the order of the text.

    A str or bytes is the text of a document, a Path a file, a dict plain data; an envelope with
    `strategySnapshotJson` is opened, and places are those of the inner text. An empty list means
    that the strategy is valid. Warnings whose codes are in `ignore` are left out; a code that is none or an
    error is a ValueError. Never raises on content; a file that cannot be read is an OSError.

    >>> [(d.code, d.path, d.column) for d in validate('{"inputs": {"fast": "emma(close, 9)"}}')][-1]
    ('E301', '/inputs/fast', 22)
    """
    return _heard(diagnose(_read(source), _known_timeframe(timeframe)), ignore)


def compile(
    source: Source,
    *,
    timeframe: str | None = None,
    parameters: Mapping[str, float | bool] | None = None,
    strict: bool = False,
    ignore: Iterable[str] = (),
) -> Strategy:
    """A strategy that is ready to evaluate.

    Takes what `validate` takes; `timeframe` replaces the one of the document (which must have a
    valid one all the same), `parameters` are values in the places of defaults; both enter the hash.
    Raises StrategyError with all diagnostics if anything is an error, or, if `strict`, a warning that is not
    in `ignore`, which has codes such as "W711".

    >>> strategy = compile({
    ...     "configuration": {"timeframe": "1D"},
    ...     "inputs": {},
    ...     "conditions": {"up": "close > close[1]"},
    ...     "score": {"up": 1},
    ...     "decision": {"entry": "score == 1"},
    ... })
    >>> strategy.warmup, strategy.max_score
    (1, 1)
    """
    strategy = _compiled(_read(source), _known_timeframe(timeframe), parameters or {})
    heard = _heard(strategy.diagnostics, ignore) if strict else []
    if heard:
        raise StrategyError(heard, strategy._document.label)
    return strategy


def _heard(diagnostics: Iterable[Diagnostic], ignore: Iterable[str]) -> list[Diagnostic]:
    if not ignore:
        return list(diagnostics)
    from .ignoring import ignored_codes, parted

    return parted(diagnostics, ignored_codes(ignore))[0]


def _compiled(document: Document, timeframe: str | None, binding: Mapping[str, Any]) -> Strategy:
    checked, diagnostics = check(document, timeframe, binding)
    if checked is None:
        raise StrategyError(diagnostics, document.label)
    return Strategy(checked, document, timeframe)


def _read(source: Source) -> Document:
    if isinstance(source, Path):
        return load(read_document(source), str(source))
    return load(source)


def _known_timeframe(timeframe: str | None) -> str | None:
    if timeframe is not None and timeframe not in tuple(MINUTES):
        raise ValueError(f"{timeframe!r} is not a timeframe; timeframes: {' '.join(MINUTES)}")
    return timeframe


class Strategy:
    """A checked and compiled strategy: immutable, picklable, usable from several threads.

    Made by `dslc.compile`.
    """

    def __init__(self, checked: Checked, document: Document, timeframe: str | None) -> None:
        self._checked = checked
        self._document = document
        self._override = timeframe
        self._plans: dict[tuple[str, ...], Prepared] = {}
        self._lock = threading.Lock()
        self._sealed = True

    def __setattr__(self, name: str, value: object) -> None:
        if getattr(self, "_sealed", False):
            raise AttributeError("a strategy is immutable")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a strategy is immutable")

    def __repr__(self) -> str:
        return f"<dslc.Strategy {self.name or self.hash[:12]!r} {self.timeframe}>"

    def __reduce__(self) -> tuple[Callable[..., Strategy], tuple[Any, ...]]:
        document = self._document
        source = document.data if document.text is None else document.text
        metadata = dict(document.metadata)
        return _rebuild, (source, document.label, metadata, self._override, self.values, self._indicators)

    @property
    def _indicators(self) -> tuple[str, ...]:
        """The functions that it calls and that users have registered."""
        known = registered()
        trees = (*self._checked.trees.values(), *(own.tree for own in self._checked.own.values()))
        nodes = (node for tree in trees if known for node in postorder(tree))
        return tuple(sorted({node.name for node in nodes if isinstance(node, Call) and node.name in known}))

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """The warnings that `validate` gives, verdicts among them, for the values of the parameters."""
        return tuple(diagnose(self._document, self._override, self.values))

    @property
    def name(self) -> str | None:
        """The document's `name`."""
        return self._checked.name

    @property
    def description(self) -> str | None:
        """The document's `description`."""
        return self._checked.description

    @property
    def metadata(self) -> dict[str, Any]:
        """What stood beside the strategy in its envelope."""
        return copy.deepcopy(dict(self._document.metadata))

    @property
    def timeframe(self) -> str:
        """The timeframe, after a replacement."""
        return self._checked.timeframe

    @property
    def market(self) -> Market:
        """What the strategy reads besides its candles: time zone, further series, other symbols."""
        return self._checked.market

    @property
    def functions(self) -> dict[str, str]:
        """The document's own functions that some entry calls: signature and canonical formula."""
        return dict(self._canonical.get("functions", {}))

    @property
    def inputs(self) -> dict[str, str]:
        """The inputs: name and canonical expression."""
        return dict(self._canonical["inputs"])

    @property
    def conditions(self) -> dict[str, str]:
        """The conditions: name and canonical expression."""
        return dict(self._canonical["conditions"])

    @property
    def weights(self) -> dict[str, int]:
        """The weight of every condition; 0 where the document gives none."""
        return dict(self._checked.weights)

    @property
    def entry(self) -> str:
        """The decision, as a canonical expression."""
        return str(self._canonical["decision"]["entry"])

    @property
    def canonical(self) -> dict[str, Any]:
        """The canonical document, what the hash is made of; a copy."""
        return copy.deepcopy(self._canonical)

    @cached_property
    def _canonical(self) -> dict[str, Any]:
        return canonical(self._checked)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical document, 64 hexadecimal digits."""
        return digest(self._checked)

    @property
    def parameters(self) -> dict[str, Parameter]:
        """What the document declares: name and `Parameter` (kind, default, range, unit, description)."""
        return dict(self._checked.parameters)

    @property
    def values(self) -> dict[str, float | bool]:
        """The value of every parameter: the one that is bound, or the default."""
        return dict(self._checked.values)

    def bind(self, **values: float | bool) -> Strategy:
        """The strategy with these values of its parameters; the others keep theirs.

        It is the strategy with the numbers written out, with the hash of that. Raises StrategyError
        where a value is out of its range, breaks a constraint, or is of no parameter.

        >>> strategy = compile({
        ...     "configuration": {"timeframe": "1D"},
        ...     "parameters": {"fast": {"default": 9, "min": 2, "max": 50}},
        ...     "inputs": {"mean": "sma(close, fast)"},
        ...     "conditions": {"up": "close > mean"},
        ...     "score": {"up": 1},
        ...     "decision": {"entry": "score == 1"},
        ... })
        >>> strategy.bind(fast=12).inputs
        {'mean': 'sma(close, 12)'}
        >>> strategy.bind(fast=60)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        dslc.strategy.StrategyError: ...`fast` must be a whole number from 2 to 50, not 60...
        """
        return _compiled(self._document, self._override, {**self.values, **values})

    @property
    def warmup(self) -> int:
        """Candles before the first one on which every condition is defined, without gaps."""
        return max((self._facts[node].first for node in self._checked.conditions.values()), default=0)

    @property
    def max_score(self) -> int:
        """The sum of the positive weights: no candle's score is above it."""
        return sum(weight for weight in self._checked.weights.values() if weight > 0)

    @property
    def extents(self) -> dict[str, tuple[float, int]]:
        """The certificate of causality: the candles that each input, condition and the decision read.

        An interval of candles relative to the value's own, `(-20, 0)` for a mean of 21 and
        `(-inf, 0)` for a recurrence. The compiler refuses a right end above 0.
        """
        roots = {**self._checked.inputs, **self._checked.conditions, ENTRY: self._checked.entry}
        return {name: (self._facts[node].left, self._facts[node].right) for name, node in roots.items()}

    @cached_property
    def _facts(self) -> list[Fact]:
        return facts(self._checked.graph)

    def evaluate(
        self,
        bars: Any,
        *,
        outputs: Outputs = "all",
        resample: bool = False,
        align: str | None = None,
        work: float = WORK_BUDGET,
        memory: float = MEMORY_BUDGET,
        deadline: float | None = None,
        stop: Callable[[], object] | None = None,
        symbols: Mapping[str, Any] | None = None,
    ) -> Evaluation:
        """Score and decision, inputs and conditions, on every candle of a history.

        `bars` is a `Bars` or anything that makes one. `outputs` says what is kept: "all",
        "signals" (score and entry only), or the names of inputs and conditions to keep besides.
        `resample` makes candles of the strategy's timeframe from finer bars, aligned as
        `Bars.resample` says. `symbols` are the bars of other instruments that the strategy reads, by
        the names that `configuration.symbols` gives them. Raises BarsError where the bars contradict
        the strategy, and StrategyError where the run would exceed the budgets `work` or `memory`; that
        is known before the workspace and the results are allocated (the bars are converted by then).

        With a `deadline`, in seconds from the call, the evaluation ends in StrategyError (E613) within
        100 ms once they have passed; so it does (E614) once `stop()` is true, which is asked every few
        milliseconds, for instance `threading.Event().is_set`. Only reading bars, and compiling a kernel that
        has never run on this machine, take longer if they must. Neither changes a bit of a result.
        """
        from .result import evaluate

        names = self._names(outputs)
        check_budget_values(work=work, memory=memory)
        watch = watch_for(deadline, stop)
        with ending(self._refuse, watch, deadline):
            budgets = work, memory
            found: Evaluation = evaluate(self, names, bars, resample, align, budgets, watch, symbols)
        return found

    def estimate(self, candles: int, *, outputs: Outputs = "all") -> Estimate:
        """What `evaluate` with these outputs will cost on so many candles, and which parts cost it.

        Nothing of it is allocated, and no bars are needed; `evaluate` holds its budgets against the same
        numbers.

        >>> strategy = compile({
        ...     "configuration": {"timeframe": "1D"},
        ...     "inputs": {"near": "sma(close, 16)", "far": "ema(sma(close, 16), 64)"},
        ...     "conditions": {"up": "near > far"},
        ...     "score": {"up": 1},
        ...     "decision": {"entry": "score == 1"},
        ... })
        >>> found = strategy.estimate(1_000_000)
        >>> found.bytes > 25_000_000, found.work > 1e6
        (True, True)
        >>> [part.name for part in found.dearest]
        ['near', 'far', 'entry', 'up']
        """
        return estimate(self, self._names(outputs), candles)

    def report(self) -> Report:
        """What is known of the strategy before any candle is seen.

        Warm-up, settle length, extent, range and unit of every input and condition, and of every node of
        the graph; the largest and the smallest score; the minimal sets of conditions that fire the
        decision; what a million candles cost, and which parts cost it.

        >>> strategy = compile({
        ...     "configuration": {"timeframe": "1D"},
        ...     "inputs": {"mean": "sma(close, 3)"},
        ...     "conditions": {"up": "close > mean", "busy": "volume > volume[1]", "far": "close > 2 * mean"},
        ...     "score": {"up": 40, "busy": 30, "far": 30},
        ...     "decision": {"entry": "score >= 70"},
        ... })
        >>> found = strategy.report()
        >>> mean = found.entries[0]
        >>> mean.name, mean.first, (mean.left, mean.right), mean.unit
        ('mean', 2, (-2, 0), 'price')
        >>> [(fires.conditions, fires.score) for fires in found.firing.sets]
        [(('up', 'busy'), 70), (('up', 'far'), 70)]
        """
        from .about.report import report

        return report(self)

    def picture(self, format: Form = "mermaid", *, title: str | None = None) -> str:
        """The graph of the strategy as text: for "mermaid", for Graphviz ("dot"), or as "svg".

        A box for what has a name and for every operation between, arrows from what is read to what reads
        it. The title is the name, or the beginning of the hash, where none is given. Raises ValueError for
        any other format.

        >>> strategy = compile({
        ...     "configuration": {"timeframe": "1D"},
        ...     "inputs": {"mean": "sma(close, 3)"},
        ...     "conditions": {"up": "close > mean"},
        ...     "score": {"up": 40},
        ...     "decision": {"entry": "score >= 40"},
        ... })
        >>> print(*strategy.picture("dot", title="up").splitlines()[3:9], sep="\\n")
          n0 [shape=oval, label="close"];
          n1 [shape=box, label="mean\\nsma(close, 3)"];
          n2 [shape=hexagon, label="up\\nclose > mean"];
          n3 [shape=parallelogram, label="score\\n0 to 40"];
          n4 [shape=doubleoctagon, label="entry\\nscore >= 40"];
          n0 -> n1;
        >>> strategy.picture("png")
        Traceback (most recent call last):
        ...
        ValueError: `png` is no format of a picture: there are `mermaid`, `dot` and `svg`
        """
        from .about.drawn import drawn
        from .about.picture import picture_of

        return drawn(picture_of(self._checked, title or self.name or self.hash[:12]), format)

    def verify(
        self,
        bars: Any,
        *,
        resample: bool = False,
        align: str | None = None,
        thorough: bool = False,
        seed: int = 0,
        work: float = WORK_BUDGET,
        memory: int = MEMORY_BUDGET,
    ) -> Certificate:
        """Check on these bars what the compiler has proved; the certificate says what was found.

        The results are computed again on prefixes, with other futures, candle by candle, in other chunks
        and as plain Python, and every bit has to come out the same. That takes some seconds for a million
        candles, some minutes if `thorough`; `seed` (0 to 2**40) is that of whatever is drawn. A flaw is
        reported by the certificate, not raised. Takes and raises what `evaluate` does; the budget of work is
        that of a single run, and the results are in memory twice.

        >>> strategy = compile({
        ...     "configuration": {"timeframe": "1D"},
        ...     "inputs": {"mean": "sma(close, 3)"},
        ...     "conditions": {"up": "close > mean"},
        ...     "score": {"up": 1},
        ...     "decision": {"entry": "score == 1"},
        ... })
        >>> certificate = strategy.verify({"close": [1.0, 2.0, 3.0, 2.0, 5.0]})
        >>> certificate.ok, certificate.extents["inputs.mean"]
        (True, (-2, 0))
        >>> [(check.name, check.cases) for check in certificate.checks][:3]
        [('prefixes', 4), ('futures', 16), ('stream', 5)]
        """
        from .proof.checks import Effort
        from .proof.verify import verify

        effort = Effort(seed, thorough)
        return verify(self.evaluate(bars, resample=resample, align=align, work=work, memory=memory), effort)

    def replay(
        self,
        certificate: Certificate,
        bars: Any,
        *,
        resample: bool = False,
        align: str | None = None,
        work: float = WORK_BUDGET,
        memory: int = MEMORY_BUDGET,
    ) -> Replay:
        """Whether this engine gives the bits of a certificate, and which node of the graph differs first.

        Takes and raises what `evaluate` does, and raises CertificateError where the certificate is of another
        strategy or of other bars. `dslc.read_certificate` reads one from the bytes of a file.
        """
        from .proof.replay import check_strategy, replay

        check_strategy(certificate, self)
        evaluation = self.evaluate(bars, resample=resample, align=align, work=work, memory=memory)
        return replay(certificate, evaluation)

    def sweep(
        self,
        bars: Any,
        grid: Mapping[str, Any] | Iterable[str],
        *,
        objective: str = "t_value_5",
        maximize: bool = True,
        sampler: str = "grid",
        trials: int | None = None,
        seed: int = 0,
        train: Range | None = None,
        test: Range | float | None = None,
        folds: int = 0,
        threads: int = 1,
        resample: bool = False,
        align: str | None = None,
        work: float = WORK_BUDGET,
        memory: int = MEMORY_BUDGET,
        progress: Progress | None = None,
    ) -> Sweep:
        """Try values of parameters, and of weights as `score.NAME`, on the same bars.

        `grid` has the values of each name (or None for the declared range), or texts such as
        "fast=5:50:5" and "slow=20,50,100". `objective` is a statistic of a batch, such as "t_value_5".
        `sampler` is "grid" (all combinations), "random", "sobol" or "optuna", with so many `trials` and
        a `seed`; constraints of the document hold in all of them.

        Honest by default: `test` is a range of candles, or a share of the last ones, that takes no part
        in choosing; `train` the range that does; `folds` that many steps of a walk forward. Values that
        change only weights and the decision are scored again without computing any indicator.
        `progress(done, of)` is called with the number of trials done, and of all where that is known.
        Raises ValueError where the grid or the ranges cannot be used, and what `evaluate` raises.

        >>> strategy = compile({
        ...     "configuration": {"timeframe": "1D"},
        ...     "parameters": {"level": {"default": 2, "min": 1, "max": 9}},
        ...     "inputs": {},
        ...     "conditions": {"up": "close > level"},
        ...     "score": {"up": 1},
        ...     "decision": {"entry": "score == 1"},
        ... })
        >>> found = strategy.sweep({"close": [1.0, 2.0, 3.0, 4.0]}, ["level=1:3:1"], objective="entries")
        >>> [(trial.values["level"], trial.objective) for trial in found]
        [(1, 3.0), (2, 2.0), (3, 1.0)]
        """
        from .sweep.run import sweep

        return sweep(
            self,
            bars,
            grid if isinstance(grid, Mapping) else list(grid),
            objective=objective,
            maximize=maximize,
            sampler=sampler,
            trials=trials,
            seed=seed,
            train=train,
            test=test,
            folds=folds,
            threads=threads,
            resample=resample,
            align=align,
            work=work,
            memory=memory,
            progress=progress,
        )

    def stream(self, snapshot: bytes | None = None, *, zone: str | None = None) -> Stream:
        """The strategy on candles that come one at a time, or going on where `snapshot` was taken.

        Each candle gets the bits that `evaluate` gives it. Times without an offset are read in
        `zone`, and candles of 1D and 1W end with its days: give that of the bars, `Bars.zone`.
        Raises SnapshotError for a snapshot of another strategy or version.
        """
        from .stream import Stream

        return Stream(self, snapshot, zone)

    def _names(self, outputs: Outputs) -> tuple[str, ...]:
        known = (*self._checked.inputs, *self._checked.conditions)
        if outputs == "all":
            return known
        if outputs == "signals":
            return ()
        wanted = set([outputs] if isinstance(outputs, str) else outputs)
        if wanted - set(known):
            names = ", ".join(sorted(map(str, wanted - set(known))))
            raise ValueError(f"the strategy has no input or condition {names}")
        return tuple(name for name in known if name in wanted)

    def _prepare(self, names: tuple[str, ...], look: Look = idle) -> Prepared:
        """The plan that keeps the named inputs and conditions besides score and entry."""
        with locked(self._lock, look):
            if names not in self._plans:
                while len(self._plans) >= _PLANS:
                    del self._plans[next(iter(self._plans))]
                self._plans[names] = prepare(self._checked, names, look)
            return self._plans[names]

    def _prepare_interval(self) -> Prepared:
        """The plan for the two ends of the score."""
        return prepare_interval(self._checked)

    def _refuse(self, message: Message) -> StrategyError:
        """An error about the run as a whole."""
        whole = Diagnostic(
            message.code, message.severity, message.text, "", None, None, None, None, message.help
        )
        return StrategyError([whole], self._document.label)

    def _check_budgets(
        self, plan: Plan, candles: int, work: float, memory: float, size: int | None = None
    ) -> None:
        """Refuse a run over the budgets; `size` is in bytes where it is not that of the whole run."""
        check_budgets(self, plan, candles, work, memory, size)


def _rebuild(
    source: str | dict[str, Any],
    label: str,
    metadata: dict[str, Any],
    timeframe: str | None,
    values: dict[str, float | bool],
    indicators: tuple[str, ...] = (),
) -> Strategy:
    if not registered().keys() >= set(indicators):
        from .indicators import missing

        raise missing(indicators)
    return _compiled(replace(load(source, label), metadata=metadata), timeframe, values)
