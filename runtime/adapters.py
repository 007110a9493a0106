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

from .plan import WORD
from .registry import LANES, NAN, Kernel, Kind

Compiled = Callable[..., Any]


class Toolbox:
    """The operations that differ between compiled and plain Python, and what is made of them.

    `advance` moves a pointer, `call` calls a kernel's adapter by its address, `small` makes a byte
    of a number, `pack` writes eight bytes, `target[at:]`, that have a bit for each of the 64 masks
    `source[start:]`, and `lowest` says which is the lowest bit of a number.
    """

    def __init__(
        self,
        advance: Callable[[Any, int], Any],
        call: Callable[..., None],
        small: Callable[[float], Any],
        pack: Callable[[Any, int, Any, int], None],
        lowest: Callable[[int], int],
        compile: Callable[[Callable[..., Any]], Compiled],
    ) -> None:
        self.advance = advance
        self.call = call
        self.pack = pack
        self.lowest = lowest
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
    return {"pointwise": _pointwise, "rolling": _rolling, "recurrence": _recurrence}[kernel.form](
        kernel, tools
    )


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


def _rolling(kernel: Kernel, tools: Toolbox) -> Callable[..., None]:
    """The operands begin where the window of the first candle does: the plan reads them further back."""
    f = tools.compile(kernel.function)
    out_at = tools.pointer[kernel.result]
    at = _pointers(kernel, tools)

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        operands = at(numbers, masks, offsets)
        rest = (out_at(numbers, masks, offsets[0]), params)
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
        case [a, b]:
            return tools.compile(lambda p: (a(p[0]), b(p[1])))
        case [a, b, c]:
            return tools.compile(lambda p: (a(p[0]), b(p[1]), c(p[2])))
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
# Values go in pairs (see `recurrence` in the registry). A chunk may end in the middle of a pair,
# which is then pending.
#
# A loop that checks every value for being finite is bound by these checks. But once a value is not
# finite it stays so: the loop runs without, and is run again with checks where the last value shows
# that they were needed.


def _one_lane(kernel: Kernel, tools: Toolbox) -> Callable[..., None]:
    lane = _Lane(kernel, tools)
    begin, align, finish, advance = lane.begin, lane.align, lane.finish, tools.advance

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = advance(numbers, offsets[0])
        x = advance(numbers, offsets[1])
        start = begin(count, x, out, params, state)
        value, i = align(start, count, x, out, params[0], state)
        finish(value, i, start, count, x, out, params[0], state)

    return step


def _four_lanes(kernel: Kernel, tools: Toolbox) -> Callable[..., None]:
    """`LANES` lanes, which is four: as many pairs as all have ahead run in one loop."""
    assert LANES == 4
    lane = _Lane(kernel, tools)
    begin, align, finish, advance = lane.begin, lane.align, lane.finish, tools.advance
    move, p, s = lane.move, len(kernel.params), kernel.state

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out_a, x_a = advance(numbers, offsets[0]), advance(numbers, offsets[4])
        out_b, x_b = advance(numbers, offsets[1]), advance(numbers, offsets[5])
        out_c, x_c = advance(numbers, offsets[2]), advance(numbers, offsets[6])
        out_d, x_d = advance(numbers, offsets[3]), advance(numbers, offsets[7])
        param_a, param_b, param_c, param_d = params[0], params[p], params[2 * p], params[3 * p]
        state_b, state_c, state_d = advance(state, s), advance(state, 2 * s), advance(state, 3 * s)
        start_a = begin(count, x_a, out_a, params, state)
        start_b = begin(count, x_b, out_b, advance(params, p), state_b)
        start_c = begin(count, x_c, out_c, advance(params, 2 * p), state_c)
        start_d = begin(count, x_d, out_d, advance(params, 3 * p), state_d)
        a, at_a = align(start_a, count, x_a, out_a, param_a, state)
        b, at_b = align(start_b, count, x_b, out_b, param_b, state_b)
        c, at_c = align(start_c, count, x_c, out_c, param_c, state_c)
        d, at_d = align(start_d, count, x_d, out_d, param_d, state_d)
        pairs = (count - max(max(at_a, at_b), max(at_c, at_d))) // 2
        from_a, from_b, from_c, from_d = (
            advance(x_a, at_a),
            advance(x_b, at_b),
            advance(x_c, at_c),
            advance(x_d, at_d),
        )
        to_a, to_b, to_c, to_d = (
            advance(out_a, at_a),
            advance(out_b, at_b),
            advance(out_c, at_c),
            advance(out_d, at_d),
        )
        for k in range(0, 2 * pairs, 2):
            a = move(a, k, from_a, to_a, param_a)
            b = move(b, k, from_b, to_b, param_b)
            c = move(c, k, from_c, to_c, param_c)
            d = move(d, k, from_d, to_d, param_d)
        finish(a, at_a + 2 * pairs, start_a, count, x_a, out_a, param_a, state)
        finish(b, at_b + 2 * pairs, start_b, count, x_b, out_b, param_b, state_b)
        finish(c, at_c + 2 * pairs, start_c, count, x_c, out_c, param_c, state_c)
        finish(d, at_d + 2 * pairs, start_d, count, x_d, out_d, param_d, state_d)

    return step


