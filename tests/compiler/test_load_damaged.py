"""Files that are no models, cut short or damaged: one clear error, never a crash or a hang."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from intaglio.compiler.load_tflite import load_tflite, parse_tflite
from intaglio.spec.errors import IntaglioError, ModelError, UsageError

SHIPPED = Path("sw/driver/intaglio/api/data/digits.tflite")


@pytest.fixture(scope="module")
def digits() -> bytes:
    return (Path(__file__).parents[2] / SHIPPED).read_bytes()


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\x89PNG\r\n\x1a\n" * 9, bytes(64)])
def test_other_files_are_no_models(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "picture.tflite"
    path.write_bytes(data)
    with pytest.raises(ModelError) as caught:
        load_tflite(path)
    (finding,) = caught.value.findings
    assert finding.code == "E301"
    assert str(path) in finding.message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.tflite", tmp_path):
        with pytest.raises(UsageError) as caught:
            load_tflite(path)
        assert caught.value.findings[0].code == "E103"
        assert str(path) in caught.value.findings[0].message


@pytest.mark.parametrize("part", range(50))
def test_truncated_files_are_refused(digits: bytes, part: int) -> None:
    with pytest.raises(ModelError) as caught:
        parse_tflite(digits[: len(digits) * part // 50], "cut.tflite", "cut")
    assert caught.value.findings[0].code == ("E301" if part == 0 else "E302")


def _try(data: bytes) -> str:
    """Return the first error code, or nothing when a graph came out."""
    try:
        parse_tflite(data, "damaged.tflite", "damaged")
    except IntaglioError as error:
        return error.findings[0].code
    return ""


def test_flipped_bytes_give_a_graph_or_an_error(digits: bytes, seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = set()
    # Most bytes are weights; the tables stand before and behind them.
    for _ in range(200):
        data = bytearray(digits)
        for place in rng.integers(8, len(data), 4):
            data[place] = rng.integers(0, 256)
        seen.add(_try(bytes(data)))
    assert {"", "E302"} <= seen


@pytest.mark.parametrize("value", [0xFFFFFFFF, 0x7FFFFFFF, 0x00FFFFFF, 0])
def test_huge_lengths_and_offsets_neither_hang_nor_crash(
    digits: bytes, seed: int, value: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = set()
    for place in rng.integers(2, len(digits) // 4, 200) * 4:
        data = digits[:place] + value.to_bytes(4, "little") + digits[place + 4 :]
        codes.add(_try(data))
    assert "E302" in codes


def test_random_bytes_behind_the_identifier(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(200):
        body = rng.integers(0, 64, int(rng.integers(0, 400)), np.uint8).tobytes()
        offset = int(rng.integers(0, 64)).to_bytes(4, "little")
        assert _try(offset + b"TFL3" + body) in {"E301", "E302"}
