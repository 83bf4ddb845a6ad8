"""What tests on boards share: a small core, and what they skip without the tools."""

from __future__ import annotations

import pytest

from intaglio.boards.flows import FLOWS
from intaglio.boards.reference import unit_verilog
from intaglio.boards.toolchain import yosys
from intaglio.spec.errors import EnvironmentFault


@pytest.fixture(scope="session")
def tools() -> None:
    """Skip where synthesis or an open place-and-route is not installed."""
    try:
        yosys()
        for flow in FLOWS.values():
            if flow.router:
                flow.program()
    except EnvironmentFault as fault:
        pytest.skip(str(fault))


@pytest.fixture(scope="session")
def core() -> tuple[str, str]:
    """Verilog and top module of a lane of two INT8 products."""
    return unit_verilog("mac", "int8", {"depth": 2})
