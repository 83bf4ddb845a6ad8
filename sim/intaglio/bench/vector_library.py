"""A component with streams as a library of C: built by Verilator, called once for many payloads."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import wiring

from intaglio.bench.compile import build_shared
from intaglio.bench.row import pack, ports
from intaglio.spec.formats import ByteArray

HARNESS = "vectors.cpp"
# Of work before the reset; the seed says how many: just enough for a first result to wait, more.
DIRTY_CYCLES = (6, 8, 11, 17, 40, 90)
TRACED_STREAMS = 8  # a byte of the trace has a bit for each


class _Payloads(ctypes.Structure):
    """Payloads of vectors.cpp, field by field."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("expected", ctypes.c_void_p),
        ("count", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("done", ctypes.c_uint64),
    )


class _Run(ctypes.Structure):
    """Run of vectors.cpp, field by field."""

    _fields_ = (
        ("stall", ctypes.c_double),
        ("seed", ctypes.c_uint64),
        ("patience", ctypes.c_uint64),
        ("dirty", ctypes.c_uint64),
        ("mutant", ctypes.c_uint64),
        ("trace", ctypes.c_void_p),
        ("trace_bytes", ctypes.c_uint64),
        ("compare", ctypes.c_uint64),
        ("cycles", ctypes.c_uint64),
        ("differs", ctypes.c_uint64),
        ("unstable", ctypes.c_uint64),
        ("untimely", ctypes.c_uint64),
    )


@dataclass(frozen=True)
class Ran:
    """What a run showed.

    Parameters
    ----------
    got : mapping of str to array
        Payloads of each output stream, a row each.
    done : mapping of str to int
        How many came, those counted that there was no room for.
    cycles : int
        Clock cycles after the reset.
    differs, unstable, untimely : int
        Cycle, from 1, of the first payload that was not the expected one, of the first payload
        that changed or went away while it was refused, and of the first handshake that was not
        the trace's; 0: never.
    """

    got: Mapping[str, ByteArray]
    done: Mapping[str, int]
    cycles: int
    differs: int
    unstable: int
    untimely: int


class VectorLibrary:
    """A component as a shared library, built unless the cache has it.

    Parameters
    ----------
    component : Component
        Its ports are driven.
    verilog : str
        Its Verilog, module ``intaglio_top``; with `mutants`, that of all its mutants in one.
    mutants : bool
        There is an input ``mutant`` that chooses one; 0 is the component itself.

    Raises
    ------
    EnvironmentFault, ToolError
        As :func:`intaglio.bench.compile.build_library`.
    """

    def __init__(self, component: wiring.Component, verilog: str, *, mutants: bool = False) -> None:
        self.ports = ports(component)
        self.streams = {name: port for name, port in self.ports.items() if port.is_stream}
        text = (Path(__file__).parent / HARNESS).read_text()
        header = _header(component, mutants)
        path = build_shared(verilog, {HARNESS: text, "ports.h": header})
        self._run = ctypes.CDLL(str(path)).intaglio_vectors
        pointer = ctypes.POINTER(_Payloads)
        self._run.restype = None
        self._run.argtypes = (pointer, pointer, ctypes.c_char_p, ctypes.POINTER(_Run))

    def run(
        self,
        sent: Mapping[str, ByteArray],
        wanted: Mapping[str, ByteArray],
        settings: Mapping[str, Any],
        *,
        stall: float,
        seed: int,
        patience: int,
        mutant: int = 0,
        judge: bool = False,
        trace: ByteArray | None = None,
        compare: bool = False,
    ) -> Ran:
        """Run packed payloads after a reset in the midst of work.

        Parameters
        ----------
        sent, wanted : mapping of str to array
            By stream, a row of bytes a payload.
        settings : mapping
            Values of the other inputs.
        stall, seed
            Probability with which each stream rests, and the seed of chance.
        patience : int
            Cycles without a transfer after which the run ends.
        mutant : int
            See `mutants`.
        judge : bool
            End at the first output that is not in `wanted`.
        trace : array, optional
            A byte a cycle: who was ready or valid. Written, or read where `compare` is set.
        """
        got = {name: np.zeros_like(values) for name, values in wanted.items()}
        plain = b"".join(
            pack(port.shape, settings.get(name, 0)).to_bytes(_bytes(port.shape), "little")
            for name, port in self.ports.items()
            if port.is_input and not port.is_stream
        )
        ins, outs = _payloads(sent, {}), _payloads(got, wanted if judge else {})
        run = _Run(stall, seed, patience, DIRTY_CYCLES[seed % len(DIRTY_CYCLES)], mutant)
        if trace is not None:
            run.trace, run.trace_bytes, run.compare = trace.ctypes.data, len(trace), compare
        self._run(ins, outs, plain, ctypes.byref(run))
        done = {name: int(sink.done) for name, sink in zip(got, outs, strict=True)}
        return Ran(got, done, run.cycles, run.differs, run.unstable, run.untimely)


def _payloads(arrays: Mapping[str, ByteArray], expected: Mapping[str, ByteArray]) -> Any:
    made = [
        _Payloads(
            a.ctypes.data,
            expected[name].ctypes.data if name in expected else None,
            len(a),
            a.shape[1],
            0,
        )
        for name, a in arrays.items()
    ]
    return (_Payloads * len(made))(*made)


def _header(component: wiring.Component, mutants: bool) -> str:
    """Return C++ that names the streams and the plain inputs, in the order of `ports`."""
    known = ports(component)
    members = {
        "__".join(map(str, path)): value
        for path, _, value in component.signature.flatten(component)
    }
    sources: list[str] = []
    sinks: list[str] = []
    settings: list[str] = []
    for name, port in known.items():
        # A stream that is always ready or valid has a constant there, which is no port.
        if port.is_stream:
            parts = [f"&top.{_member(name, 'payload')}"] + [
                f"&top.{_member(name, end)}" if not _constant(members[f"{name}__{end}"]) else "&one"
                for end in ("valid", "ready")
            ]
            (sources if port.is_input else sinks).append(f"Port{{{', '.join(parts)}}}")
        elif port.is_input:
            size = _bytes(port.shape)
            settings.append(f"    std::memcpy(&top.{_member(name)}, from, {size}), from += {size};")
    return f"""\
#include <array>
#include <cstdint>
#include <cstring>
static CData one = 1;
struct Port {{
    void* payload;
    CData *valid, *ready;
}};
constexpr size_t SOURCES = {len(sources)}, SINKS = {len(sinks)};
inline std::array<Port, SOURCES> input_ports(Vtop& top) {{
    return {{{", ".join(sources)}}};
}}
inline std::array<Port, SINKS> output_ports(Vtop& top) {{
    return {{{", ".join(sinks)}}};
}}
inline void set_settings(Vtop& top, const uint8_t* from) {{
{chr(10).join(settings)}
    (void)top, (void)from;
}}
inline void set_mutant(Vtop& top, uint64_t number) {{
    {"top.mutant = number;" if mutants else ""}
    (void)top, (void)number;
}}
"""


def _member(*path: str) -> str:
    """Return the name of a port in Verilator's C++, where two underscores have a meaning."""
    return "__".join(path).replace("__", "___05F")


def _constant(value: Any) -> bool:
    from amaranth import Const, Value

    return isinstance(Value.cast(value), Const)


def _bytes(shape: Any) -> int:
    return -(-Shape.cast(shape).width // 8)
