"""What surrounds a kernel: adapters that find its operands, and the loop over chunks and steps.

A kernel is an ordinary Python function; an *adapter* finds its operands in the workspace:

    step(count, numbers, masks, offsets, params, state)

`numbers` and `masks` point at the current candle of the workspace, `offsets` holds for each
value, the results first, how far its slot lies from there. Nothing here is compiled: a `Toolbox`
says how pointers move and what compiling means, so the same source runs as machine code and as
plain Python on numpy arrays, bit for bit alike.

The adapter of pointwise kernels is one for all: small functions, one an arity, take the operands
of a candle together, and inline to nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .registry import NAN, Kernel, Kind

Compiled = Callable[..., Any]


class Toolbox:
    """The operations that differ between compiled and plain Python, and what is made of them.

    `advance` moves a pointer, `call` calls a kernel's adapter by its address, `small` makes a byte
    of a number.
    """

    def __init__(
        self,
        advance: Callable[[Any, int], Any],
        call: Callable[..., None],
        small: Callable[[float], Any],
        compile: Callable[[Callable[..., Any]], Compiled],
    ) -> None:
        self.advance = advance
        self.call = call
        self.compile = compile
        self.pointer: dict[Kind, Compiled] = {
            "number": compile(lambda numbers, masks, offset: advance(numbers, offset)),
            "truth": compile(lambda numbers, masks, offset: advance(masks, offset)),
            "points": compile(lambda numbers, masks, offset: advance(masks, offset)),
        }
        self.constant: dict[Kind, Compiled] = {
            "number": compile(lambda value: value),
            "points": compile(small),
        }
        self.finite = compile(lambda value: value + (value - value))  # infinity gives NaN, -0 gives 0
        self.keep = compile(lambda value: value)


def make_step(kernel: Kernel, lanes: int, tools: Toolbox) -> Callable[..., None]:
    """The adapter of a kernel, not yet compiled; `lanes` is 1, or `LANES` if the kernel has a step."""
    if kernel.step is not None:
        return (_one_lane if lanes == 1 else _four_lanes)(kernel, tools)
    return _recurrence(kernel, tools) if kernel.form == "recurrence" else _pointwise(kernel, tools)


def _pointwise(kernel: Kernel, tools: Toolbox) -> Callable[..., None]:
    f = tools.compile(kernel.function)
    at = _pointers(kernel, tools)
    take = tools.compile(_TAKE[len(kernel.operands)])
    constants = _constants(kernel, tools)
    finish = tools.keep if kernel.closed or kernel.result != "number" else tools.finite
    out_at = tools.pointer[kernel.result]

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = out_at(numbers, masks, offsets[0])
        operands = at(numbers, masks, offsets)
        fixed = constants(params)
        for i in range(count):
            out[i] = finish(f(*(take(operands, i) + fixed)))

    return step


def _recurrence(kernel: Kernel, tools: Toolbox) -> Callable[..., None]:
    f = tools.compile(kernel.function)
    out_at = tools.pointer[kernel.result]
    at = _pointers(kernel, tools)

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        operands = at(numbers, masks, offsets)
        rest = (out_at(numbers, masks, offsets[0]), params, state)
        f(count, *(operands + rest))

    return step


_TAKE: dict[int, Callable[[Any, int], tuple[Any, ...]]] = {
    1: lambda at, i: (at[0][i],),
    2: lambda at, i: (at[0][i], at[1][i]),
    3: lambda at, i: (at[0][i], at[1][i], at[2][i]),
    4: lambda at, i: (at[0][i], at[1][i], at[2][i], at[3][i]),
    5: lambda at, i: (at[0][i], at[1][i], at[2][i], at[3][i], at[4][i]),
}


def _constants(kernel: Kernel, tools: Toolbox) -> Compiled:
    """A function that gives the parameters of a step together."""
    match [tools.constant[kind] for kind in kernel.params]:
        case []:
            return tools.compile(lambda p: ())
        case [a]:
            return tools.compile(lambda p: (a(p[0]),))
        case [a, b, c, d]:
            return tools.compile(lambda p: (a(p[0]), b(p[1]), c(p[2]), d(p[3])))
    raise ValueError(f"{kernel.name}: no adapter for {len(kernel.params)} parameters")


def _pointers(kernel: Kernel, tools: Toolbox) -> Compiled:
    """A function that gives the pointers to all operands together."""
    match [tools.pointer[kind] for kind in kernel.operands]:
        case [a]:
            return tools.compile(lambda n, m, o: (a(n, m, o[1]),))
        case [a, b]:
            return tools.compile(lambda n, m, o: (a(n, m, o[1]), b(n, m, o[2])))
        case [a, b, c]:
            return tools.compile(lambda n, m, o: (a(n, m, o[1]), b(n, m, o[2]), c(n, m, o[3])))
        case [a, b, c, d]:
            return tools.compile(
                lambda n, m, o: (
                    a(n, m, o[1]),
                    b(n, m, o[2]),
                    c(n, m, o[3]),
                    d(n, m, o[4]),
                )
            )
        case [a, b, c, d, e]:
            return tools.compile(
                lambda n, m, o: (
                    a(n, m, o[1]),
                    b(n, m, o[2]),
                    c(n, m, o[3]),
                    d(n, m, o[4]),
                    e(n, m, o[5]),
                )
            )
    raise ValueError(f"{kernel.name}: no adapter for {len(kernel.operands)} operands")


# --- recurrences in lanes ---------------------------------------------------------------------
#
# A loop that checks every step for values that are not finite is bound by these checks. But once
# a state is not finite it stays so: the loop runs without, and is run again with checks where the
# last value shows that they were needed.


def _one_lane(kernel: Kernel, tools: Toolbox) -> Callable[..., None]:
    begin, follow = tools.compile(kernel.function), _follow(kernel, tools)
    advance, settle = tools.advance, _settle(kernel, tools)

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = advance(numbers, offsets[0])
        x = advance(numbers, offsets[1])
        start = begin(count, x, out, params, state)
        value = state[0]
        param = params[0]
        for i in range(start, count):
            value = follow(value, x[i], param)
            out[i] = value
        settle(value, start, count, x, out, param, state)

    return step


def _four_lanes(kernel: Kernel, tools: Toolbox) -> Callable[..., None]:
    four = _Four(kernel, tools)
    at, begin, catch_up, move, settle = four.at, four.begin, four.catch_up, four.move, four.settle
    advance = tools.advance

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        outs, xs = at(numbers, offsets), at(numbers, advance(offsets, 4))
        starts, fixed = begin(count, xs, outs, params, state)
        start = max(max(starts[0], starts[1]), max(starts[2], starts[3]))
        values = catch_up(starts, start, xs, outs, fixed, state)
        for i in range(start, count):
            values = move(values, i, xs, outs, fixed)
        settle(values, starts, count, xs, outs, fixed, state)

    return step


def _follow(kernel: Kernel, tools: Toolbox) -> Compiled:
    assert kernel.step is not None
    return tools.compile(kernel.step)


def _settle(kernel: Kernel, tools: Toolbox) -> Compiled:
    """Put the last value away as the state, after a second run with checks where it is not finite."""
    follow = _follow(kernel, tools)

    def settle(value: float, start: int, count: int, x: Any, out: Any, param: float, state: Any) -> None:
        if value - value != 0.0:
            value = state[0]
            for i in range(start, count):
                reached = follow(value, x[i], param)
                defined = reached - reached == 0.0
                value = reached if defined else value
                out[i] = reached if defined else NAN
        state[0] = value

    return tools.compile(settle)


class _Four:
    """`LANES` recurrences, which is four, that advance together, as inlined functions on tuples of four.

    `at` gives their pointers, `begin` starts each, `catch_up` brings them to a common candle,
    `move` advances all by one candle, `settle` puts their states away.
    """

    def __init__(self, kernel: Kernel, tools: Toolbox) -> None:
        start, follow, settle_one = (
            tools.compile(kernel.function),
            _follow(kernel, tools),
            _settle(kernel, tools),
        )
        advance, p, s = tools.advance, len(kernel.params), kernel.state

        def at(numbers: Any, offsets: Any) -> Any:
            return (
                advance(numbers, offsets[0]),
                advance(numbers, offsets[1]),
                advance(numbers, offsets[2]),
                advance(numbers, offsets[3]),
            )

        def begin(count: int, xs: Any, outs: Any, params: Any, state: Any) -> Any:
            starts = (
                start(count, xs[0], outs[0], params, state),
                start(count, xs[1], outs[1], advance(params, p), advance(state, s)),
                start(count, xs[2], outs[2], advance(params, 2 * p), advance(state, 2 * s)),
                start(count, xs[3], outs[3], advance(params, 3 * p), advance(state, 3 * s)),
            )
            return starts, (params[0], params[p], params[2 * p], params[3 * p])

        def follow_alone(value: float, start: int, stop: int, x: Any, out: Any, param: float) -> float:
            for i in range(start, stop):
                value = follow(value, x[i], param)
                out[i] = value
            return value

        def catch_up(starts: Any, stop: int, xs: Any, outs: Any, fixed: Any, state: Any) -> Any:
            return (
                alone(state[0], starts[0], stop, xs[0], outs[0], fixed[0]),
                alone(state[s], starts[1], stop, xs[1], outs[1], fixed[1]),
                alone(state[2 * s], starts[2], stop, xs[2], outs[2], fixed[2]),
                alone(state[3 * s], starts[3], stop, xs[3], outs[3], fixed[3]),
            )

        def move(values: Any, i: int, xs: Any, outs: Any, fixed: Any) -> Any:
            a = follow(values[0], xs[0][i], fixed[0])
            b = follow(values[1], xs[1][i], fixed[1])
            c = follow(values[2], xs[2][i], fixed[2])
            d = follow(values[3], xs[3][i], fixed[3])
            outs[0][i] = a
            outs[1][i] = b
            outs[2][i] = c
            outs[3][i] = d
            return a, b, c, d

        def settle(values: Any, starts: Any, count: int, xs: Any, outs: Any, fixed: Any, state: Any) -> None:
            settle_one(values[0], starts[0], count, xs[0], outs[0], fixed[0], state)
            settle_one(values[1], starts[1], count, xs[1], outs[1], fixed[1], advance(state, s))
            settle_one(values[2], starts[2], count, xs[2], outs[2], fixed[2], advance(state, 2 * s))
            settle_one(values[3], starts[3], count, xs[3], outs[3], fixed[3], advance(state, 3 * s))

        alone = tools.compile(follow_alone)
        self.at, self.begin = tools.compile(at), tools.compile(begin)
        self.catch_up, self.move = tools.compile(catch_up), tools.compile(move)
        self.settle = tools.compile(settle)


# --- the loops ------------------------------------------------------------------------------


def make_drive(tools: Toolbox) -> Callable[..., None]:
    """The loop over chunks and steps, not yet compiled; `engine.py` explains its tables."""
    advance, call = tools.advance, tools.call

    def drive(
        head: Any,
        loads: Any,
        steps: Any,
        stores: Any,
        number_halos: Any,
        mask_halos: Any,
        offsets: Any,
        params: Any,
        state: Any,
        numbers: Any,
        masks: Any,
        bars: Any,
        kept_numbers: Any,
        kept_masks: Any,
        kept_integers: Any,
    ) -> None:
        candles, chunk, capacity, at = head[0], head[1], head[2], head[3]
        start = 0
        while start < candles:
            count = min(chunk, candles - start)
            if at + count > capacity:
                for k in range(head[4]):
                    base = number_halos[2 * k]
                    for i in range(number_halos[2 * k + 1]):
                        numbers[base + i] = numbers[base + at + i]
                for k in range(head[5]):
                    base = mask_halos[2 * k]
                    for i in range(mask_halos[2 * k + 1]):
                        masks[base + i] = masks[base + at + i]
                at = 0
            for k in range(head[6]):
                source = advance(bars, loads[2 * k] * head[9] + start)
                target = advance(numbers, loads[2 * k + 1] + at)
                for i in range(count):
                    target[i] = source[i]
            now = advance(numbers, at)
            now_masks = advance(masks, at)
            for k in range(head[7]):
                call(
                    steps[4 * k],
                    count,
                    now,
                    now_masks,
                    advance(offsets, steps[4 * k + 1]),
                    advance(params, steps[4 * k + 2]),
                    advance(state, steps[4 * k + 3]),
                )
            for k in range(head[8]):
                form, offset, row = stores[3 * k], stores[3 * k + 1], stores[3 * k + 2]
                if form == 0:
                    number = advance(now, offset)
                    kept = advance(kept_numbers, row * head[10] + start)
                    for i in range(count):
                        kept[i] = number[i] if number[i] == number[i] else NAN  # one spelling
                elif form == 1:
                    mask = advance(now_masks, offset)
                    kept_mask = advance(kept_masks, row * head[10] + start)
                    for i in range(count):
                        kept_mask[i] = mask[i]
                else:
                    number = advance(now, offset)
                    integer = advance(kept_integers, row * head[10] + start)
                    for i in range(count):
                        integer[i] = int(number[i])
            start += count
            at += count
        head[3] = at

    return drive


def make_select(tools: Toolbox) -> Callable[..., None]:
    """The loop that says when masks hold, not yet compiled.

    `head` has the number of masks, of candles, and of bytes from one mask to the next, which is
    divisible by 8; `words` are the same masks, eight candles at a time. The times of all masks
    are written one behind the other, the number of each mask into `counts`.
    """
    advance = tools.advance

    def select(head: Any, masks: Any, words: Any, times: Any, found: Any, counts: Any) -> None:
        candles = head[1]
        whole = candles // 8
        n = 0
        for row in range(head[0]):
            mask = advance(masks, row * head[2])
            word = advance(words, row * (head[2] // 8))
            before = n
            for k in range(whole):
                if word[k] != 0:
                    for i in range(8 * k, 8 * k + 8):
                        found[n] = times[i]
                        n += mask[i]
            for i in range(8 * whole, candles):
                found[n] = times[i]
                n += mask[i]
            counts[row] = n - before

    return select
