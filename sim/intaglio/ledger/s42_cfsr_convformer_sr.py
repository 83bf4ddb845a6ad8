"""System 42: CFSR (ConvFormer SR)."""

from __future__ import annotations

import numpy as np

from intaglio.golden.windows import windows
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing

SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float64)
LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], np.float64)
CHANNELS, CLOSE = 6, 1e-12


def merge() -> Verdict:
    """Sum a 3x3, both Sobel filters and the Laplacian; compare with one merged 3x3."""
    rng = np.random.default_rng(42)
    x = rng.standard_normal((1, 12, 11, CHANNELS))
    free = rng.standard_normal((3, 3, CHANNELS))
    scales, biases = rng.standard_normal((3, CHANNELS)), rng.standard_normal((4, CHANNELS))
    fixed = (SOBEL, SOBEL.T, LAPLACE)
    branches = [free, *(s * f[..., None] for s, f in zip(scales, fixed, strict=True))]
    taps = windows(x, (3, 3), pads=(1, 1, 1, 1))
    apart = sum(
        np.einsum("nijrsc,rsc->nijc", taps, kernel) + bias
        for kernel, bias in zip(branches, biases, strict=True)
    )
    whole = np.einsum("nijrsc,rsc->nijc", taps, sum(branches)) + biases.sum(axis=0)
    error = float(np.abs(apart - whole).max() / np.abs(whole).max())
    return judge(error < CLOSE, f"3x3, Sobel-x, Sobel-y and Laplacian in one 3x3: {error:.0e}")


ENTRY = Entry(
    number=42,
    name="CFSR (ConvFormer SR)",
    kind="B/C",
    claim=(
        "Large-kernel conv mixer + edge-preserving FFN. +0.39 dB Urban100x2, -26 % params, -31 % "
        "FLOPs"
    ),
    operator=(
        "DW large k, elementwise gate, reparam of Sobel-x/y + Laplacian into one 3x3, PixelShuffle"
    ),
    clauses=(
        Clause("Merge exact before quantisation", merge),
        missing("PixelShuffle is a pure address map (0 MACs)", "pixel shuffle on the array"),
        missing("full SR tail bit-exact", "gates between branches and pixel shuffle on the array"),
    ),
)
