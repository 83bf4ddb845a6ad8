"""Pins of the buses: the names that other tools know, and the signals that never change."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module
from amaranth.lib.wiring import In, Member, Out

from intaglio.gateware.axi import LENGTH_BITS, LITE_ADDRESS, RESPONSE
from intaglio.gateware.layout import shape
from intaglio.spec.commands import ADDRESS
from intaglio.spec.config import ArrayConfig
from intaglio.spec.registers import REGISTER_BITS

MEMORY, CONTROL = "m_axi", "s_axil"
BURST_INCR = 1  # addresses rise through a burst
CACHE = 0b0011  # normal memory: not cached, bufferable
WRITE_ID = 0  # writes have a single id


def members(config: ArrayConfig) -> dict[str, Member]:
    """Return the members of the top: AXI4 master ``m_axi_*`` and AXI4-Lite slave ``s_axil_*``."""
    address = {
        "id": 1,
        "addr": shape(ADDRESS),
        "len": LENGTH_BITS,
        "size": 3,
        "burst": 2,
        "lock": 1,
        "cache": 4,
        "prot": 3,
        "qos": 4,
    }
    bits, lite_address = 8 * config.bus_bytes, {"addr": LITE_ADDRESS, "prot": 3}
    lite_data = {"data": REGISTER_BITS, "resp": RESPONSE}
    return {
        **_channel(Out, f"{MEMORY}_aw", address),
        **_channel(Out, f"{MEMORY}_w", {"data": bits, "strb": config.bus_bytes, "last": 1}),
        **_channel(In, f"{MEMORY}_b", {"id": 1, "resp": RESPONSE}),
        **_channel(Out, f"{MEMORY}_ar", address),
        **_channel(In, f"{MEMORY}_r", {"id": 1, "data": bits, "resp": RESPONSE, "last": 1}),
        **_channel(In, f"{CONTROL}_aw", lite_address),
        **_channel(In, f"{CONTROL}_w", {"data": REGISTER_BITS, "strb": REGISTER_BITS // 8}),
        **_channel(Out, f"{CONTROL}_b", {"resp": RESPONSE}),
        **_channel(In, f"{CONTROL}_ar", lite_address),
        **_channel(Out, f"{CONTROL}_r", lite_data),
    }


def connect_pins(
    m: Module, top: Any, config: ArrayConfig, *, read: Any, write: Any, lite: Any
) -> None:
    """Connect the pins of `top` to the buses of a :class:`~intaglio.gateware.control.Control`.

    Parameters
    ----------
    m : Module
        Takes the statements.
    top : Component
        Has the members that :func:`members` returns.
    config : ArrayConfig
        Bus width.
    read, write, lite : interface
        Of AxiRead, AxiWrite and AxiLite, as a submodule offers them.
    """
    constant = {
        "size": (config.bus_bytes - 1).bit_length(),
        "burst": BURST_INCR,
        "lock": 0,
        "cache": CACHE,
        "prot": 0,
        "qos": 0,
    }
    burst = {"addr": write.aw.payload.addr, "len": write.aw.payload.len, "id": WRITE_ID}
    _drive(m, top, f"{MEMORY}_aw", write.aw, burst | constant)
    burst = {name: read.ar.payload[name] for name in ("addr", "len", "id")}
    _drive(m, top, f"{MEMORY}_ar", read.ar, burst | constant)
    beat = {"data": write.w.payload.data, "last": write.w.payload.last}
    _drive(m, top, f"{MEMORY}_w", write.w, beat | {"strb": (1 << config.bus_bytes) - 1})
    _take(m, top, f"{MEMORY}_b", write.b, {"resp": write.b.payload})
    names = ("id", "data", "resp", "last")
    _take(m, top, f"{MEMORY}_r", read.r, {name: read.r.payload[name] for name in names})

    _take(m, top, f"{CONTROL}_aw", lite.aw, {"addr": lite.aw.payload})
    _take(m, top, f"{CONTROL}_ar", lite.ar, {"addr": lite.ar.payload})
    _take(m, top, f"{CONTROL}_w", lite.w, {k: lite.w.payload[k] for k in ("data", "strb")})
    _drive(m, top, f"{CONTROL}_b", lite.b, {"resp": lite.b.payload})
    _drive(m, top, f"{CONTROL}_r", lite.r, {k: lite.r.payload[k] for k in ("data", "resp")})


def _channel(flow: Any, prefix: str, signals: dict[str, Any]) -> dict[str, Member]:
    """Return the members of a channel whose payload flows `flow`."""
    back = In if flow is Out else Out
    pins = {f"{prefix}{name}": flow(description) for name, description in signals.items()}
    return {**pins, f"{prefix}valid": flow(1), f"{prefix}ready": back(1)}


def _drive(m: Module, top: Any, prefix: str, bus: Any, values: dict[str, Any]) -> None:
    """Drive the pins of a channel that leaves the design."""
    m.d.comb += [getattr(top, f"{prefix}{name}").eq(value) for name, value in values.items()]
    m.d.comb += getattr(top, f"{prefix}valid").eq(bus.valid)
    m.d.comb += bus.ready.eq(getattr(top, f"{prefix}ready"))


def _take(m: Module, top: Any, prefix: str, bus: Any, targets: dict[str, Any]) -> None:
    """Take the pins of a channel that enters the design."""
    m.d.comb += [target.eq(getattr(top, f"{prefix}{name}")) for name, target in targets.items()]
    m.d.comb += bus.valid.eq(getattr(top, f"{prefix}valid"))
    m.d.comb += getattr(top, f"{prefix}ready").eq(bus.ready)
