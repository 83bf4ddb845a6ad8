from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intaglio.spec.placement import Placement, over_slots, over_workers


@st.composite
def placements(draw: st.DrawFn) -> Placement:
    modes = draw(st.tuples(*[st.lists(st.integers(1, 3), max_size=2).map(tuple)] * 2))
    count = sum(map(len, modes))
    order = draw(st.permutations(range(count)))
    cut = draw(st.integers(0, count))
    copies = draw(st.sampled_from([(), (-2,)]))
    return Placement(modes, (*order[:cut], *copies), tuple(order[cut:]))


def test_the_published_example() -> None:
    order = Placement(((2, 2), (3, 2)), (0, 2), (3, 1)).order()
    for i in range(4):
        for j in range(6):
            assert order[(i // 2) * 3 + j // 2, (j % 2) * 2 + i % 2] == i * 6 + j


@given(placements(), placements(), placements())
def test_composition_is_associative(a: Placement, b: Placement, c: Placement) -> None:
    assert (a @ b) @ c == a @ (b @ c)
    assert np.array_equal(((a @ b) @ c).order(), (a @ (b @ c)).order())


@given(placements(), placements())
def test_composition_is_what_its_definition_says(a: Placement, b: Placement) -> None:
    whole = a @ b
    assert whole.shape == tuple(x * y for x, y in zip(a.shape, b.shape, strict=True))
    outer, inner = a.order(), b.order()
    for worker in range(whole.workers):
        for slot in range(whole.slots):
            wa, wb = divmod(worker, b.workers)
            sa, sb = divmod(slot, b.slots)
            at_a = np.unravel_index(outer[wa, sa], a.shape)
            at_b = np.unravel_index(inner[wb, sb], b.shape)
            at = [i * n + j for i, n, j in zip(at_a, b.shape, at_b, strict=True)]
            assert whole.order()[worker, slot] == np.ravel_multi_index(at, whole.shape)


@given(placements())
def test_every_element_is_held_and_replicas_hold_the_same(a: Placement) -> None:
    assert set(a.order().ravel().tolist()) == set(range(int(np.prod(a.shape))))


def test_a_sum_over_an_axis_leaves_replicas() -> None:
    summed = (over_workers(2, 3) @ over_slots(4, 1)).reduced(1)
    assert summed.shape == (8, 1)
    assert (summed.workers, summed.slots) == (6, 4)
    assert summed.order().tolist() == [[0, 1, 2, 3]] * 3 + [[4, 5, 6, 7]] * 3


def test_composition_does_not_commute() -> None:
    a, b = over_workers(2), over_slots(2)
    assert (a @ b).order().tolist() == [[0, 1], [2, 3]]
    assert (b @ a).order().tolist() == [[0, 2], [1, 3]]


@pytest.mark.parametrize(("spatial", "local"), [((0,), ()), ((0, 1), (1,)), ((0,), (2,))])
def test_digits_must_be_named_once(spatial: tuple[int, ...], local: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="each once"):
        Placement(((2,), (3,)), spatial, local)
