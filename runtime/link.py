"""Links machine code of the cache, with llvmlite alone: numba is loaded only to compile.

Loading numba takes a third of a second and 50 MiB, and a compiled kernel needs nothing of it. What its
code refers to besides the processor is what numba puts into every function for the case that it raises;
a kernel never does, so stand-ins that end the process are enough.
"""

from __future__ import annotations

from collections.abc import Iterable
import ctypes
from functools import cache
import os
from typing import Any

from .cache import CompiledCode

_STAND_INS = (
    "NRT_Free",
    "numba_do_raise",
    "numba_gil_ensure",
    "numba_gil_release",
    "numba_runtime_build_excinfo_struct",
    "numba_unpickle",
)


def build() -> tuple[str, ...]:
    """What machine code depends on besides its source: versions and the processor."""
    from importlib.metadata import version

    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    return version("numba"), version("llvmlite"), llvm.get_host_cpu_name(), features


def needs_of(bitcode: bytes) -> tuple[str, ...]:
    """The symbols that code refers to and does not have itself."""
    import llvmlite.binding as llvm

    module = llvm.parse_bitcode(bitcode)
    others = (value.name for value in (*module.functions, *module.global_variables) if value.is_declaration)
    return tuple(sorted(name for name in others if not name.startswith("llvm.")))


def link(code: CompiledCode) -> int | None:
    """The address of the function, None where the code does not fit this process."""
    import llvmlite.binding as llvm

    engine = _engine()
    if not _are_known(code.needs):
        return None
    try:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code.code))
        engine.finalize_object()
        return int(engine.get_function_address(code.symbol)) or None
    except Exception:  # no machine code, or that of another system
        return None


def _are_known(names: Iterable[str]) -> bool:
    """Whether every symbol has an address; an unknown one would end the process."""
    import llvmlite.binding as llvm

    for name in names:
        if llvm.address_of_symbol(name) is None:
            if name not in _STAND_INS:
                return False
            llvm.add_symbol(name, ctypes.cast(_stand_in(), ctypes.c_void_p).value)
    return True


@cache
def _stand_in() -> Any:
    return ctypes.CFUNCTYPE(None)(os.abort)


@cache
def _engine() -> Any:
    """What code is linked into; it lives as long as the process."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(jit=True, codemodel="jitdefault")
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
