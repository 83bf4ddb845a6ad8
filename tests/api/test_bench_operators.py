"""Layer tables with operators that the compiler takes apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from intaglio.api.bench_formula import formula_cycles
from intaglio.api.bench_layers import COLUMNS, read_layers
from intaglio.spec.errors import UsageError
from intaglio.spec.graph import Op
from intaglio.spec.presets import PRESETS


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "layers.csv"
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")
    return path


def test_a_transposed_convolution_has_stride_times_the_places(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "a,transposed_conv,8,8,5,6,8,4,3,3,2,1,1,same",
        "b,transposed_conv,8,8,5,6,8,4,1,2,3,1,1,same",
        "c,transposed_conv,8,8,5,6,8,4,3,3,2,1,1,none",
    )
    same, short, full = (row.shape for row in read_layers(path))
    assert (same.places, short.places, full.places) == ((10, 12), (15, 18), (11, 13))
    # Rows and columns 0, 2, ... of the result have one place of the kernel or two: 9 in all.
    assert same.macs == 5 * 6 * 9 * 8 * 4
    phases = [(30, 1), (30, 2), (30, 2), (30, 4)]
    config = PRESETS["tiny"]
    tiles = sum(15 * max(taps * 4, 4) + 32 for _, taps in phases)
    assert formula_cycles(same, config, 1e9) == tiles


def test_an_image_may_go_on_past_its_edges(tmp_path: Path) -> None:
    path = table(tmp_path, "a,conv,8,8,5,6,8,4,3,4,1,1,1,wrap")
    (row,) = read_layers(path)
    shape = row.shape
    assert (shape.op, shape.edge, shape.padding) == (Op.CONV, "wrap", (1, 1, 1, 2))
    assert shape.places == (5, 6)


def test_a_transposed_convolution_pads_with_zeros(tmp_path: Path) -> None:
    path = table(tmp_path, "a,transposed_conv,8,8,5,6,8,4,3,3,2,1,1,wrap")
    with pytest.raises(UsageError, match="transposed_conv has padding 'wrap'"):
        read_layers(path)
