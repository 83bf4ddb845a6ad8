"""Random layers whose sizes are drawn one by one: a mismatch shrinks to the smallest layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as start_from
from hypothesis import strategies as st

from intaglio.api.suites_layers import LAYERS
from intaglio.api.suites_litert import litert_mismatch, run_litert
from intaglio.compiler.save_tflite import save_tflite

EXAMPLES, SLOW_EXAMPLES = 60, 2000


class Drawn:
    """Looks like a random generator: single numbers are drawn, arrays come from a seed."""

    def __init__(self, data: st.DataObject) -> None:
        self._draw = data.draw
        self._rng = np.random.default_rng(data.draw(st.integers(0, 3)))

    def integers(self, low: int, high: int | None = None, size: Any = None) -> Any:
        least, most = (0, low) if high is None else (low, high)
        if size is not None:
            return self._rng.integers(least, most, size)
        return self._draw(st.integers(int(least), int(most) - 1))

    def uniform(self, low: float, high: float, size: Any = None) -> Any:
        if size is not None:
            return self._rng.uniform(low, high, size)
        return self._draw(st.floats(low, high))

    def random(self) -> float:
        return float(self._draw(st.floats(0, 1, exclude_max=True)))

    def choice(self, values: Any) -> Any:
        return self._draw(st.sampled_from(list(values)))


def difference(data: st.DataObject, kinds: tuple[str, ...] = tuple(sorted(LAYERS))) -> str:
    """Return how a drawn layer differs from LiteRT's reference kernels."""
    kind = data.draw(st.sampled_from(kinds))
    drawn: Any = Drawn(data)
    return litert_mismatch(save_tflite(LAYERS[kind](drawn)), drawn, "golden")


def test_drawn_layers_equal_the_reference_kernels(
    seed: int, request: pytest.FixtureRequest
) -> None:
    pytest.importorskip("ai_edge_litert")
    count = SLOW_EXAMPLES if request.config.getoption("--slow") else EXAMPLES

    @start_from(seed)
    @settings(max_examples=count, database=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        assert difference(data) == ""

    check()


def test_a_mismatch_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reference that is wrong for wide outputs: the layer found is hardly wider than that."""
    pytest.importorskip("ai_edge_litert")
    sizes: list[int] = []
    reference = run_litert

    def wrong(model: bytes, inputs: list[Any]) -> Any:
        found = reference(model, inputs)
        if found.size >= 20:
            sizes.append(found.size)
            return found + 1
        return found

    monkeypatch.setattr("intaglio.api.suites_litert.run_litert", wrong)

    @start_from(1)  # whose first wrong layer is a wide one
    @settings(
        max_examples=20,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        assert difference(data, ("requantise int8",)) == ""

    with pytest.raises(AssertionError):
        check()
    assert sizes[-1] <= 2 * 20 < max(sizes)
