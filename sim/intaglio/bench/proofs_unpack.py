"""Proofs of the unpacker: a queue of bits, of which every payload takes its codes and padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_terms import constant, extended
from intaglio.gateware.unpack import Unpack

COUNT_BITS = 32


def _used(component: Unpack, full: Any, rest: Any, index: Any) -> tuple[Any, Any, Any]:
    """Return (bits that a payload takes, whether it is a tile's last, whether it is partial).

    A tile is full * lanes + rest codes and ends at a byte: its last payload takes the padding too.
    """
    width = component.lanes * component.bits
    codes = extended(full, COUNT_BITS, False) * component.lanes + extended(rest, COUNT_BITS, False)
    bits = codes * component.bits
    whole = (bits + 7) & ~constant(7, COUNT_BITS)
    last = extended(index, COUNT_BITS, False) + 1 >= z3.If(
        rest == 0, extended(full, COUNT_BITS, False), extended(full, COUNT_BITS, False) + 1
    )
    before = z3.If(
        rest == 0, extended(full, COUNT_BITS, False) - 1, extended(full, COUNT_BITS, False)
    )
    used = z3.If(last, whole - before * width, constant(width, COUNT_BITS))
    return used, last, z3.And(last, rest != 0)


def _queue(component: Unpack, gates: Gates) -> Iterator[Claim]:
    """Whatever the queue of bits holds, a cycle takes a payload's bits and appends a beat.

    The invariant: bits above the level are 0, the level is within the room, and the payload's
    number within the tile. It holds after a reset and after every cycle.
    """
    trace = Trace(gates)
    trace.cycle()
    trace.cycle()
    hold, level, index = (trace.at(0, name) for name in ("hold", "level", "index"))
    full, rest = trace.at(0, "full"), trace.at(0, "rest")
    room, width, beat = hold.size(), component.lanes * component.bits, 8 * component.beat_bytes
    count = extended(level, room, False)
    tiles = [
        z3.ULE(extended(full, COUNT_BITS, False), component.longest),
        z3.Or(full != 0, rest != 0),
        z3.ULT(extended(rest, COUNT_BITS, False), component.lanes),
    ]
    payloads = extended(full, COUNT_BITS, False) + z3.If(
        rest == 0, constant(0, COUNT_BITS), constant(1, COUNT_BITS)
    )
    inside = z3.ULT(extended(index, COUNT_BITS, False), payloads)

    def sound(bits: Any, filled: Any) -> Any:
        size = extended(filled, room, False)
        return z3.And(z3.ULE(size, room), z3.LShR(bits, size) == 0)

    given = [*tiles, inside, sound(hold, level)]
    used, last, partial = _used(component, full, rest, index)
    enough = z3.UGE(extended(level, COUNT_BITS, False), used)
    valid, ready = trace.at(0, "o__valid") == 1, trace.at(0, "i__ready") == 1
    yield Claim("a payload is there when its bits are", valid == enough, given)
    yield Claim("a beat is taken where it fits", ready == z3.ULE(count, room - beat), given)
    payload = trace.at(0, "o__payload")
    for n in range(component.lanes):
        at = n * component.bits
        code = z3.Extract(at + component.bits - 1, at, payload)
        bits = z3.Extract(at + component.bits - 1, at, hold)
        absent = z3.And(partial, z3.ULE(extended(rest, COUNT_BITS, False), n))
        goal = code == z3.If(absent, constant(0, component.bits), bits)
        yield Claim(f"code {n}", goal, [*given, valid])
    take = z3.And(valid, trace.at(0, "o__ready") == 1)
    taken = z3.And(ready, trace.at(0, "i__valid") == 1)
    gone = z3.If(take, extended(used, room), constant(0, room))
    new = extended(trace.at(0, "i__payload"), room, False)
    kept = z3.LShR(hold, gone)
    after = kept | z3.If(taken, new << (count - gone), constant(0, room))
    filled = count - gone + z3.If(taken, constant(beat, room), constant(0, room))
    hold_1, level_1 = trace.at(1, "hold"), trace.at(1, "level")
    # One case each for the last payload of a tile, by the bits that it takes.
    for amount in range(1, width + 8):
        case = [*given, used == amount]
        yield Claim(f"the queue after {amount} bits", hold_1 == after, case)
        yield Claim(
            f"its level after {amount} bits", extended(level_1, room, False) == filled, case
        )
    yield Claim("payloads take bits", z3.And(used >= 1, used < width + 8), given)
    yield Claim("the invariant stays", sound(hold_1, level_1), given)
    index_1 = extended(trace.at(1, "index"), COUNT_BITS, False)
    number = extended(index, COUNT_BITS, False)
    goal = index_1 == z3.If(take, z3.If(last, constant(0, COUNT_BITS), number + 1), number)
    yield Claim("the payload's number", goal, given)
    yield Claim("the number stays inside", z3.ULT(index_1, payloads), given)
    start = Trace(gates)
    start.cycle(rst=1)
    start.cycle()
    for name in ("hold", "level", "index"):
        yield Claim(f"{name} is 0 after a reset", start.at(1, name) == 0)


def _steps(component: Unpack) -> Sequence[Step]:
    return (Solved(_queue),)


_WHY = (
    "The registers are a queue of bits. For any content of it, any tile and any payload of it, one "
    "cycle offers the next codes, takes their bits and, after a tile's last ones, the padding to "
    "the next byte, and appends a beat where it fits. The invariant of the queue holds after a "
    "reset and is kept by every cycle: streams of any length by induction."
)
PROOFS = tuple(Proof("unpack", f"int{bits}", _steps, _WHY) for bits in range(1, 9))
