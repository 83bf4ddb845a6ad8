"""Our configurations and networks as other tools read them: SCALE-Sim CSV, ZigZag YAML."""

from __future__ import annotations

from collections.abc import Sequence

from intaglio.compiler.layer import Layer
from intaglio.compiler.outline import Outline
from intaglio.estimate.coefficients import Coefficients
from intaglio.estimate.memories import Ram, memories
from intaglio.estimate.sram import sram_access
from intaglio.explore.gemm import Gemm
from intaglio.explore.peer_scalesim import Systolic
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig


def scalesim_topology(layers: Sequence[Gemm]) -> str:
    """Return the matrix products as SCALE-Sim's GEMM topology; a group has a line of its own."""
    lines = ["Layer,M,N,K,"]
    for gemm in layers:
        for group in range(gemm.count):
            end = f"_g{group}" if gemm.count > 1 else ""
            lines.append(f"{gemm.name.replace(',', '_')}{end},{gemm.m},{gemm.n},{gemm.k},")
    return "\n".join(lines) + "\n"


def scalesim_config(config: ArrayConfig, array: Systolic, dataflow: str) -> str:
    """Return SCALE-Sim's configuration of an array with as many multipliers and buffers."""
    half = max(config.acts_kib // 2, 1)
    return "\n".join(
        [
            *("[general]", f"run_name = {config.name}_{dataflow}", "", "[run_presets]"),
            *("InterfaceBandwidth = CALC", "UseRamulatorTrace = False", ""),
            "[architecture_presets]",
            *(f"ArrayHeight = {array.rows}", f"ArrayWidth = {array.columns}"),
            *(f"IfmapSramSzkB = {half}", f"FilterSramSzkB = {config.weights_kib}"),
            *(f"OfmapSramSzkB = {half}", "IfmapOffset = 0", "FilterOffset = 10000000"),
            *("OfmapOffset = 20000000", f"Dataflow = {dataflow}"),
            *(f"Bandwidth = {config.bus_bytes}", "ReadRequestBuffer = 64"),
            *("WriteRequestBuffer = 64", "", "[layout]", "IfmapCustomLayout = False"),
            *("FilterCustomLayout = False", f"IfmapSRAMBankBandwidth = {config.act_bytes}"),
            *(f"IfmapSRAMBankNum = {config.banks}", "IfmapSRAMBankPort = 2"),
            f"FilterSRAMBankBandwidth = {config.weight_bytes}",
            *("FilterSRAMBankNum = 1", "FilterSRAMBankPort = 2", ""),
            *("[sparsity]", "SparsitySupport = false", ""),
        ]
    )


def zigzag_hardware(config: ArrayConfig, coefficients: Coefficients) -> str:
    """Return ZigZag's description of the array, its buffers and the external memory.

    Costs are in pJ a word, from the 45 nm tables; D1 pixels, D2 output channels, D3 terms.
    """
    rams = {ram.name: ram for ram in memories(config)}
    dram = coefficients.need("dram.access").value * config.bus_bytes
    blocks = [
        f"name: intaglio_{config.name}",
        "memories:",
        _memory("weights", rams["weights"], ["I2"], coefficients),
        _memory("activations", rams["activations"], ["I1", "O"], coefficients),
        _zigzag_memory("dram", 10**10, 8 * config.bus_bytes, dram, ["I1", "I2", "O"]),
        "multipliers:",
        f"  input_precision: [{config.act_bits}, {config.weight_bits}]",
        f"  multiplier_energy: {coefficients.need('asic45.int8_multiply').value}",
        "  multiplier_area: 1",
        "  dimensions: [D1, D2, D3]",
        f"  sizes: [{config.pixels}, {config.channels}, {config.depth}]",
    ]
    return "\n".join(blocks) + "\n"


def zigzag_workload(outline: Outline) -> str:
    """Return ZigZag's list of the layers with weights."""
    parts = []
    for number, layer in enumerate(
        layer for layer in outline.layers.values() if layer.weights is not None
    ):
        parts.append(_zigzag_layer(number, layer, outline.config))
    return "\n".join(parts)


def _zigzag_layer(number: int, layer: Layer, config: ArrayConfig) -> str:
    height, width, channels = layer.out_image
    depthwise = layer.operation is Operation.DEPTHWISE
    shape = layer.weights.shape if layer.weights is not None else ()
    rows, columns = (shape[0], shape[1]) if depthwise else (shape[1], shape[2])
    groups = channels if depthwise else layer.groups
    terms = 1 if depthwise else shape[3]
    sizes = [1, groups, channels // groups, terms, height, width, rows, columns]
    (sy, sx), (dy, dx) = layer.stride, layer.dilation
    return "\n".join(
        [
            f"- id: {number} # {layer.name}",
            "  operator_type: Conv",
            "  equation: O[b][g][k][oy][ox]+=W[g][k][c][fy][fx]*I[b][g][c][iy][ix]",
            f"  dimension_relations: [ix={sx}*ox+{dx}*fx, iy={sy}*oy+{dy}*fy]",
            "  loop_dims: [B, G, K, C, OY, OX, FY, FX]",
            f"  loop_sizes: {sizes}",
            "  operand_precision:",
            f"    W: {config.weight_bits}",
            f"    I: {config.act_bits}",
            f"    O: {config.acc.bits}",
            f"    O_final: {config.act_bits}",
            "  operand_source:",
            f"    I: {max(number - 1, 0)}",
            f"    W: {number}",
            "",
        ]
    )


def _memory(name: str, ram: Ram, operands: list[str], coefficients: Coefficients) -> str:
    energy = sram_access(coefficients.sram, ram).value or 0.0
    return _zigzag_memory(
        name, ram.bits * ram.words * ram.count, ram.bits * ram.count, energy, operands
    )


def _zigzag_memory(name: str, size: int, width: int, energy: float, operands: list[str]) -> str:
    ports = {
        "I1": ["fh: w_port_1", "tl: r_port_1"],
        "I2": ["fh: w_port_1", "tl: r_port_1"],
        "O": ["fh: w_port_1", "tl: r_port_1", "fl: w_port_1", "th: r_port_1"],
    }
    lines = [
        f"  {name}:",
        f"    size: {size}",
        *(f"    {key}: {width}" for key in ("r_bw", "w_bw")),
        *(f"    {key}: {energy:.4g}" for key in ("r_cost", "w_cost")),
        *("    area: 0", "    r_port: 1", "    w_port: 1", "    rw_port: 0", "    latency: 1"),
        f"    operands: [{', '.join(operands)}]",
        "    ports:",
    ]
    for operand in operands:
        first, *rest = ports[operand]
        lines += [f"      - {first}", *(f"        {port}" for port in rest)]
    lines.append("    served_dimensions: [D1, D2, D3]")
    return "\n".join(lines)
