"""Drawings: valid SVG with words for who cannot see it, PNG of the same size, axes."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import pytest

from intaglio.report.axes import Axis, log_range, round_steps, short
from intaglio.report.drawing import PALETTE, PNG_SCALE, Drawing
from intaglio.report.table import Column, sortable

SVG = "{http://www.w3.org/2000/svg}"


def drawing() -> Drawing:
    found = Drawing("one", "Title & more", "What it says", 200, 100)
    found.rect(10, 10, 50, 20, "blue", "a <b>")
    found.rect(10, 10, 0, 20, "blue")
    found.line(0, 0, 200, 100, "grey", dashed=True)
    found.dot(100, 50, "orange", "dot", hollow=True)
    found.text(5, 95, "x < y", anchor="start")
    return found


@pytest.mark.parametrize("alone", [True, False])
def test_the_svg_is_well_formed_and_has_words(alone: bool) -> None:
    root = ET.fromstring(drawing().svg(alone=alone))
    assert root.find(f"{SVG}title").text == "Title & more"  # type: ignore[union-attr]
    assert root.find(f"{SVG}desc").text == "What it says"  # type: ignore[union-attr]
    assert len(root.findall(f"{SVG}rect")) == 2  # the sheet and the one with an area
    assert (root.find(f"{SVG}style") is not None) == alone


def test_the_png_is_the_same_picture() -> None:
    from PIL import Image

    image = Image.open(io.BytesIO(drawing().png()))
    assert image.size == (200 * PNG_SCALE, 100 * PNG_SCALE)
    pixel = image.getpixel((35 * PNG_SCALE, 20 * PNG_SCALE))
    assert isinstance(pixel, tuple)
    assert "#{:02x}{:02x}{:02x}".format(*pixel) == PALETTE["blue"][0]


def test_axes_map_values_to_pixels() -> None:
    axis = Axis(1, 100, 0, 200, log=True)
    assert [axis(v) for v in (1, 10, 100, 1000)] == pytest.approx([0, 100, 200, 200])
    assert axis.ticks() == [1, 10, 100]
    assert Axis(0, 10, 100, 0)(2) == 80
    assert round_steps(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert log_range([3, 0, 250]) == (1, 1000)
    assert [short(v) for v in (0.1, 20000, 3e6)] == ["0.1", "20k", "3M"]


def test_a_table_is_sorted_without_a_script() -> None:
    rows: list[dict[str, object]] = [
        {"name": "b", "n": 1},
        {"name": "a", "n": None},
        {"name": "c", "n": 7},
    ]
    text = sortable(rows, (Column("Name", "name"), Column("N", "n", number=True)), "t")
    assert "<script" not in text
    assert "#t-n:checked~table tbody tr{order:var(--n)}" in text
    assert "--name:1;--n:1" in text  # b: second by name, second by number
    assert "--name:0;--n:2" in text  # what is not known comes last
