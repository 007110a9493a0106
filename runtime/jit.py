"""Compiles kernels to machine code, or takes it from the cache; the only file that loads numba.

Every compiled function is a plain C function over pointers, so that one compiled loop can call
all of them by address and numba's dispatch takes no part in a run. `adapters.py` has their
source, which also runs as plain Python: that is how a kernel is debugged (NUMBA_DISABLE_JIT=1)
and how a test judges the compiler.

Options that keep the bits: no fastmath, no contraction (`fma` is written where it is meant),
`error_model="numpy"` (a division by zero is no exception, so division vectorises).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cache
import threading
from types import FunctionType
from typing import Any

import numpy as np

from .adapters import Toolbox, make_drive, make_select, make_step
from .cache import CompiledCode, ObjectCache
from .plan import WORD
from .registry import kernel, kernels

OPTIONS = {"error_model": "numpy", "nogil": True, "fastmath": False}

_LOCK = threading.RLock()
_ARRAYS = 16  # that the loop takes


# --- plain Python ---------------------------------------------------------------------------


@cache
def plain() -> Toolbox:
    """Pointers are array views; a kernel's address is its place in a list."""
    return Toolbox(
        advance=lambda array, offset: array[offset:],
        call=lambda address, *args: _PLAIN_STEPS[address](*args),
        small=lambda value: np.uint8(int(value) % 256),
        pack=_pack_plainly,
        lowest=lambda word: (int(word) & -int(word)).bit_length() - 1,
        compile=lambda function: function,
    )


def _pack_plainly(target: Any, at: int, source: Any, start: int) -> None:
    target[at : at + WORD // 8] = np.packbits(source[start : start + WORD], bitorder="little")


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
    kept = not kernel(name).registered
    return _native(entry, lambda tools: make_step(kernel(name), lanes, tools), _step_type, kept)


@cache
def drive() -> Callable[..., None]:
    """The compiled loop; takes addresses of arrays, and releases the interpreter lock."""
    import ctypes

    found = _native("drive", make_drive, _drive_type)
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * _ARRAYS)(found)


@cache
def select() -> Callable[..., None]:
    """The compiled loop that says when masks hold; takes addresses of arrays, and releases the lock."""
    import ctypes

    found = _native("select", make_select, _select_type)
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(found)


@cache
def plain_select() -> Callable[..., None]:
    """The same as plain Python over numpy arrays."""
    return make_select(plain())


def _native(
    name: str,
    make: Callable[[Toolbox], Callable[..., None]],
    signature: Callable[[], Any],
    kept: bool = True,
) -> int:
    """The address of a compiled function; only what is of the package itself is `kept` on disk."""
    from .link import link

    with _LOCK:
        if not kept:
            compiled = _compile(_named(make(_tools_of(name)), name), signature())
            _ALIVE.append(compiled)
            return int(compiled.address)
        store = _object_cache()
        code = store.load(name)
        if code is not None:
            found = link(code)
            if found is not None:
                return found
        compiled = _compile(_named(make(_tools_of(name)), name), signature())
        code = _object_code(compiled)
        if code is not None:
            store.save(name, code)
        _ALIVE.append(compiled)
        return int(compiled.address)


def _tools_of(entry: str) -> Toolbox:
    """The tools with names of their own in what they compile."""
    tools = copy(_numba_tools())
    tools.compile = lambda function: _numba_tools().compile(_named(function, entry))
    return tools


def _named(function: Callable[..., Any], entry: str) -> Callable[..., Any]:
    """The same function under a name that no other entry has.

    numba numbers functions in the order in which a process compiles them, and the code of two
    processes may meet in a third one: there, one name and number must not mean two functions.
    """
    parts = (function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    named = FunctionType(function.__code__, *parts)
    named.__qualname__ = f"{function.__qualname__} of {entry}"
    return named


_ALIVE: list[Any] = []  # machine code lives as long as its library object does


def _compile(function: Callable[..., None], signature: Any) -> Any:
    from numba import cfunc

    return cfunc(signature, **OPTIONS)(function)


def _object_code(compiled: Any) -> CompiledCode | None:
    from .link import needs_of

    try:
        _, kind, (code, bitcode) = compiled._library.serialize_using_object_code()
        needs = needs_of(bytes(bitcode))
        return CompiledCode(compiled._wrapper_name, needs, bytes(code)) if kind == "object" else None
    except Exception:  # another numba than the ones this was written for: run without a cache
        return None


@cache
def _object_cache() -> ObjectCache:
    from .link import build

    return ObjectCache(build())


@cache
def _numba_tools() -> Toolbox:
    from llvmlite import ir
    from numba import njit, types
    from numba.extending import intrinsic, overload, register_jitable

    from .kernels.exact import SHARED, fma

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

    @intrinsic
    def fused(context: Any, a: Any, b: Any, c: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
            return builder.fma(*args)

        return types.float64(types.float64, types.float64, types.float64), generate

    @intrinsic
    def pack(context: Any, target: Any, at: Any, source: Any, start: Any) -> Any:
        def generate(target_context: Any, builder: Any, __: Any, args: Any) -> Any:
            masks, word = ir.VectorType(ir.IntType(8), WORD), ir.IntType(WORD)
            place = builder.bitcast(builder.gep(args[2], [args[3]]), masks.as_pointer())
            read = builder.load(place, align=1)
            holds = builder.icmp_unsigned("!=", read, ir.Constant(masks, None))
            written = builder.bitcast(builder.gep(args[0], [args[1]]), word.as_pointer())
            builder.store(builder.bitcast(holds, word), written, align=1)
            return target_context.get_dummy_value()

        return types.void(target, types.int64, source, types.int64), generate

    @intrinsic
    def lowest(context: Any, word: Any) -> Any:
        def generate(_: Any, builder: Any, __: Any, args: Any) -> Any:
            return builder.cttz(args[0], ir.IntType(1)(1))

        return types.int64(types.int64), generate

    kept = {"error_model": "numpy", "fastmath": False}
    # numba compares the argument names
    overload(fma, jit_options=kept)(lambda a, b, c: lambda a, b, c: fused(a, b, c))
    kernels()  # declares what they share
    for function in SHARED:
        register_jitable(**kept)(function)
    return Toolbox(advance, call, lambda value: types.uint8(int(value)), pack, lowest, njit(**OPTIONS))


def _step_type() -> Any:
    from numba import types

    number, mask, integer = map(types.CPointer, (types.float64, types.uint8, types.int64))
    return types.void(types.int64, number, mask, integer, number, number)


def _drive_type() -> Any:
    from numba import types

    number, mask, integer = map(types.CPointer, (types.float64, types.uint8, types.int64))
    tables = [integer] * 7
    return types.void(*tables, number, number, number, mask, number, number, mask, integer, mask)


def _select_type() -> Any:
    from numba import types

    return types.void(*[types.CPointer(types.int64)] * 4)
