"""Other accelerators beside ours, on the same network with as many multipliers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intaglio.api.files import write_folder
from intaglio.api.model import Model, load
from intaglio.compiler.outline import outline_graph
from intaglio.compiler.save_tflite import save_tflite
from intaglio.estimate.coefficients import shipped
from intaglio.explore import peer_files
from intaglio.explore.costing import choose, layer_cycles
from intaglio.explore.gemm import Gemm, gemms
from intaglio.explore.peer_scalesim import DATAFLOWS, Systolic, scale_sim
from intaglio.explore.peer_vela import MODES, vela
from intaglio.report.peers_chart import peers_drawing
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, UsageError
from intaglio.spec.figure import Figure

PEERS = ("vela", "scale-sim")
SCHEMA = 1


@dataclass(frozen=True)
class Peer:
    """An accelerator on the network.

    Parameters
    ----------
    name : str
        What it is.
    multipliers : int
        Multiply-accumulates in a cycle.
    cycles : Figure
        Of the whole network, as far as `covers` says.
    utilisation : Figure
        Useful MACs over cycles times multipliers.
    covers : str
        What the cycles include.
    layers : mapping
        Node index to cycles, where the peer tells them.
    """

    name: str
    multipliers: int
    cycles: Figure
    utilisation: Figure
    covers: str
    layers: Mapping[int, Figure]

    def as_dict(self) -> dict[str, Any]:
        """Return the peer for JSON."""
        return {
            "name": self.name,
            "multipliers": self.multipliers,
            "cycles": self.cycles.as_dict(),
            "utilisation": self.utilisation.as_dict(),
            "covers": self.covers,
        }


@dataclass(frozen=True)
class PeerComparison:
    """Ours first, then the peers; and files that other tools read."""

    model: str
    config: str
    peers: tuple[Peer, ...]
    names: Mapping[int, tuple[str, str, int]]
    exports: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return everything for JSON."""
        return {
            "schema_version": SCHEMA,
            "kind": "compare-peers",
            "model": self.model,
            "config": self.config,
            "peers": [peer.as_dict() for peer in self.peers],
            "layers": [
                {
                    "name": name,
                    "op": op,
                    "macs": Figure(macs, "MAC", "estimated", "from the shapes").as_dict(),
                    "cycles": {
                        peer.name: peer.layers[index].as_dict()
                        for peer in self.peers
                        if index in peer.layers
                    },
                }
                for index, (name, op, macs) in self.names.items()
            ],
        }


def compare_peers(
    subject: Model | Path | str,
    config: ArrayConfig | str = "default",
    *,
    peers: Sequence[str] = PEERS,
    progress: Callable[[str], None] = lambda _: None,
) -> PeerComparison:
    """Run the peers on the network of `subject`, and the cycle model of `config`.

    Raises
    ------
    UsageError
        E101: a peer is not known.
    EnvironmentFault
        E501, E502: a peer is not installed, or another version.
    ToolError
        E601: a peer failed.
    """
    wrong = [name for name in peers if name not in PEERS]
    if wrong or not peers:
        raise UsageError(
            Finding(
                "E101",
                f"{', '.join(wrong) or 'nothing'} is no peer",
                where="--peers",
                have=", ".join(wrong),
                need=", ".join(PEERS),
                help="name one or both",
            )
        )
    model = subject if isinstance(subject, Model) else load(subject)
    choice = choose(config)
    outline = outline_graph(model.graph, choice.config)
    cycles = layer_cycles(outline, choice.memory)
    layers = list(gemms(outline))
    nodes = model.graph.nodes
    names = {i: (nodes[i].name, nodes[i].op.value, outline.layers[i].macs) for i in cycles}
    macs = outline.macs
    how = "cycle model, memory included"
    found = [
        _peer(
            f"Intaglio {choice.config.name}",
            choice.config.macs,
            Figure(sum(cycles.values()), "cycle", "estimated", how),
            macs,
            "all layers, external memory included",
            {i: Figure(value, "cycle", "estimated", how) for i, value in cycles.items()},
        )
    ]
    if "vela" in peers:
        found += _vela(model, choice.config, macs, progress)
    if "scale-sim" in peers:
        found += _scale_sim(layers, choice.config, progress)
    array = Systolic.of(choice.config.macs)
    exports = {
        "scalesim_topology.csv": peer_files.scalesim_topology(layers),
        **{
            f"scalesim_{d}.cfg": peer_files.scalesim_config(choice.config, array, d)
            for d in DATAFLOWS
        },
        "zigzag_hardware.yaml": peer_files.zigzag_hardware(choice.config, shipped()),
        "zigzag_workload.yaml": peer_files.zigzag_workload(outline),
    }
    return PeerComparison(model.name, choice.config.name, tuple(found), names, exports)


