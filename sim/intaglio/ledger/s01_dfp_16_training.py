"""System 1: DFP-16 training."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from intaglio.bench.columns import Columns
from intaglio.bench.pairs_dfp import chain_vector
from intaglio.bench.row import Row
from intaglio.bench.sweeps_formats import SWEEPS
from intaglio.gateware.pair_fma import PairFma
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, lacking, missing, passed
from intaglio.ledger.measure import gates, once, row, sqnr
from intaglio.spec.codes_dfp import DfpFormat, Overflow, quantise, safe_chain
from intaglio.spec.formats import INT32, IntArray

FloatArray = npt.NDArray[np.float64]
BITS = 16
CHAINS = {16: 2, 15: 8, 14: 32, 13: 128}
WIDE_PRODUCTS = 131071
LEAST_DB = 75.0


def _fma_row(mode: Overflow, sums: list[list[list[int]]], results: list[dict[str, int]]) -> Row:
    """Return the row of these sums of [a0, a1, w0, w1] with what must come out."""
    beats = np.array([beat for total in sums for beat in total])
    first = np.array([at == 0 for total in sums for at in range(len(total))])
    last = np.array([at == len(total) - 1 for total in sums for at in range(len(total))])
    columns = Columns(act=beats[:, :2], wgt=beats[:, 2:], first=first, last=last)
    build = partial(PairFma, BITS, mode)
    return row(f"fma-{mode}", build, once({"i": columns}), lambda _: {"o": results})


def pair() -> Verdict:
    """Run the pair FMA in every mode; the one pair that overflows by itself is told apart."""
    lowest = [[-32768, -32768, -32768, -32768]]
    wrapped = [{"acc": -(1 << 31), "overflow": 1}]
    rows = [r for r in SWEEPS if r.name.startswith("dfp-pair-fma")]
    done = gates([*rows, _fma_row(Overflow.FLAG, [lowest] * 2000, wrapped * 2000)])
    exact = _fma_row(Overflow.WIDE, [lowest] * 2000, [{"acc": 1 << 31, "overflow": 0}] * 2000)
    done += gates([exact], 1)
    total = sum(swept.vectors for swept in done)
    return passed(f"pair-FMA in 4 modes: {total} payloads in gates, 0 differ; 2^31 is flagged")


def chains() -> Verdict:
    """Prove the chain lengths: a sum of L products fits whatever they are, of L + 1 not."""
    found = {bits: safe_chain(bits, bits) for bits in CHAINS}
    proved = [
        most * limit**2 <= INT32.max < (most + 1) * limit**2
        for bits, most in found.items()
        for limit in ((1 << (bits - 1)) - 1,)
    ]
    text = ", ".join(f"{bits}: {most}" for bits, most in found.items())
    return judge(found == CHAINS and all(proved), f"L = {text}; n * limit^2 bounds n products")


def overflows() -> Verdict:
    """Run chains of L and L + 1 greatest products, of both signs, in gates."""
    sums, results = [], []
    for bits, longest in CHAINS.items():
        for products in (longest, longest + 1):
            for sign in (1, -1):
                exact = sign * products * ((1 << (bits - 1)) - 1) ** 2
                held = (exact - INT32.min) % (1 << 32) + INT32.min
                sums.append(chain_vector(bits, bits, products, sign))
                results.append({"acc": held, "overflow": int(held != exact)})
    flags = [result["overflow"] for result in results]
    gates([_fma_row(Overflow.FLAG, sums, results)], 1)
    expected = [0, 0, 1, 1] * len(CHAINS)
    return judge(flags == expected, f"flags of L, L + 1 for {list(CHAINS)} bits in gates: {flags}")


def wide() -> Verdict:
    """Sum as many full-range products as 48 bits hold, in gates."""
    beats = [[-32768, -32768, -32768, -32768]] * (WIDE_PRODUCTS // 2) + [[-32768, 0, -32768, 0]]
    total = WIDE_PRODUCTS << 30
    gates([_fma_row(Overflow.WIDE, [beats], [{"acc": total, "overflow": 0}])], 1)
    figure = f"{WIDE_PRODUCTS} full-range products sum exactly to {total} in gates"
    return lacking("a spill of the 48-bit accumulator, for sums of more products", figure)


def _matrix_row(a: IntArray, b: IntArray) -> Row:
    """Return the row of a @ b, pairs of terms at a time."""
    even = np.pad(a, ((0, 0), (0, a.shape[1] % 2))), np.pad(b, ((0, b.shape[0] % 2), (0, 0)))
    rows, outputs, terms = len(a), b.shape[1], even[0].shape[1]
    act = np.repeat(even[0], outputs, axis=0).reshape(-1, 2)
    wgt = np.tile(even[1].T, (rows, 1)).reshape(-1, 2)
    at = np.arange(len(act)) % (terms // 2)
    columns = Columns(act=act, wgt=wgt, first=at == 0, last=at == terms // 2 - 1)
    results = [{"acc": int(value), "overflow": 0} for value in (a @ b).reshape(-1)]
    build = partial(PairFma, BITS, Overflow.WIDE)
    return row("gemm", build, once({"i": columns}), lambda _: {"o": results})


def _rows_of(image: FloatArray) -> FloatArray:
    """Return the 3x3 windows of an image H, W, C, padded with zeros, as rows."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    return windows.transpose(0, 1, 3, 4, 2).reshape(image.shape[0] * image.shape[1], -1)


