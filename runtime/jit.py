"""Compiles kernels to machine code; the only file that loads numba.

Every compiled function is a plain C function over pointers, so that one compiled loop can call
all of them by address and numba's dispatch takes no part in a run. A kernel is an ordinary
Python function; an *adapter* finds its operands in the workspace:

    step(count, numbers, masks, offsets, params, state)

`numbers` and `masks` point at the current candle of the workspace, `offsets` holds for each
value, the result first, how far its slot lies from there. The same adapters and the same loop
run as plain Python on numpy arrays, bit for bit alike, which is how a kernel is debugged
(NUMBA_DISABLE_JIT=1) and how a test judges the compiler.

Options that keep the bits: no fastmath, no contraction, `error_model="numpy"` (a division by
zero is no exception, so division vectorises).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
import threading
from typing import Any

from .cache import CompiledCode, ObjectCache
from .registry import Kernel, kernel

OPTIONS = {"error_model": "numpy", "nogil": True, "fastmath": False}

_LOCK = threading.RLock()


class Toolbox:
    """The pointer operations that differ between compiled and plain Python, and what is made of them."""

    def __init__(
        self,
        advance: Callable[[Any, int], Any],
        call: Callable[..., None],
        compile: Callable[[Callable[..., Any]], Callable[..., Any]],
    ) -> None:
        self.advance = advance
        self.call = call
        self.compile = compile
        self.pointer = {
            "number": compile(lambda numbers, masks, offset: advance(numbers, offset)),
            "truth": compile(lambda numbers, masks, offset: advance(masks, offset)),
        }
        self.finite = compile(lambda value: value + (value - value))  # infinity gives NaN, -0 gives 0
        self.keep = compile(lambda value: value)


def make_step(kernel: Kernel, lanes: int, tools: Toolbox) -> Callable[..., None]:
    """The adapter of a kernel, not yet compiled; `lanes` is 1, or `LANES` where the kernel has a step."""
    function = tools.compile(kernel.function)
    if kernel.step is not None:
        follow = tools.compile(kernel.step)
        return (_followed if lanes == 1 else _followed_by_four)(function, follow, tools, kernel)
    pointers = [tools.pointer[kind] for kind in (kernel.result, *kernel.operands)]
    if kernel.form == "recurrence":
        return _RECURRENCES[len(kernel.operands)](function, pointers)
    finish = tools.keep if kernel.closed or kernel.result == "truth" else tools.finite
    return _POINTWISE[len(kernel.operands), kernel.params](function, pointers, finish)


def _unary(f: Callable[..., Any], at: Sequence[Any], finish: Callable[..., Any]) -> Callable[..., None]:
    out_at, a_at = at

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = out_at(numbers, masks, offsets[0])
        a = a_at(numbers, masks, offsets[1])
        for i in range(count):
            out[i] = finish(f(a[i]))

    return step


def _binary(f: Callable[..., Any], at: Sequence[Any], finish: Callable[..., Any]) -> Callable[..., None]:
    out_at, a_at, b_at = at

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = out_at(numbers, masks, offsets[0])
        a = a_at(numbers, masks, offsets[1])
        b = b_at(numbers, masks, offsets[2])
        for i in range(count):
            out[i] = finish(f(a[i], b[i]))

    return step


def _binary_with_param(
    f: Callable[..., Any], at: Sequence[Any], finish: Callable[..., Any]
) -> Callable[..., None]:
    out_at, a_at, b_at = at

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = out_at(numbers, masks, offsets[0])
        a = a_at(numbers, masks, offsets[1])
        b = b_at(numbers, masks, offsets[2])
        param = params[0]
        for i in range(count):
            out[i] = finish(f(a[i], b[i], param))

    return step


def _quaternary(f: Callable[..., Any], at: Sequence[Any], finish: Callable[..., Any]) -> Callable[..., None]:
    out_at, a_at, b_at, c_at, d_at = at

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = out_at(numbers, masks, offsets[0])
        a = a_at(numbers, masks, offsets[1])
        b = b_at(numbers, masks, offsets[2])
        c = c_at(numbers, masks, offsets[3])
        d = d_at(numbers, masks, offsets[4])
        for i in range(count):
            out[i] = finish(f(a[i], b[i], c[i], d[i]))

    return step


def _followed(
    f: Callable[..., int], follow: Callable[..., float], tools: Toolbox, kernel: Kernel
) -> Callable[..., None]:
    advance = tools.advance

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = advance(numbers, offsets[0])
        x = advance(numbers, offsets[1])
        start = f(count, x, out, params, state)
        value = state[0]
        param = params[0]
        for i in range(start, count):
            value = follow(value, x[i], param)
            out[i] = value
        state[0] = value

    return step


def _followed_by_four(
    f: Callable[..., int], follow: Callable[..., float], tools: Toolbox, kernel: Kernel
) -> Callable[..., None]:
    """Four recurrences in one loop, whose latencies overlap; `LANES` in the registry says four."""
    advance, p, s = tools.advance, kernel.params, kernel.state

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out_a, a = advance(numbers, offsets[0]), advance(numbers, offsets[4])
        out_b, b = advance(numbers, offsets[1]), advance(numbers, offsets[5])
        out_c, c = advance(numbers, offsets[2]), advance(numbers, offsets[6])
        out_d, d = advance(numbers, offsets[3]), advance(numbers, offsets[7])
        start_a = f(count, a, out_a, params, state)
        start_b = f(count, b, out_b, advance(params, p), advance(state, s))
        start_c = f(count, c, out_c, advance(params, 2 * p), advance(state, 2 * s))
        start_d = f(count, d, out_d, advance(params, 3 * p), advance(state, 3 * s))
        value_a, value_b, value_c, value_d = state[0], state[s], state[2 * s], state[3 * s]
        param_a, param_b, param_c, param_d = params[0], params[p], params[2 * p], params[3 * p]
        start = max(max(start_a, start_b), max(start_c, start_d))
        for i in range(start_a, start):
            value_a = follow(value_a, a[i], param_a)
            out_a[i] = value_a
        for i in range(start_b, start):
            value_b = follow(value_b, b[i], param_b)
            out_b[i] = value_b
        for i in range(start_c, start):
            value_c = follow(value_c, c[i], param_c)
            out_c[i] = value_c
        for i in range(start_d, start):
            value_d = follow(value_d, d[i], param_d)
            out_d[i] = value_d
        for i in range(start, count):
            value_a = follow(value_a, a[i], param_a)
            value_b = follow(value_b, b[i], param_b)
            value_c = follow(value_c, c[i], param_c)
            value_d = follow(value_d, d[i], param_d)
            out_a[i] = value_a
            out_b[i] = value_b
            out_c[i] = value_c
            out_d[i] = value_d
        state[0] = value_a
        state[s] = value_b
        state[2 * s] = value_c
        state[3 * s] = value_d

    return step


def _recurrence_of_three(f: Callable[..., Any], at: Sequence[Any]) -> Callable[..., None]:
    out_at, x_at, y_at, z_at = at

    def step(count: int, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any) -> None:
        out = out_at(numbers, masks, offsets[0])
        x = x_at(numbers, masks, offsets[1])
        y = y_at(numbers, masks, offsets[2])
        z = z_at(numbers, masks, offsets[3])
        f(count, x, y, z, out, params, state)

    return step


_POINTWISE = {(1, 0): _unary, (2, 0): _binary, (2, 1): _binary_with_param, (4, 0): _quaternary}
_RECURRENCES = {3: _recurrence_of_three}


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
                    kept = advance(kept_numbers, row * candles + start)
                    for i in range(count):
                        kept[i] = number[i]
                elif form == 1:
                    mask = advance(now_masks, offset)
                    kept_mask = advance(kept_masks, row * candles + start)
                    for i in range(count):
                        kept_mask[i] = mask[i]
                else:
                    number = advance(now, offset)
                    integer = advance(kept_integers, row * candles + start)
                    for i in range(count):
                        integer[i] = int(number[i])
            start += count
            at += count
        head[3] = at

    return drive


# --- plain Python ---------------------------------------------------------------------------


@cache
def plain() -> Toolbox:
    """Pointers are array views; a kernel's address is its place in a list."""
    return Toolbox(
        advance=lambda array, offset: array[offset:],
        call=lambda address, *args: _PLAIN_STEPS[address](*args),
        compile=lambda function: function,
    )