def save_peers(found: PeerComparison, folder: Path | str) -> list[Path]:
    """Write JSON, CSV, the picture and the files for other tools to `folder`."""
    rows = [
        {
            "name": peer.name,
            "cycles": peer.cycles.value,
            "macs": peer.multipliers,
            "utilisation": peer.utilisation.value,
        }
        for peer in found.peers
    ]
    drawing = peers_drawing(rows, f"{found.model}: cycles for one input")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["layer", "op", "macs", *(peer.name for peer in found.peers)])
    for index, (name, op, macs) in found.names.items():
        values = [peer.layers[index].value if index in peer.layers else "" for peer in found.peers]
        writer.writerow([name, op, macs, *values])
    contents: dict[str, bytes | str] = {
        "peers.json": json.dumps(found.as_dict(), indent=1) + "\n",
        "peers.csv": stream.getvalue(),
        "peers.svg": drawing.svg(alone=True),
        "peers.png": drawing.png(),
        **found.exports,
    }
    return write_folder(Path(folder), contents)


def _vela(
    model: Model, config: ArrayConfig, macs: int, progress: Callable[[str], None]
) -> list[Peer]:
    data = save_tflite(model.graph)
    if model.path is not None and model.path.suffix == ".tflite":
        data = model.path.read_bytes()
    found = []
    for mode in MODES:
        got = vela(data, config.macs, mode, progress)
        how = f"Vela {got.version}, its own estimate, {mode}"
        by_name = {node.name: index for index, node in enumerate(model.graph.nodes)}
        layers = {
            by_name[name]: Figure(value, "cycle", "estimated", how)
            for name, value in got.layers.items()
            if name in by_name and value
        }
        total = Figure(got.cycles, "cycle", "estimated", how)
        name = f"Ethos-U55-{got.macs} {mode}"
        found.append(_peer(name, got.macs, total, macs, "all operators, memory included", layers))
    return found


def _scale_sim(
    layers: Sequence[Gemm], config: ArrayConfig, progress: Callable[[str], None]
) -> list[Peer]:
    array = Systolic.of(config.macs)
    found = []
    for dataflow in DATAFLOWS:
        got = scale_sim(layers, array, dataflow, progress)
        runs = sum(cycles.run for cycles in got.values())
        how = (
            f"SCALE-Sim, {array.rows} x {array.columns}, {dataflow}: {runs} of {len(got)} layers "
            "run, the rest by its formula; no stalls of memory"
        )
        figures = {
            index: Figure(
                cycles.value,
                "cycle",
                "simulated" if cycles.run else "estimated",
                how,
            )
            for index, cycles in got.items()
        }
        total = Figure(sum(c.value for c in got.values()), "cycle", "estimated", how)
        name = f"SCALE-Sim {array.rows}x{array.columns} {dataflow.upper()}"
        useful = sum(gemm.macs for gemm in layers)
        covers = "layers with weights, compute alone"
        found.append(_peer(name, array.rows * array.columns, total, useful, covers, figures))
    return found


def _peer(
    name: str,
    multipliers: int,
    cycles: Figure,
    macs: int,
    covers: str,
    layers: Mapping[int, Figure],
) -> Peer:
    share = macs / ((cycles.value or 1) * multipliers)
    used = Figure(share, "1", cycles.source, "useful MACs over cycles times multipliers")
    return Peer(name, multipliers, cycles, used, covers, layers)
