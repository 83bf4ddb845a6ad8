"""System 21: FP16 on-device learning (MCU)."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row
from intaglio.bench.sweeps_minifloat import SWEEPS
from intaglio.gateware.fp16_dot import Fp16Dot
from intaglio.golden.fp16 import dot2
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing, passed
from intaglio.ledger.measure import gates, once, row, sqnr
from intaglio.spec.formats import IntArray
from intaglio.spec.ieee import FP32

FloatArray = npt.NDArray[np.float64]
CONTEXTS = 4
LEAST_DB = 50.0


def dots() -> Verdict:
    """Run the FP16 dot in gates with both accumulators, subnormals and NaN included."""
    rows = [r for r in SWEEPS if r.name.startswith("fp16-dot")]
    done = gates(rows)
    total = sum(swept.vectors for swept in done)
    return passed(f"{len(rows)} FP16 dots, FP16 and FP32 sums: {total} payloads, 0 differ")


def _codes(values: FloatArray) -> IntArray:
    return values.astype(np.float16).view(np.uint16).astype(np.int64)


def _interleaved(values: IntArray) -> IntArray:
    """Return beats of sums x steps so that CONTEXTS sums take turns."""
    sums, steps, lanes = values.shape
    shaped = values.reshape(sums // CONTEXTS, CONTEXTS, steps, lanes)
    return shaped.transpose(0, 2, 1, 3).reshape(-1, lanes)


def _product_row(left: FloatArray, right: FloatArray) -> tuple[Row, FloatArray]:
    """Return the row of left @ right in FP16 with FP32 sums, and what golden gives."""
    terms = left.shape[1] + left.shape[1] % 2
    a = np.pad(left, ((0, 0), (0, terms - left.shape[1])))
    b = np.pad(right.T, ((0, 0), (0, terms - left.shape[1])))
    act, wgt = np.repeat(_codes(a), len(b), axis=0), np.tile(_codes(b), (len(a), 1))
    short = -len(act) % CONTEXTS
    act, wgt = (np.pad(part, ((0, short), (0, 0))) for part in (act, wgt))
    beats = act.reshape(len(act), -1, 2), wgt.reshape(len(wgt), -1, 2)
    sums = [
        dot2(zip(x.tolist(), w.tolist(), strict=True), FP32) for x, w in zip(*beats, strict=True)
    ]
    steps = terms // 2
    at = np.arange(len(act) * steps) // CONTEXTS % steps
    columns = Columns(
        act=_interleaved(beats[0]),
        wgt=_interleaved(beats[1]),
        first=at == 0,
        last=at == steps - 1,
    )
    build = partial(Fp16Dot, FP32, CONTEXTS)
    made = row("fp16-gemm", build, once({"i": columns}), lambda _: {"o": sums})
    found = np.array(sums[: len(a) * len(b)], np.uint32).view(np.float32)
    return made, found.reshape(len(a), len(b)).astype(np.float64)


def _windows(image: FloatArray, size: int) -> FloatArray:
    """Return the windows of an image H, W, C, padded with zeros, as rows."""
    pad = size // 2
    padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)))
    taps = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(0, 1))
    return taps.transpose(0, 1, 3, 4, 2).reshape(image.shape[0] * image.shape[1], -1)


def _steps() -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return the three products of matrices of a convolution, depthwise and pointwise one."""
    rng = np.random.default_rng(21)
    x, grad = rng.standard_normal((2, 6, 6, 4))
    w = rng.standard_normal((3, 3, 4, 4)) / 6
    turned = w[::-1, ::-1].transpose(0, 1, 3, 2)
    flat, down = x.reshape(36, 4), grad.reshape(36, 4)
    one = x[..., :1], grad[..., :1], w[:, :, :1, 0]
    return {
        "conv FW": (_windows(x, 3), w.reshape(36, 4)),
        "conv WG": (_windows(x, 3).T, down),
        "conv IG": (_windows(grad, 3), turned.reshape(36, 4)),
        "depthwise FW": (_windows(one[0], 3), one[2].reshape(9, 1)),
        "depthwise WG": (_windows(one[0], 3).T, one[1].reshape(36, 1)),
        "depthwise IG": (_windows(one[1], 3), one[2][::-1, ::-1].reshape(9, 1)),
        "pointwise FW": (flat, w[0, 0]),
        "pointwise WG": (flat.T, down),
        "pointwise IG": (down, w[0, 0].T),
    }


def steps() -> Verdict:
    """Run forward pass, weight and input gradient of three kinds of layers in gates."""
    ratios = {}
    for name, (left, right) in _steps().items():
        made, found = _product_row(left, right)
        gates([made], 1)
        ratios[name] = sqnr(left @ right, found)
    least = min(ratios, key=lambda name: ratios[name])
    text = f"{', '.join(ratios)} as products of matrices in gates, equal to IEEE sums"
    return judge(ratios[least] >= LEAST_DB, f"{text}; {least} {ratios[least]:.1f} dB to float64")


ENTRY = Entry(
    number=21,
    name="FP16 on-device learning (MCU)",
    kind="A/B",
    claim=(
        "FP16 SIMD forward/backward primitives on 8+1 RISC-V. <=1.72x over FP32; 3.11 / 0.81 "
        "MAC/clk"
    ),
    operator=(
        "FP16 2-way dot unit; three GEMMs per conv (FW, weight-grad, input-grad) with im2col/im2row"
    ),
    clauses=(
        Clause("FP16 dot bit-exact to an IEEE model (RNE, subnormals, FP32-acc option)", dots),
        Clause("FW/WG/IG of conv, depthwise and PW map and match", steps),
        missing(
            "MAC/clk counter reported, FP16 >= 1.7x FP32 at equal datapath bits",
            "an FP32 dot unit of equal datapath bits, whose products a cycle could be compared",
        ),
    ),
)