_PLAIN_STEPS: list[Callable[..., None]] = []


@cache
def plain_address(name: str, lanes: int) -> int:
    """The number by which the plain loop calls a kernel."""
    with _LOCK:
        _PLAIN_STEPS.append(make_step(kernel(name), lanes, plain()))
        return len(_PLAIN_STEPS) - 1


@cache
def plain_drive() -> Callable[..., None]:
    """The loop as plain Python over numpy arrays."""
    return make_drive(plain())


# --- compiled -------------------------------------------------------------------------------


def disabled() -> bool:
    """Whether the user asked numba not to compile (NUMBA_DISABLE_JIT)."""
    import os

    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


@cache
def address(name: str, lanes: int) -> int:
    """The address of a compiled kernel, from the cache or compiled now."""
    entry = f"kernel-{name}" if lanes == 1 else f"kernel-{name}-{lanes}"
    return _native(entry, lambda tools: make_step(kernel(name), lanes, tools), _step_type)


@cache
def drive() -> Callable[..., None]:
    """The compiled loop; takes addresses of arrays, and releases the interpreter lock."""
    import ctypes

    found = _native("drive", make_drive, _drive_type)
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 15)(found)


def _native(name: str, make: Callable[[Toolbox], Callable[..., None]], signature: Callable[[], Any]) -> int:
    with _LOCK:
        store = _object_cache()
        code = store.load(name)
        if code is not None:
            found = _link(code)
            if found is not None:
                return found
        compiled = _compile(make(_numba_tools()), signature())
        code = _object_code(compiled)
        if code is not None:
            store.save(name, code)
        _ALIVE.append(compiled)
        return int(compiled.address)


