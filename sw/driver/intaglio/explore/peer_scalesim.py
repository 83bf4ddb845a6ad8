"""SCALE-Sim beside ours: a systolic array of as many multipliers.

Output stationary: ceil(M/r) * ceil(N/c) * (K + r + c - 2); weight stationary:
ceil(K/r) * ceil(N/c) * (M + 2 r + c - 2); compute cycles, without stalls of memory.
Source: A. Samajdar et al., SCALE-Sim, arXiv:1811.02883; the package's own arrays are run on the
layers that are small enough, and the formulas compared with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from intaglio.explore.gemm import Gemm
from intaglio.spec.errors import EnvironmentFault, Finding

DATAFLOWS = ("os", "ws")
MOST_ELEMENTS = 400_000  # of the largest operand: beyond, a run takes minutes and gigabytes
MOST_CYCLES = 60_000


@dataclass(frozen=True)
class Systolic:
    """An array of `rows` times `columns` multipliers."""

    rows: int
    columns: int

    @classmethod
    def of(cls, macs: int) -> Systolic:
        """Return the array nearest to a square with `macs` multipliers."""
        rows = 1 << (macs.bit_length() - 1) // 2
        return cls(rows, macs // rows)

    def formula(self, gemm: Gemm, dataflow: str) -> int:
        """Return the compute cycles of all products of `gemm`."""
        r, c = self.rows, self.columns
        if dataflow == "os":
            one = _ceil(gemm.m, r) * _ceil(gemm.n, c) * (gemm.k + r + c - 2)
        else:
            one = _ceil(gemm.k, r) * _ceil(gemm.n, c) * (gemm.m + 2 * r + c - 2)
        return one * gemm.count


@dataclass(frozen=True)
class Cycles:
    """Cycles of a layer; `run`: by the package, else by the formula."""

    value: int
    run: bool


def scale_sim(
    layers: Sequence[Gemm],
    array: Systolic,
    dataflow: str,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[int, Cycles]:
    """Return node index to SCALE-Sim's compute cycles.

    Raises
    ------
    EnvironmentFault
        E501: the package is not installed. E502: it counts other cycles than the formula.
    """
    simulate = _simulator(array, dataflow)
    known: dict[tuple[int, int, int], int] = {}
    found = {}
    for gemm in layers:
        expected = array.formula(gemm, dataflow)
        shape = (gemm.m, gemm.n, gemm.k)
        elements = max(gemm.m * gemm.k, gemm.k * gemm.n, gemm.m * gemm.n)
        small = elements <= MOST_ELEMENTS and expected // gemm.count <= MOST_CYCLES
        if small and shape not in known:
            progress(f"SCALE-Sim {dataflow}: {gemm.name}")
            known[shape] = simulate(gemm)
            if known[shape] * gemm.count != expected:
                raise _differs(gemm, known[shape] * gemm.count, expected)
        found[gemm.index] = Cycles(expected, small)
    return found


def _simulator(array: Systolic, dataflow: str) -> Callable[[Gemm], int]:
    try:
        from scalesim.compute.systolic_compute_os import systolic_compute_os
        from scalesim.compute.systolic_compute_ws import systolic_compute_ws
        from scalesim.scale_config import scale_config
    except ModuleNotFoundError as error:
        raise EnvironmentFault(
            Finding(
                "E501",
                "SCALE-Sim is not installed",
                where="compare-peers",
                have=str(error),
                need="scalesim 3.0",
                help="pip install 'intaglio[peers]', or leave it out with --peers vela",
            )
        ) from error
    kinds: dict[str, Any] = {"os": systolic_compute_os, "ws": systolic_compute_ws}

    def run(gemm: Gemm) -> int:
        config = scale_config()
        config.array_rows, config.array_cols = array.rows, array.columns
        config.df = dataflow
        config.valid_conf_flag = True
        compute = kinds[dataflow]()
        sizes = {"ifmap": (gemm.m, gemm.k), "filter": (gemm.k, gemm.n), "ofmap": (gemm.m, gemm.n)}
        operands = {
            f"{name}_op_mat": np.arange(shape[0] * shape[1], dtype=float).reshape(shape)
            for name, shape in sizes.items()
        }
        compute.set_params(config_obj=config, **operands)
        demand, _, _ = compute.get_demand_matrices()
        return len(demand)

    return run


def _differs(gemm: Gemm, have: int, need: int) -> EnvironmentFault:
    return EnvironmentFault(
        Finding(
            "E502",
            f"SCALE-Sim counts {have} cycles for {gemm.name}, the formula {need}",
            where="compare-peers",
            have=f"{have} cycles",
            need=f"{need} cycles, as scalesim 3.0 counts",
            help="pip install scalesim==3.0.0",
        )
    )


def _ceil(a: int, b: int) -> int:
    return -(-a // b)
