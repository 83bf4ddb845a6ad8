"""From components to Verilog text."""

from __future__ import annotations

import re
from importlib.resources import files

from amaranth import Const, Signal, Value
from amaranth.back import verilog
from amaranth.lib import wiring

from intaglio.gateware import adder, mux, primitives, ram
from intaglio.gateware.shared import shared_parts
from intaglio.spec.config import ArrayConfig

TOP = "intaglio_top"
# Verilog that goes with a design in which one of the modules is placed.
LIBRARY = (
    ((ram.MODULE, ram.BLOCK_MODULE), ram.FILE),
    ((mux.MODULE,), mux.FILE),
    ((adder.MODULE,), adder.FILE),
    (primitives.MODULES, primitives.FILE),
)


def component_verilog(component: wiring.Component, name: str) -> str:
    """Return Verilog of `component` as module `name`, every shared module once, before its users.

    The text depends on the component alone: no paths, dates or hashes of this run.
    """
    parts = {part.module_name: part for part in shared_parts(component)}
    texts = [_convert(parts[module], module) for module in sorted(parts)]
    texts.append(_convert(component, name))
    for marks, file in LIBRARY:
        if any(mark in text for text in texts for mark in marks):
            texts.insert(0, files(__package__).joinpath(file).read_text("utf-8"))
    return "\n".join(texts)


def emit_verilog(config: ArrayConfig) -> str:
    """Return Verilog of the whole accelerator; the top module is ``intaglio_top``."""
    from intaglio.gateware.accelerator import Accelerator

    return component_verilog(Accelerator(config), TOP)


def _convert(component: wiring.Component, name: str) -> str:
    """Return Verilog of one component, with the members of its signature as ports."""
    ports = []
    for _, _, member in component.signature.flatten(component):
        value = Value.cast(member)
        # A stream that is always ready has a constant there, which is no port.
        if not isinstance(value, Const):
            ports.append(value)
    text = verilog.convert(
        component, name=name, ports=ports, emit_src=False, strip_internal_attrs=True
    )
    # Yosys declares a signal of no bits as [-1:0], which Verilog reads as two; nothing uses them.
    text = re.sub(r"^ *(?:wire|reg) \[-1:0\] [^;]*;\n", "", str(text), flags=re.MULTILINE)
    return _without_brackets(text, [port.name for port in ports if isinstance(port, Signal)])


def _without_brackets(text: str, ports: list[str]) -> str:
    """Return Verilog in which the wire ``act[0]`` of a port's field is called ``act.0``.

    Yosys takes such a name for bit 0 of the port when it puts a mapped netlist together, and stops.
    """
    if not ports:
        return text
    fields = re.compile(rf"\\(?:{'|'.join(map(re.escape, ports))})[.\[]\S* ")
    return fields.sub(lambda found: re.sub(r"\[(\d+)\]", r".\1", found[0]), text)