_ALIVE: list[Any] = []  # machine code lives as long as its library object does


def _compile(function: Callable[..., None], signature: Any) -> Any:
    from numba import cfunc

    return cfunc(signature, **OPTIONS)(function)


def _object_code(compiled: Any) -> CompiledCode | None:
    try:
        name, kind, (code, bitcode) = compiled._library.serialize_using_object_code()
        return (
            CompiledCode(name, compiled._wrapper_name, bytes(code), bytes(bitcode))
            if kind == "object"
            else None
        )
    except Exception:  # another numba than the ones this was written for: run without a cache
        return None


def _link(code: CompiledCode) -> int | None:
    from numba.core.registry import cpu_target
    from numba.core.runtime import rtsys

    try:
        rtsys.initialize(cpu_target.target_context)  # cached code may refer to its symbols
        codegen = cpu_target.target_context.codegen()
        library = codegen.unserialize_library((code.library, "object", (code.code, code.bitcode)))
        found = int(library.get_pointer_to_function(code.symbol))
    except Exception:
        return None
    _ALIVE.append(library)
    return found or None


@cache
def _object_cache() -> ObjectCache:
    import llvmlite
    import llvmlite.binding as llvm
    import numba

    features = llvm.get_host_cpu_features().flatten()
    return ObjectCache((numba.__version__, llvmlite.__version__, llvm.get_host_cpu_name(), features))


@cache
def _numba_tools() -> Toolbox:
    from llvmlite import ir
    from numba import njit, types
    from numba.extending import intrinsic

    @intrinsic
    def advance(context: Any, pointer: Any, offset: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
            return builder.gep(args[0], [args[1]])

        return pointer(pointer, types.int64), generate

    @intrinsic
    def call(
        context: Any, target: Any, count: Any, numbers: Any, masks: Any, offsets: Any, params: Any, state: Any
    ) -> Any:
        def generate(target_context: Any, builder: Any, __: Any, args: Any) -> Any:
            function_type = ir.FunctionType(ir.VoidType(), [arg.type for arg in args[1:]])
            builder.call(builder.inttoptr(args[0], function_type.as_pointer()), args[1:])
            return target_context.get_dummy_value()

        return types.void(types.int64, types.int64, numbers, masks, offsets, params, state), generate

    return Toolbox(advance, call, njit(**OPTIONS))


def _step_type() -> Any:
    from numba import types

    number, mask, integer = map(types.CPointer, (types.float64, types.uint8, types.int64))
    return types.void(types.int64, number, mask, integer, number, number)


def _drive_type() -> Any:
    from numba import types

    number, mask, integer = map(types.CPointer, (types.float64, types.uint8, types.int64))
    tables = [integer] * 7
    return types.void(*tables, number, number, number, mask, number, number, mask, integer)
