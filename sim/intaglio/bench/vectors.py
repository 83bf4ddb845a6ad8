"""Rows of the bench table at the simulator's own speed: millions of payloads, no Python a cycle."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import wiring

from intaglio.bench.columns import pack_payloads
from intaglio.bench.compile import TOP, build_shared
from intaglio.bench.result import BenchError
from intaglio.bench.row import Row, pack, ports, show
from intaglio.spec.errors import Finding
from intaglio.spec.formats import ByteArray

HARNESS = "vectors.cpp"


@dataclass(frozen=True)
class Swept:
    """What :func:`sweep` compared.

    Parameters
    ----------
    payloads : int
        Output payloads, all equal to golden.
    vectors : int
        Payloads that went in, or came out where those are more.
    cycles : int
        Clock cycles.
    """

    payloads: int
    vectors: int
    cycles: int


def sweep(row: Row, vectors: int, *, seed: int = 1) -> Swept:
    """Run `row` with one seed after the other until `vectors` payloads went in or came out.

    Stalls alternate between none and each of the row's probabilities.

    Raises
    ------
    ValueError
        If the row loads something first, which this runner does not do.
    BenchError
        E602: an output differs from golden, is missing or is one too many.
    """
    from intaglio.gateware.emit import component_verilog

    if row.first:
        raise ValueError(f"{row.name} needs {', '.join(row.first)} first")
    component = row.build()
    library = _load(component, component_verilog(component, TOP))
    done = Swept(0, 0, 0)
    run = 0
    while done.vectors < vectors:
        stall = row.backpressure[run % len(row.backpressure)] if run % 2 else 0.0
        here = _once(row, component, library, seed + run, stall)
        done = Swept(
            done.payloads + here.payloads, done.vectors + here.vectors, done.cycles + here.cycles
        )
        run += 1
    return done


def _once(
    row: Row, component: wiring.Component, library: ctypes.CDLL, seed: int, stall: float
) -> Swept:
    """Run the stimulus of one seed."""
    known = ports(component)
    inputs = row.inputs(np.random.default_rng(seed))
    expected = row.golden(inputs)
    streams = {name: port for name, port in known.items() if port.is_stream}
    sent = {n: pack_payloads(p.shape, inputs[n]) for n, p in streams.items() if p.is_input}
    wanted = {n: pack_payloads(p.shape, expected[n]) for n, p in streams.items() if not p.is_input}
    got = {name: np.zeros_like(values) for name, values in wanted.items()}
    settings = b"".join(
        pack(port.shape, row.settings.get(name, 0)).to_bytes(_bytes(port.shape), "little")
        for name, port in known.items()
        if port.is_input and not port.is_stream
    )
    sources, sinks = _payloads(sent), _payloads(got)
    patience = row.patience_cycles
    cycles = library.intaglio_vectors(sources, sinks, settings, stall, seed, patience)
    for (name, values), sink in zip(got.items(), sinks, strict=True):
        wrong = np.flatnonzero((values != wanted[name]).any(axis=1))
        if sink.done != len(values) or wrong.size:
            shape = streams[name].shape
            text = f"{sink.done} of {len(values)} payloads"
            if wrong.size:
                at = int(wrong[0])
                want, have = (show(shape, _integer(v[at])) for v in (wanted[name], values))
                text = f"{name}[{at}] is {have}, expected {want}; {wrong.size} differ; {text}"
            raise _mismatch(row.name, seed, stall, text)
    came = sum(len(values) for values in wanted.values())
    went = sum(len(values) for values in sent.values())
    return Swept(came, max(came, went), int(cycles))


def _mismatch(name: str, seed: int, stall: float, text: str) -> BenchError:
    return BenchError(
        Finding(
            "E602",
            f"{name}, seed {seed}, stalls {stall}: {text}",
            where=name,
            have=text,
            need="the golden model's output",
            help=f"intaglio verify {name} --seed {seed} --waves",
        )
    )


class _Payloads(ctypes.Structure):
    """Payloads of vectors.cpp, field by field."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("count", ctypes.c_uint64),
        ("bytes", ctypes.c_uint64),
        ("done", ctypes.c_uint64),
    )


def _payloads(arrays: dict[str, ByteArray]) -> Any:
    made = [_Payloads(a.ctypes.data, len(a), a.shape[1], 0) for a in arrays.values()]
    return (_Payloads * len(made))(*made)


def _load(component: wiring.Component, verilog: str) -> ctypes.CDLL:
    text = (Path(__file__).parent / HARNESS).read_text()
    harness = {HARNESS: text, "ports.h": _header(component)}
    library = ctypes.CDLL(str(build_shared(verilog, harness)))
    pointer = ctypes.POINTER(_Payloads)
    u64 = ctypes.c_uint64
    library.intaglio_vectors.restype = u64
    library.intaglio_vectors.argtypes = (
        *(pointer, pointer, ctypes.c_char_p),
        *(ctypes.c_double, u64, u64),
    )
    return library


def _header(component: wiring.Component) -> str:
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
"""


def _member(*path: str) -> str:
    """Return the name of a port in Verilator's C++, where two underscores have a meaning."""
    return "__".join(path).replace("__", "___05F")


def _constant(value: Any) -> bool:
    from amaranth import Const, Value

    return isinstance(Value.cast(value), Const)


def _bytes(shape: Any) -> int:
    return -(-Shape.cast(shape).width // 8)


def _integer(row: ByteArray) -> int:
    return int.from_bytes(row.tobytes(), "little")
