"""How each family is synthesised and placed: scripts and arguments, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from intaglio.boards.costs import COSTS, Costs
from intaglio.boards.dense import ECP5_DENSE, Dense
from intaglio.boards.toolchain import Program, program
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.target import Target


@dataclass(frozen=True)
class Flow:
    """The open flow of one family.

    Parameters
    ----------
    family : str
        One of ``intaglio.spec.target.FAMILIES``.
    costs : Costs
        What its cells cost.
    core : str
        Yosys commands that map a core that has no pads; ``{top}`` is its module.
    board : str
        The same for a whole board; the pads are there.
    router : str
        Name of the place-and-route program; empty: none is open.
    extra : str
        The extra of ``intaglio`` that brings the program.
    arguments : callable
        From a target to the program's arguments.
    freq_mhz : float
        Clock that is asked for.
    pins : str
        Option that names the pin file.
    loose : tuple of str
        Options that allow ports without a pin.
    dense : Dense
        What is done differently for netlists that congest; none: nothing.
    again : str
        The commands in place of `core` for what it stops at with an assertion; empty: none.
    """

    family: str
    costs: Costs
    core: str
    board: str
    router: str
    extra: str
    arguments: Callable[[Target], tuple[str, ...]]
    freq_mhz: float
    pins: str
    loose: tuple[str, ...] = ()
    dense: Dense | None = None
    again: str = ""

    def program(self) -> Program:
        """Return the place-and-route program.

        Raises
        ------
        EnvironmentFault
            E501, E502: it is missing or too old.
        """
        return program(self.router, f"yowasp-{self.router}", self.extra)


def _ecp5(target: Target) -> tuple[str, ...]:
    size = target.device.split("-")[1][:2]
    return (f"--{size}k", "--package", target.package, "--speed", target.speed_grade)


def _ice40(target: Target) -> tuple[str, ...]:
    size = target.device.removeprefix("iCE40").lower()
    # No limit to the attempts of a cell: a part that is nearly full takes more than the default.
    patient = ("--placer-heap-cell-placement-timeout", "0")
    return (f"--{size}", "--package", target.package.lower(), *patient)


def _gowin(target: Target) -> tuple[str, ...]:
    return ("--device", target.device, "--vopt", f"family={_GOWIN_DATA[target.package]}")


# The chip data that a package of the GW2AR-18 is described by.
_GOWIN_DATA = {"QN88": "GW2A-18C"}


def _none(_: Target) -> tuple[str, ...]:
    return ()


# Yosys 0.70 loses a multiplier that two registers without enable follow, and a sum these: it takes
# both into SB_MAC16 and then holds the product for the constant that the second began with. The
# first of our two registers behind a product, `result_2`, is therefore kept out of the block.
_ICE40 = (
    "synth_ice40 -device u -dsp -no-rw-check -top {top} -run begin:coarse; "
    "setattr -set keep 1 w:*result_2; "
    "synth_ice40 -device u -dsp -no-rw-check -top {top} -run coarse:"
)

# After the mapping of some netlists Yosys 0.70 does not find both ends of a connection and stops:
# "Assert `GetSize(conn.first) == GetSize(conn.second)' failed". With a net for each bit it does.
# Netlists that pass stay as they are.
_ECP5_AGAIN = (
    "synth_ecp5 -no-rw-check -top {top} -run begin:map_luts; splitnets; "
    "synth_ecp5 -no-rw-check -top {top} -run map_luts:"
)

# A generic part has LUTs of four inputs; multipliers and memories stay what they are.
_GENERIC = (
    "hierarchy -top {top}; proc; flatten; opt; wreduce; peepopt; opt_clean; memory -nomap; "
    "opt -full; techmap t:$* t:$mul %d t:$mem_v2 %d t:$scopeinfo %d; "
    "opt; dfflegalize -cell $_DFF_P_ 01 "
    "-cell $_DFFE_PP_ 01 -cell $_SDFF_PP?_ 01 -cell $_SDFFE_PP?P_ 01; opt; abc -lut 4; opt_clean"
)

FLOWS: dict[str, Flow] = {
    flow.family: flow
    for flow in (
        Flow(
            family="ecp5",
            costs=COSTS["ecp5"],
            core="synth_ecp5 -no-rw-check -top {top}",
            board="synth_ecp5 -no-rw-check -top {top}",
            router="nextpnr-ecp5",
            extra="ecp5",
            arguments=_ecp5,
            freq_mhz=100,
            pins="--lpf",
            loose=("--lpf-allow-unconstrained",),
            dense=ECP5_DENSE,
            again=_ECP5_AGAIN,
        ),
        Flow(
            family="ice40",
            costs=COSTS["ice40"],
            core=_ICE40,
            board=_ICE40,
            router="nextpnr-ice40",
            extra="ice40",
            arguments=_ice40,
            freq_mhz=30,
            pins="--pcf",
            loose=("--pcf-allow-unconstrained",),
        ),
        Flow(
            family="gowin",
            costs=COSTS["gowin"],
            core="synth_gowin -family gw2a -no-rw-check -noiopads -top {top}",
            board="synth_gowin -family gw2a -no-rw-check -top {top}",
            router="nextpnr-himbaechel-gowin",
            extra="gowin",
            arguments=_gowin,
            freq_mhz=100,
            pins="--vopt cst",
        ),
        Flow(
            family="xilinx",
            costs=COSTS["xilinx"],
            core="synth_xilinx -family xc7 -flatten -noiopad -noclkbuf -top {top}",
            board="synth_xilinx -family xc7 -flatten -top {top}",
            router="",
            extra="ecp5",
            arguments=_none,
            freq_mhz=100,
            pins="",
        ),
        Flow(
            family="generic",
            costs=COSTS["generic"],
            core=_GENERIC,
            board=_GENERIC,
            router="",
            extra="ecp5",
            arguments=_none,
            freq_mhz=100,
            pins="",
        ),
    )
}


def flow_of(target: Target) -> Flow:
    """Return the flow of a target's family.

    Raises
    ------
    ConfigError
        E203: its family has none.
    """
    if target.family not in FLOWS:
        raise ConfigError(
            Finding(
                "E203",
                f"family {target.family} has no synthesis flow",
                where=f"constraints/{target.name}",
                have=target.family,
                need=", ".join(FLOWS),
                help="choose another target: intaglio boards lists them",
            )
        )
    return FLOWS[target.family]
