"""Candles of higher timeframes: how they are made of those below, and what of them is seen when.

A `Level` is a plan on its way along candles, with a `Held` for each frame that the plan reads from. A held
frame makes the candles of its timeframe of those that come, runs its own plan on each as soon as it has
closed, and gives the results until the next one has:

1. A candle comes. It opens in a candle of the frame, which may be a new one; then the one before is over
   now, if it was not before.
2. It becomes part of that candle: open is the first, high the greatest, low the least, close the last,
   volume the sum, and of a further series the last value that is defined.
3. If it ends where the candle of the frame does, or later, that one is over: it goes to the frame's plan.

A candle that may have begun before the first one came does not count. Whole histories take the same steps:
candles one by one in the first and the last candle of the frame, all between them at once, so a history, a
stream and any mixture of both give the same bits.

Worked, 1H candles and a frame of 4H: the candle of 02:00 is the first, so the one of 00:00 does not count.
The one of 04:00 is over with the candle of 07:00, whose close is at 08:00; if that is missing, with the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import clock
from .bars import Bars
from .calendar import figures, own_zone
from .engine import Kept, Machine, room_for
from .market import Market, is_of_clock, market_of
from .merging import rule_of
from .plan import FIELD_ROWS, HELD, PIECE, Frame, Plan, Row
from .resample import Opening, before_first, candle_spans, candles_of, ends_of_bars
from .states import HeldState, State
from .watch import Watch

Numbers = NDArray[np.float64]

_NAN = float("nan")


class Level:
    """A plan on its way along candles of one timeframe. Not for several threads at once.

    `sources` are the rows that must be brought, in the order in which `push` takes them.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        chunk: int | None = None,
        compiled: bool | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.plan = plan
        self.sources = sources_of(plan)
        self._how: dict[str, Any] = {"compiled": compiled, "watch": watch}
        self._chunk = chunk
        self._begun = False
        self._frames = [Held(frame, self.sources, self._how) for frame in plan.frames]
        self._at = {row: place for place, row in enumerate(self.sources)}

    @cached_property
    def machine(self) -> Machine:
        """The machine of the plan."""
        return Machine(self.plan, chunk=self._chunk, **self._how)

    def push(self, opening: Opening | None, values: Sequence[float], *, again: bool = False) -> Kept:
        """The stored values on the next candle, or on the last one `again`, with other values.

        `opening` says when it opens: one time. `values` are those of the sources.
        """
        for frame in self._frames:
            assert opening is not None
            frame.take(opening, values, again)
        return self.push_rows([self._value(row, opening, values) for row in self.plan.rows], again=again)

    def push_rows(self, values: Sequence[float], *, again: bool = False) -> Kept:
        """The same where the values of all rows of the plan are known, as the fields of bars often are."""
        if again:
            self.machine.take_back()
        self._begun = True
        return self.machine.push(values)

    def _value(self, row: Row, opening: Opening | None, values: Sequence[float]) -> float:
        if row[0] == HELD:
            return float(self._frames[int(row[1])].held[int(row[2])])
        if is_of_clock(row):
            assert opening is not None
            return float(figures(str(row[0]), str(row[2]), opening.times)[0])
        return values[self._at[row]] if row in self._at else _NAN

    def matrix(self, market: Market) -> Numbers:
        """What the plan reads on the next candles, shape (rows, candles); the frames go along them."""
        made = np.empty((len(self.plan.rows), market.candles))
        for place, frame in enumerate(self._frames):
            frame.advance(
                market, [made[self.plan.rows.index((HELD, place, at))] for at in range(frame.results)]
            )
        for line, row in zip(made, self.plan.rows, strict=True):
            self._look()
            if row[0] == HELD:
                continue
            if is_of_clock(row):
                assert market.opening is not None
                for start in range(0, market.candles, PIECE):
                    self._look()
                    times = market.opening.times[start : start + PIECE]
                    line[start : start + PIECE] = figures(str(row[0]), str(row[2]), times)
            else:
                line[:] = market.rows.get(row, _NAN)
        return made

    def _look(self) -> None:
        if self._how["watch"] is not None:
            self._how["watch"].look()

    def advance(self, market: Market) -> Numbers:
        """The numbers that the plan keeps on the next candles, shape (results, candles)."""
        matrix = self.matrix(market)
        machine = self._fresh()
        kept = room_for(self.plan, market.candles)
        found = kept.numbers
        machine.run(matrix[:, :-1], replace(kept, numbers=found[:, :-1]))
        found[:, -1] = machine.push(matrix[:, -1]).numbers[:, 0]
        self._go_on_from(machine)
        return found

    def _fresh(self) -> Machine:
        """A machine for many candles that stands where that of the plan does."""
        machine = Machine(self.plan, **self._how)
        if self._begun:
            machine.recall(self.machine.memory())
        return machine

    def _go_on_from(self, machine: Machine) -> None:
        self.machine.recall(machine.memory())
        self._begun = True

    @property
    def begun(self) -> bool:
        """Whether a candle has come."""
        return self._begun

    def skip(self, market: Market, fields: Numbers) -> None:
        """Go past the next candles, whose values nobody wants; `fields` is the matrix of their bars."""
        matrix = fields if self.plan.rows == FIELD_ROWS else self.matrix(market)
        machine = self._fresh()
        machine.skip(matrix[:, :-1])
        machine.push(matrix[:, -1])
        self._go_on_from(machine)

    def state(self) -> State:
        """What it remembers."""
        machine = self.machine.memory() if self._begun else None
        return State(machine, tuple(frame.state() for frame in self._frames))

    def recall(self, state: State) -> None:
        """Go on from what a level of the same plan remembered; ValueError where it does not fit."""
        if len(state.frames) != len(self._frames):
            raise ValueError("these are the frames of another plan")
        for frame, known in zip(self._frames, state.frames, strict=True):
            frame.recall(known)
        self._begun = state.machine is not None
        if state.machine is not None:
            self.machine.recall(state.machine)


