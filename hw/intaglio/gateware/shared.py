"""Modules that are emitted once and instantiated many times.

Amaranth writes every submodule instance as a module of its own. A component that stands many times
in the design is therefore converted once, by :func:`intaglio.gateware.emit.emit_verilog`, and
placed with :func:`instance`.
"""

from __future__ import annotations

from collections.abc import Iterator

from amaranth.hdl import ClockSignal, Instance, ResetSignal, ValueLike
from amaranth.lib import wiring

from intaglio.gateware.component import Component


class SharedComponent(Component):
    """A component with plain ports that is emitted once under `module_name`.

    Every value of `module_name` stands for exactly one content: the name holds all parameters.
    """

    module_name: str


class Holder(Component):
    """A component that places shared modules or holders.

    `parts` names the shared components it places and the holders among its submodules.
    """

    parts: tuple[wiring.Component, ...] = ()


def instance(part: SharedComponent, **ports: ValueLike) -> Instance:
    """Return an instance of `part`; `ports` connects every member by its name."""
    members = part.signature.members
    if set(ports) != set(members):
        raise ValueError(f"{part.module_name}: ports {sorted(ports)} are not {sorted(members)}")
    directed = {
        f"{'i' if members[name].flow == wiring.In else 'o'}_{name}": value
        for name, value in ports.items()
    }
    return Instance(part.module_name, i_clk=ClockSignal(), i_rst=ResetSignal(), **directed)


def shared_parts(component: wiring.Component) -> Iterator[SharedComponent]:
    """Yield every shared component below `component`, each module name once."""
    seen: set[str] = set()
    queue: list[wiring.Component] = [component]
    while queue:
        part = queue.pop()
        queue += getattr(part, "parts", ())
        if part is not component and isinstance(part, SharedComponent):
            if part.module_name not in seen:
                seen.add(part.module_name)
                yield part