class _Lane:
    """One recurrence, as functions that are inlined.

    `begin` is the kernel; `align` ends a pending pair and gives the value and where the next pair
    begins; `move` is one pair; `finish` is the pairs that are left, a last value that begins one,
    and the state, which nothing before has touched.
    """

    def __init__(self, kernel: Kernel, tools: Toolbox) -> None:
        assert kernel.step is not None
        assert kernel.two_steps is not None
        follow, follow_two = tools.compile(kernel.step), tools.compile(kernel.two_steps)
        pending, begun_with = kernel.state - 2, kernel.state - 1

        def align(start: int, count: int, x: Any, out: Any, param: float, state: Any) -> Any:
            value = state[0]
            if state[pending] == 1.0 and start < count:
                value = follow_two(value, state[begun_with], x[start], param)
                out[start] = value
                start += 1
            return value, start

        def move(value: float, i: int, x: Any, out: Any, param: float) -> float:
            first, second = x[i], x[i + 1]
            middle = follow(value, first, param)
            value = follow_two(value, first, second, param)
            out[i], out[i + 1] = middle, value
            return value

        def finish(
            value: float, i: int, start: int, count: int, x: Any, out: Any, param: float, state: Any
        ) -> None:
            while i + 1 < count:
                value = moved(value, i, x, out, param)
                i += 2
            last = value
            if i < count:
                last = follow(value, x[i], param)
                out[i] = last
            if last - last == 0.0:
                state[0] = value
                state[pending] = 1.0 if i < count else 0.0
                state[begun_with] = x[i] if i < count else 0.0
            else:
                checked(start, count, x, out, param, state)

        def check(start: int, count: int, x: Any, out: Any, param: float, state: Any) -> None:
            """All of it once more, with checks; a pair that overflows is made of single steps."""
            value = state[0]
            begun = state[pending]
            first = state[begun_with]
            for i in range(start, count):
                if begun == 1.0:
                    reached = follow_two(value, first, x[i], param)
                    if reached - reached == 0.0:
                        value = reached
                        begun = 0.0
                        first = 0.0
                        out[i] = reached
                        continue
                    middle = follow(value, first, param)
                    if follow(middle, x[i], param) - follow(middle, x[i], param) == 0.0:
                        value = middle
                        begun = 0.0
                reached = follow(value, x[i], param)
                if begun == 0.0 and reached - reached == 0.0:
                    begun = 1.0
                    first = x[i]
                    out[i] = reached
                else:
                    out[i] = NAN
            state[0] = value
            state[pending] = begun
            state[begun_with] = first

        moved, checked = tools.compile(move), tools.compile(check)
        self.begin, self.align = tools.compile(kernel.function), tools.compile(align)
        self.move, self.finish = moved, tools.compile(finish)


# --- the loops ------------------------------------------------------------------------------


def make_drive(tools: Toolbox) -> Callable[..., None]:
    """The loop over chunks and steps, not yet compiled; `engine.py` explains its tables."""
    advance, call, pack = tools.advance, tools.call, tools.pack

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
        kept_bits: Any,
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
                elif form == 2:
                    number = advance(now, offset)
                    integer = advance(kept_integers, row * head[10] + start)
                    for i in range(count):
                        integer[i] = int(number[i])
                else:
                    mask = advance(now_masks, offset)
                    bits = advance(kept_bits, row * head[11])
                    i = 0
                    while i < count:
                        place = start + i
                        if place % WORD == 0 and i + WORD <= count:
                            pack(bits, place // 8, mask, i)
                            i += WORD
                        else:
                            bits[place // 8] |= mask[i] << (place % 8)
                            i += 1
            start += count
            at += count
        head[3] = at

    return drive


def make_select(tools: Toolbox) -> Callable[..., None]:
    """The loop that says when masks hold, not yet compiled.

    `head` has the number of rows and of words a row; a word has the masks of 64 candles as its bits.
    The times of all rows are written one behind the other.
    """
    advance, lowest = tools.advance, tools.lowest

    def select(head: Any, words: Any, times: Any, found: Any) -> None:
        n = 0
        for row in range(head[0]):
            for k in range(head[1]):
                word = words[row * head[1] + k]
                at = advance(times, WORD * k)
                while word != 0:
                    found[n] = at[lowest(word)]
                    word &= word - 1
                    n += 1

    return select
