"""Says which combinations of a space are tried, and in which order: grid, random, Sobol, Optuna.

A sampler is asked for combinations in batches and told what each of them gave; only Optuna learns from it.
Grid, random and Sobol go through a list of places, and the batches are only where it is cut:

1. The list: the grid in its order; the grid in a random order without repetition, where it has at most a
   million combinations, and independent draws where it has more; the points of a scrambled Sobol sequence,
   each at the combination whose cell it is in, of which none is taken twice in a space of at most a million.
2. A combination that the constraints rule out is counted in `skipped` and not asked for.
3. It ends after `trials` combinations, at the end of the list, or once 10,000 in a row are ruled out; where
   that happens in the first batch it is an error, because nothing is lost by it then.

Worked: on fast = 5, 10 and slow = 5, 10 with `fast < slow` the grid asks for (5, 10) and skips three.

Optuna (TPE) proposes from what it was told, also what is known or ruled out. After four such proposals the
next combination is a random one, so that a space of few combinations is tried completely before it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from math import isnan
from typing import TYPE_CHECKING, Protocol
import warnings

from ..grammar.spelling import Speller
from ..grammar.words import quoted, some
from ..schemas.parameters import Value, shown
from .space import MOST, Point, Space, SpaceError

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import Trial

Values = dict[str, Value]
Allowed = Callable[[Mapping[str, Value]], bool]

SAMPLERS = ("grid", "random", "sobol", "optuna")

_RULED_OUT = 10_000  # combinations in a row after which a sampler gives up
_REPEATED = 10_000  # points in a row that were all there before, after which the rest comes in order
_PROPOSALS = 4  # of Optuna for one combination; each costs as much as a trial in its books
_BLOCK = 64  # a power of 2: Sobol points are balanced by such, and SciPy warns of others


class Sampler(Protocol):
    """What a sweep asks for combinations. `skipped` counts those that the constraints rule out, and
    `versions` are those of the libraries that decide what comes."""

    skipped: int
    versions: Mapping[str, str]

    def ask(self, count: int) -> list[Values]:
        """At most `count` combinations to try next, fewer only at the end, none after it.

        Raises SpaceError in the first batch where (nearly) nothing keeps the constraints.
        """
        ...

    def tell(self, values: Sequence[Mapping[str, Value]], objectives: Sequence[float]) -> None:
        """What combinations that were asked for gave; NaN for one that gave nothing."""
        ...


def sampler(
    name: str,
    space: Space,
    trials: int | None = None,
    seed: int = 0,
    maximize: bool = True,
    allowed: Allowed | None = None,
) -> Sampler:
    """The sampler with this name, which asks for at most `trials` combinations.

    Without `trials` all combinations are tried; only random, Sobol and Optuna take a space of more than a
    million, and need `trials` there. The same space and seed give the same combinations; for Optuna that
    takes the same batches and objectives, too. `maximize` is for Optuna alone. `allowed` says whether a
    combination keeps the constraints. Raises SpaceError for what is out of its range, for a grid that
    cannot be tried, and where SciPy or Optuna is needed and not installed.

    >>> from dslc.sweep.space import Axis
    >>> space = Space((Axis("fast", (5, 10)), Axis("slow", (5, 10))))
    >>> grid = sampler("grid", space, allowed=lambda values: values["fast"] < values["slow"])
    >>> grid.ask(5), grid.ask(5), grid.skipped
    ([{'fast': 5, 'slow': 10}], [], 3)
    """
    _check(name, space, trials, seed)
    seed, most = int(seed), MOST if trials is None else int(trials)
    judge = allowed or _anything
    if name == "grid":
        return _Listed(space, most, judge, map(space.point, range(space.grid_size())), ())
    if name == "random":
        return _Listed(space, most, judge, _random_points(space, seed), ("numpy",))
    if name == "sobol":
        return _Listed(space, most, judge, _sobol_points(space, seed), ("numpy", "scipy"))
    return _Optuna(space, most, judge, seed, maximize)


def _check(name: str, space: Space, trials: int | None, seed: int) -> None:
    if name not in SAMPLERS:
        near = Speller().nearest(str(name), SAMPLERS)
        way = f"did you mean `{near}`?" if near else f"there are {', '.join(SAMPLERS)}"
        raise SpaceError(f"{quoted(str(name), 40)} is no sampler: {way}")
    if not _is_whole(seed) or not 0 <= seed < 2**64:
        raise SpaceError("the seed must be a whole number from 0 to 2**64 - 1: give for instance 0")
    if trials is None and name != "grid" and not space.small:
        raise SpaceError(f"`{name}` would never end here: say how many trials it makes")
    if trials is not None and (not _is_whole(trials) or trials < 1):
        raise SpaceError(f"the number of trials is {shown(trials)}: give a whole number of at least 1")


def _is_whole(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _anything(values: Mapping[str, Value]) -> bool:
    return True


# --- what they share --------------------------------------------------------------------------


class _Asked:
    """Asks for what `next` finds until it finds nothing, or all trials are made."""

    def __init__(self, space: Space, trials: int, allowed: Allowed, libraries: Iterable[str]) -> None:
        self.skipped = 0
        self.versions: Mapping[str, str] = {name: version(name) for name in libraries}
        self.space = space
        self._allowed = allowed
        self._left = trials
        self._begun = False
        self._in_a_row = 0

    def ask(self, count: int) -> list[Values]:
        if count < 1:
            raise ValueError("ask for at least 1 combination")
        found: list[Values] = []
        while self._left > 0 and len(found) < count:
            self._in_a_row = 0
            values = self.next()
            if values is None:
                self._left = 0
                self._check_end(len(found))
                break
            found.append(values)
            self._left -= 1
        self._begun = True
        return found

    def next(self) -> Values | None:
        """The next combination that the constraints allow."""
        raise NotImplementedError

    def admits(self, values: Values) -> bool:
        if self._allowed(values):
            return True
        self.skipped += 1
        self._in_a_row += 1
        return False

    @property
    def hopeless(self) -> bool:
        """Whether so much was ruled out in a row that it is time to stop; few combinations are all tried."""
        return self._in_a_row >= _RULED_OUT and not self.space.small

    def _check_end(self, found: int) -> None:
        if self._begun or (found and not self.hopeless):
            return
        names = ", ".join(f"`{name}`" for name in self.space.names[:8])
        of = f"{found or 'none'} of {some(self.skipped + found, 'combination')} of {names}"
        raise SpaceError(f"{of} can be tried within the constraints: choose other ranges")


class _Listed(_Asked):
    """Goes through places in their order, and learns nothing."""

    def __init__(
        self,
        space: Space,
        trials: int,
        allowed: Allowed,
        points: Iterator[Point],
        libraries: Iterable[str],
    ) -> None:
        super().__init__(space, trials, allowed, libraries)
        self._points = points

    def next(self) -> Values | None:
        for point in self._points:
            values = self.space.values(point)
            if self.admits(values):
                return values
            if self.hopeless:
                return None
        return None

    def tell(self, values: Sequence[Mapping[str, Value]], objectives: Sequence[float]) -> None:
        pass


# --- random and Sobol -------------------------------------------------------------------------


def _random_points(space: Space, seed: int) -> Iterator[Point]:
    """All places in a random order, or independent ones where they are too many for that."""
    import numpy as np

    generator = np.random.default_rng(seed)
    if space.small:
        yield from (space.point(int(number)) for number in generator.permutation(space.grid_size()))
    while not space.small:
        yield space.nearest(generator.random(len(space.axes)).tolist())


def _sobol_points(space: Space, seed: int) -> Iterator[Point]:
    """The places of a scrambled Sobol sequence; in a small space each once."""
    try:
        from scipy.stats import qmc
    except ImportError:
        raise _missing("Sobol points need SciPy") from None
    if len(space.axes) > qmc.Sobol.MAXDIM:
        raise SpaceError(f"Sobol points have at most {qmc.Sobol.MAXDIM:,} axes: vary fewer names")
    sequence = qmc.Sobol(len(space.axes), scramble=True, rng=seed)
    blocks = iter(lambda: sequence.random(_BLOCK).tolist(), None)
    points = (space.nearest(shares) for block in blocks for shares in block)
    return _once(space, points) if space.small else points


def _once(space: Space, points: Iterator[Point]) -> Iterator[Point]:
    """Every place of a space once, as they come among the points; the last that do not come, in order."""
    size, seen, repeated = space.grid_size(), set[Point](), 0
    while len(seen) < size and repeated < _REPEATED:
        point = next(points)
        repeated = repeated + 1 if point in seen else 0
        if not repeated:
            seen.add(point)
            yield point
    yield from (point for point in map(space.point, range(size)) if point not in seen)


def _missing(what: str) -> SpaceError:
    return SpaceError(f"{what}: pip install 'dslc[sweep]', or use grid or random")


# --- Optuna -----------------------------------------------------------------------------------


class _Optuna(_Asked):
    """Asks a study of Optuna. Its numbers are places, so that any steps and choices are alike to it."""

    def __init__(self, space: Space, trials: int, allowed: Allowed, seed: int, maximize: bool) -> None:
        self._study, self._distributions = _study(space, seed, maximize)
        super().__init__(space, trials, allowed, ("numpy", "optuna"))
        self._others = _random_points(space, seed)
        self._seen: set[Point] = set()
        self._pending: dict[tuple[Value, ...], list[Trial]] = {}

    def next(self) -> Values | None:
        with _quiet():
            for _ in range(_PROPOSALS):
                found = self._proposed()
                if found is not None:
                    return found
            return self._drawn()

    def _proposed(self) -> Values | None:
        from optuna.trial import TrialState

        trial = self._study.ask(self._distributions)
        point = tuple(trial.params[name] for name in self.space.names)
        if self._is_new(point):
            return self._kept(point, trial)
        self._study.tell(trial, state=TrialState.FAIL)
        return None

    def _drawn(self) -> Values | None:
        for point in self._others:
            if self._is_new(point):
                self._study.enqueue_trial(dict(zip(self.space.names, point, strict=True)))
                return self._kept(point, self._study.ask(self._distributions))
            if self.hopeless:
                return None
        return None

    def _is_new(self, point: Point) -> bool:
        """Whether a place is allowed and, in a small space, was not looked at before."""
        if self.space.small:
            if point in self._seen:
                return False
            self._seen.add(point)
        return self.admits(self.space.values(point))

    def _kept(self, point: Point, trial: Trial) -> Values:
        values = self.space.values(point)
        self._pending.setdefault(tuple(values.values()), []).append(trial)
        return values

    def tell(self, values: Sequence[Mapping[str, Value]], objectives: Sequence[float]) -> None:
        from optuna.trial import TrialState

        with _quiet():
            for found, objective in zip(values, objectives, strict=True):
                waiting = self._pending.get(tuple(found[name] for name in self.space.names))
                if not waiting:
                    raise ValueError(f"{dict(found)!r:.200} is not waiting for an objective")
                trial = waiting.pop(0)
                if isnan(objective):
                    self._study.tell(trial, state=TrialState.FAIL)
                else:
                    self._study.tell(trial, float(objective))


def _study(space: Space, seed: int, maximize: bool) -> tuple[Study, dict[str, BaseDistribution]]:
    """A study in memory, and what it may propose: numbers of values, or shares of ranges without steps."""
    try:
        import optuna
    except ImportError:
        raise _missing("the sampler `optuna` needs Optuna") from None
    import numpy as np
    from optuna.distributions import FloatDistribution, IntDistribution

    short = int(np.random.SeedSequence(seed).generate_state(1)[0])  # Optuna takes 32 bits
    with _quiet():
        chooser = optuna.samplers.TPESampler(seed=short, constant_liar=True)
        study = optuna.create_study(direction="maximize" if maximize else "minimize", sampler=chooser)
    return study, {
        name: FloatDistribution(0.0, 1.0) if count is None else IntDistribution(0, count - 1)
        for name, count in zip(space.names, space.counts, strict=True)
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna without its log and its notes on what is experimental; afterwards both are as they were."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(before)