def passes() -> Verdict:
    """Run forward pass and both gradients of a convolution as products of matrices in gates."""
    rng = np.random.default_rng(1)
    x, grad = rng.standard_normal((2, 8, 8, 6))
    weights = rng.standard_normal((3, 3, 6, 6)) / 7
    turned = weights[::-1, ::-1].transpose(0, 1, 3, 2)
    flat = grad.reshape(64, 6)
    products = {
        "forward": (_rows_of(x), weights.reshape(54, 6)),
        "dgrad": (_rows_of(grad), turned.reshape(54, 6)),
        "wgrad": (_rows_of(x).T, flat),
    }
    form, ratios = DfpFormat("dfp16", BITS), {}
    for name, (left, right) in products.items():
        (a, ea), (b, eb) = quantise(left, form), quantise(right, form)
        gates([_matrix_row(a, b)], 1)
        ratios[name] = sqnr(left @ right, np.ldexp((a @ b).astype(np.float64), ea + eb))
    text = ", ".join(f"{name} {ratio:.1f} dB" for name, ratio in ratios.items())
    return judge(min(ratios.values()) >= LEAST_DB, f"{text}, sums exact in gates")


ENTRY = Entry(
    number=1,
    name="DFP-16 training",
    kind="A",
    claim=(
        'Das 2018: Shared-exponent "dynamic fixed point" tensors; FMA of two INT16 pairs -> INT32;'
        " overflow handling of that accumulator. ResNet-50, GoogLeNet-v1, VGG-16, AlexNet at/above"
        " FP32 accuracy; 1.8x end-to-end training throughput"
    ),
    operator="pair-FMA16 unit + tensor-exponent unit (max, LZC, shift) + accumulator spill",
    clauses=(
        Clause(
            (
                "(i) pair-FMA bit-exact incl. the one pair that overflows: (-32768)^2+(-32768)^2 ="
                " 2^31"
            ),
            pair,
        ),
        Clause(
            (
                "(ii) tool proves a safe chain length L(b) for b-bit operands = 16 -> 2, 15 -> 8, "
                "14 -> 32, 13 -> 128 products"
            ),
            chains,
        ),
        Clause("at L no overflow flag, at L+1 a directed vector raises it", overflows),
        Clause("(iii) spill-to-wide mode gives the exact sum for any K", wide),
        Clause("(iv) forward, dgrad, wgrad of one conv >= 75 dB SQNR", passes),
        missing(
            "and a small CNN trained in DFP-16 ends within 1 % of FP32 loss",
            "training of networks in shared-exponent integers",
        ),
    ),
)
