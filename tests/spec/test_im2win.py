"""Window-order layout of images."""

from __future__ import annotations

import numpy as np

from intaglio.spec.im2win import LAYERS, WindowLayout, image_windows, kernel_windows


def test_a_window_is_a_run_of_its_row(rng: np.random.Generator) -> None:
    layout = WindowLayout(channels=2, size=9, outputs=1, kernel=3, stride=2)
    x = rng.integers(-9, 9, (9, 9, 2))
    buffer = image_windows(x, layout)
    assert buffer.size == layout.words
    weights = rng.integers(-9, 9, (1, 3, 3, 2))
    ordered = kernel_windows(weights).reshape(-1, 2)
    for row, column in ((0, 0), (3, 2), (1, 3)):
        window = x[2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
        own = buffer.reshape(-1, 2)[layout.addresses(row, column)]
        assert (own * ordered).sum() == (window * weights[0]).sum()


def test_published_layers() -> None:
    ratios = [layer.words / layer.unrolled_words for layer in LAYERS]
    assert len(ratios) == 12
    assert abs(np.mean(ratios) - 0.351) < 0.001