def sources_of(plan: Plan) -> tuple[Row, ...]:
    """The rows that have to be brought for a plan and its frames; those of the clock are not among them.

    Of a further row nobody knows how it looks on a candle that is made of several but by what it is.
    """
    return tuple(sorted((row for row in plan.reads if not is_of_clock(row)), key=str))


# --- a frame on its way ---------------------------------------------------------------------------


@dataclass
class _Candle:
    """A candle of the frame that is being made; one that does not `count` began before all others."""

    start: int
    end: int
    counts: bool
    over: bool
    values: list[float]

    def copy(self) -> _Candle:
        """One that goes its own way."""
        return replace(self, values=list(self.values))


class Held:
    """The candles of a frame as they are made, and what is seen of the last one that is over: `held`."""

    def __init__(self, frame: Frame, sources: tuple[Row, ...], how: Mapping[str, Any]) -> None:
        self.frame = frame
        self.results = len(frame.plan.stores)
        self.held = np.full(self.results, _NAN)
        self._zone = own_zone(frame.zone)
        self._watch: Watch | None = how["watch"]
        self._level = Level(frame.plan, **{**how, "watch": _quiet(self._watch)})
        self._places = [sources.index(row) for row in self._level.sources]
        self._rules = [rule_of(row) for row in self._level.sources]
        self._candle: _Candle | None = None
        self._before: _Candle | None = None  # as it was when the last candle came

    def take(self, opening: Opening, values: Sequence[float], again: bool = False) -> None:
        """The next candle of the timeframe below, or the last one again, with other values."""
        if again:
            assert self._before is not None
            self._candle = self._before.copy()
        else:
            self._enter(opening)
            assert self._candle is not None
            self._before = self._candle.copy()
        candle = self._candle
        assert candle is not None
        if candle.over:
            return
        candle.values = [
            rule.one(known, values[place])
            for rule, known, place in zip(self._rules, candle.values, self._places, strict=True)
        ]
        if int(ends_of_bars(opening)[0]) >= candle.end:
            self._close(again)

    def _enter(self, opening: Opening) -> None:
        """Make room for the candle that opens now, if it is not in the one of before."""
        moment, candle = int(opening.times[0]), self._candle
        if candle is not None and candle.start <= moment < candle.end:
            return
        if candle is not None:
            self._close()
        starts, ends = candle_spans(opening.times, self.frame.timeframe, self._zone)
        counts = candle is not None or before_first(opening) < int(starts[0])
        self._candle = _Candle(int(starts[0]), int(ends[0]), counts, False, [_NAN] * len(self._rules))

    def _close(self, again: bool = False) -> None:
        """The candle that is being made is over, if it was not already."""
        candle = self._candle
        assert candle is not None
        if not candle.over and candle.counts:
            opening = self._opening(np.array([candle.start]))
            values = [value if value - value == 0.0 else _NAN for value in candle.values]
            self.held = self._level.push(opening, values, again=again).numbers[:, 0].copy()
        candle.over = True

    def _opening(self, starts: clock.Times) -> Opening:
        return Opening(starts, clock.TIMEFRAMES[self.frame.timeframe], self._zone)

    def advance(self, market: Market, found: Sequence[Numbers]) -> None:
        """Write what is held on each of the next candles, a line for each result: `found`, all (candles,)."""
        if not market.candles:
            return
        assert market.opening is not None
        firsts, starts, ends = candles_of(market.opening.times, self.frame.timeframe, self._zone)
        first, last = int(firsts[1]) if len(firsts) > 1 else market.candles, int(firsts[-1])
        self._one_by_one(market, range(first), found)
        if first < last:
            spans = firsts[1:-1] - first, starts[1:-1], ends[1:-1]
            self._at_once(market.part(first, last), spans, [line[first:last] for line in found])
        self._one_by_one(market, range(max(first, last), market.candles), found)

    def _one_by_one(self, market: Market, rows: range, found: Sequence[Numbers]) -> None:
        opening = market.opening
        assert opening is not None
        columns = [market.rows.get(row) for row in self._level.sources]
        values = [_NAN] * (max(self._places, default=-1) + 1)
        for row in rows:
            self._look()
            for place, column in zip(self._places, columns, strict=True):
                values[place] = _NAN if column is None else float(column[row])
            self.take(replace(opening, times=opening.times[row : row + 1]), values)
            for line, value in zip(found, self.held.tolist(), strict=True):
                line[row] = value

    def _at_once(
        self,
        market: Market,
        spans: tuple[NDArray[np.intp], clock.Times, clock.Times],
        found: Sequence[Numbers],
    ) -> None:
        """Whole candles of the frame, behind the one that is being made: where they begin, and when."""
        assert market.opening is not None
        self._close()
        firsts, starts, ends = spans
        behind = np.append(firsts[1:], market.candles)
        seen = _seen_from(market.opening, firsts, behind, ends)
        late = _late(market.candles, seen, behind)
        rows = {}
        for row, rule in zip(self._level.sources, self._rules, strict=True):
            values = market.rows.get(row)
            self._look()
            if values is not None:
                rows[row] = rule.many(
                    values if late is None else np.where(late, _NAN, values), firsts, behind
                )
        results = self._level.advance(Market(rows, len(firsts), self._opening(starts)))
        seen_for = np.diff(seen, append=market.candles)
        for line, before, result in zip(found, self.held.tolist(), results, strict=True):
            self._look()  # a line is a matter of milliseconds, all of them need not be
            line[: seen[0]] = before
            line[seen[0] :] = np.repeat(result, seen_for)
        self.held = results[:, -1].copy()
        self._candle = _Candle(int(starts[-1]), int(ends[-1]), True, True, [_NAN] * len(self._rules))
        self._before = None

    def _look(self) -> None:
        if self._watch is not None:
            self._watch.look()

    def state(self) -> HeldState:
        """What it remembers."""
        if self._candle is None:
            return HeldState((), self.held.copy(), self._level.state())
        before = self._before or self._candle
        candles = (self._candle, before)
        spans = tuple(int(item) for one in candles for item in (one.start, one.end, one.counts, one.over))
        numbers = np.concatenate([self._candle.values, before.values, self.held])
        return HeldState(spans, numbers, self._level.state())

    def recall(self, state: HeldState) -> None:
        """Go on from what a frame of the same plan remembered; ValueError where it does not fit."""
        values, results = len(self._rules), len(self.held)
        if len(state.spans) not in (0, 8) or len(state.numbers) != (
            2 * values + results if state.spans else results
        ):
            raise ValueError("these are the candles of another frame")
        self._level.recall(state.level)
        if not state.spans:
            self.held, self._candle, self._before = state.numbers.copy(), None, None
            return
        parts = np.split(state.numbers, [values, 2 * values])
        candles = [
            _Candle(start, end, bool(counts), bool(over), part.tolist())
            for (start, end, counts, over), part in zip(_by_fours(state.spans), parts[:2], strict=True)
        ]
        self._candle, self._before = candles
        self.held = parts[2].copy()


