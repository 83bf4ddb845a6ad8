"""System 5: Quantization white paper."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.gateware.mac import MacLane
from intaglio.gateware.product import OperatorProduct
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing
from intaglio.ledger.measure import gates, once, row
from intaglio.quantise.forward import forward
from intaglio.quantise.network import OPSET
from intaglio.quantise.passes import simplified
from intaglio.spec.formats import IntArray, signed
from intaglio.spec.operands import Operands
from intaglio.spec.pack import pack_codes

WIDTHS = (4, 8, 16)
TERMS, SUMS, DEPTH = 32, 6400, 2
FLOAT_BYTES = 4
CLOSE = 1e-6


def _row(act: IntArray, wgt: IntArray, bits: int) -> Row:
    """Return the row of the sums of products of unsigned codes, held in one bit more."""
    held = signed(bits + 1)
    unit = OperatorProduct(Operands(f"w{held.bits}a{held.bits}", held, held))
    steps = TERMS // DEPTH
    last = np.arange(SUMS * steps) % steps == steps - 1
    columns = Columns(act=act.reshape(-1, DEPTH), wgt=wgt.reshape(-1, DEPTH), last=last)
    build = partial(MacLane, unit, DEPTH, unit.sum_format(TERMS).bits, steps)
    sums = (act * wgt).sum(axis=1)[:, None].tolist()
    return row(f"zero-point-{bits}", build, once({"i": columns}), lambda _: {"o": sums})


def zero_points() -> Verdict:
    """Form each sum of the identity in gates; together they equal the shifted products."""
    rng = np.random.default_rng(5)
    done = []
    for bits in WIDTHS:
        top = 1 << bits
        x, w = rng.integers(0, top, (2, SUMS, TERMS))
        ones = np.ones_like(x)
        zx, zw = rng.integers(0, top, (2, SUMS))
        rows = [_row(x, w, bits), _row(x, ones, bits), _row(w, ones, bits)]
        done += gates(rows)
        parts = (x * w).sum(axis=1), x.sum(axis=1), w.sum(axis=1)
        combined = parts[0] - zw * parts[1] - zx * parts[2] + TERMS * zw * zx
        shifted = ((w - zw[:, None]) * (x - zx[:, None])).sum(axis=1)
        if not np.array_equal(combined, shifted):
            return judge(False, f"the identity fails at {bits} bits")
    total = sum(swept.vectors for swept in done)
    return judge(total > 0, f"{len(WIDTHS)} widths, {SUMS} sums each: {total} payloads, 0 differ")


def sizes() -> Verdict:
    """Pack the weights of a network and compare bytes with those of float32."""
    rng = np.random.default_rng(5)
    shapes = ((16, 3, 3, 3), (32, 3, 3, 16), (64, 3, 3, 32), (10, 64))
    count = sum(int(np.prod(shape)) for shape in shapes)
    ratios = {}
    for bits in (8, 4):
        limit = (1 << (bits - 1)) - 1
        data = [pack_codes(rng.integers(-limit, limit + 1, shape), bits) for shape in shapes]
        ratios[bits] = FLOAT_BYTES * count / sum(part.size for part in data)
    text = ", ".join(f"{ratio:.2f} at {bits} bits" for bits, ratio in ratios.items())
    return judge({b: round(r, 2) for b, r in ratios.items()} == {8: 4.0, 4: 8.0}, text)


def folded() -> Verdict:
    """Fold a batch normalisation into the convolution before it; compare on random images."""
    rng = np.random.default_rng(5)
    out = 16
    constants = {
        "w": rng.standard_normal((out, 8, 3, 3)).astype(np.float32),
        "b": rng.standard_normal(out).astype(np.float32),
        **{n: rng.uniform(0.5, 1.5, out).astype(np.float32) for n in ("gain", "variance")},
        **{n: rng.standard_normal(out).astype(np.float32) for n in ("shift", "mean")},
    }
    norm = ("c", "gain", "shift", "mean", "variance")
    nodes = (
        OnnxNode(0, "conv", "Conv", "", ("x", "w", "b"), ("c",), {"pads": [1, 1, 1, 1]}),
        OnnxNode(1, "norm", "BatchNormalization", "", norm, ("y",), {}),
    )
    inputs = {"x": ("float32", (1, 8, 20, 20))}
    model = OnnxModel("white paper", "net", nodes, inputs, ("y",), constants, OPSET)
    x = {"x": rng.standard_normal((1, 8, 20, 20)).astype(np.float32)}
    after, certificates = simplified(model, x)
    before = forward(model, x)["y"].astype(np.float64)
    error = np.abs(forward(after, x)["y"] - before).max() / np.abs(before).max()
    names = [node.op for node in after.nodes]
    text = f"{before.size} values, worst {error:.1e} of the greatest, {certificates[0].text}"
    return judge(names == ["Conv"] and bool(error < CLOSE), text)


ENTRY = Entry(
    number=5,
    name="Quantization white paper",
    kind="A",
    claim=(
        "Krishnamoorthi: Affine/symmetric, per-layer/per-channel, PTQ/QAT. Per-channel W8 + "
        "per-layer A8 <= 2 % of float, QAT <= 1 %; 4x smaller; 2 to 3x CPU, <=10x DSP; asks "
        "hardware for 4, 8 and 16 bits"
    ),
    operator="zero-point-correct MAC array with per-channel requantiser, run-time 4/8/16-bit",
    clauses=(
        missing(
            "4 schemes x {4,8,16} bits bit-exact",
            "requantisers of 4 and 16 bits by channel, with zero points of weights",
        ),
        Clause("zero-point identity holds to the bit", zero_points),
        Clause("BN-fold pass equals unfused float conv < 1e-6", folded),
        Clause("model bytes ratio = 4.00 (8-bit) / 8.00 (4-bit)", sizes),
        missing(
            "PTQ on a small CNN reproduces the ordering per-channel > per-layer",
            "a quantiser of networks, by calibration",
        ),
        missing("QAT > PTQ", "training with quantisation"),
    ),
)