def _seen_from(
    opening: Opening, firsts: NDArray[np.intp], behind: NDArray[np.intp], ends: clock.Times
) -> NDArray[np.intp]:
    """The first row on which each candle of a frame is over: the one that ends with it, or the next one."""
    if opening.length < clock.DAY:
        last = np.searchsorted(opening.times, ends - opening.length)
    else:
        of_row = np.repeat(ends, np.diff(firsts, append=len(opening.times)))
        over = np.where(ends_of_bars(opening) >= of_row, np.arange(len(of_row)), len(of_row))
        last = np.minimum.reduceat(over, firsts)
    return np.minimum(np.maximum(last, firsts), behind)


def _late(candles: int, seen: NDArray[np.intp], behind: NDArray[np.intp]) -> NDArray[np.bool_] | None:
    """The rows that open in a candle of the frame that is over; None where there is none."""
    if not (seen + 1 < behind).any():
        return None
    changes = np.zeros(candles + 2, np.intp)
    np.add.at(changes, np.minimum(seen + 1, behind), 1)
    np.add.at(changes, behind, -1)
    return np.cumsum(changes[:candles]) > 0


def _by_fours(items: tuple[int, ...]) -> Iterator[tuple[int, int, int, int]]:
    return zip(*[iter(items)] * 4, strict=True)


class _Quiet(Watch):
    """A watch that is looked at and counts nothing: the candles of a frame are not those of the run."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def look(self) -> None:
        self._watch.look()

    def count(self, candles: int) -> None:
        pass

    def cancel(self) -> None:
        self._watch.cancel()


def _quiet(watch: Watch | None) -> Watch | None:
    return None if watch is None else _Quiet(watch)


# --- all at once ----------------------------------------------------------------------------------


def matrix_of(
    plan: Plan, bars: Bars, timeframe: str, *, compiled: bool | None = None, watch: Watch | None = None
) -> Numbers:
    """What a plan reads on a whole history, shape (rows, candles): often just the fields of the bars.

    The bars are candles of the timeframe and bring what the plan reads.
    """
    if plan.rows == FIELD_ROWS:
        return bars.matrix
    return Level(plan, compiled=compiled, watch=watch).matrix(market_of(bars, timeframe, plan.reads, watch))
