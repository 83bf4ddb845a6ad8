"""The identities of packed multiplication, over every combination of operands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from intaglio.golden.products import lane_sums
from intaglio.spec.errors import ConfigError, ModelError
from intaglio.spec.formats import IntArray
from intaglio.spec.operands import folded_bias, operands
from intaglio.spec.packing import PACKINGS, Packing, Repair


def signed_field(value: IntArray, low: int, bits: int) -> IntArray:
    part = (value >> low) & ((1 << bits) - 1)
    return part - ((part >> (bits - 1)) << bits)


def extracted(form: Packing, repair: Repair, act: list[Any], wgt: list[Any]) -> list[Any]:
    """Multiply the two ports once and take the products out, channel fastest."""
    acts = [a + s for a, s in zip(act, form.surpluses, strict=True)]
    port_a: Any = sum(a << (i * form.act_spacing) for i, a in enumerate(acts))
    port_w: Any = sum(w << (j * form.wgt_spacing) for j, w in enumerate(wgt))
    whole: Any = np.asarray(port_a * port_w)
    if repair is Repair.LOW_BITS:
        low = (acts[1] & 63) * (wgt[0] & 63) & 63
        top = signed_field(((whole >> 10) & 63) - low, 0, 6)
        return [(top << 10) | (whole & 1023), (whole >> 10) - top]
    lowest: list[tuple[int, int]] = sorted(
        (i * form.act_spacing + j * form.wgt_spacing, i * form.channels + j)
        for i in range(form.pixels)
        for j in range(form.channels)
    )
    found: dict[int, IntArray] = {}
    if repair is Repair.PARITY:
        rest: Any = whole
        for n, (_, index) in enumerate(lowest[:-1]):
            i, j = divmod(lowest[n + 1][1], form.channels)
            top = ((rest >> 7) ^ (acts[i] & wgt[j])) & 1
            found[index] = (rest & 127) - (top << 7)
            rest = (rest >> 7) + top
        return [*(found[n] for n in range(3)), rest]
    for n, (at, index) in enumerate(lowest):
        upper = lowest[n + 1][0] if n + 1 < len(lowest) else 48
        borrow = (whole >> (at - 1)) & 1 if at else 0
        found[index] = signed_field(whole, at, upper - at) + borrow
    return [found[n] for n in range(len(lowest))]


def wrong(form: Packing, repair: Repair) -> int:
    """Return how many of all combinations of operands give a wrong product under `repair`."""
    act, wgt = form.operands.act, form.operands.wgt
    acts = np.arange(act.min, act.max + 1)
    wgts = np.arange(form.least_weight, wgt.max + 1)
    count: int = 0
    # The slowest operand in turn keeps the arrays small.
    for first in wgts:
        grids = np.meshgrid(*[acts] * form.pixels, *[wgts] * (form.channels - 1), sparse=True)
        a: list[Any] = list(grids[: form.pixels])
        w: list[Any] = [first, *grids[form.pixels :]]
        exact: list[Any] = [(x + s) * y for x, s in zip(a, form.surpluses, strict=True) for y in w]
        bad: Any = sum(
            np.asarray(e != f) for e, f in zip(exact, extracted(form, repair, a, w), strict=True)
        )
        count += int(
            np.count_nonzero(np.broadcast_to(bad, np.broadcast_shapes(*map(np.shape, grids))))
        )
    return count


@pytest.mark.parametrize("name", PACKINGS)
def test_every_combination_is_exact(name: str) -> None:
    assert wrong(PACKINGS[name], PACKINGS[name].repair) == 0


@pytest.mark.parametrize("name", ["ecp5-int8-full", "ecp5-int4-full"])
def test_the_repairs_are_needed(name: str) -> None:
    assert wrong(PACKINGS[name], Repair.NONE) > 10_000


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("ecp5-int4-narrow", 1),
        ("ecp5-w4a8-full", 3),
        ("ecp5-w4a8-narrow", 9),
        ("dsp48e1-int8-full", 1),
        ("dsp48e1-int8-narrow", 4),
        ("dsp48e1-w4a8-channels", 511),
        ("dsp48e1-int4-full", 7),
        ("dsp48e1-int4-narrow", 9),
        ("dsp48e2-int8-full", 7),
        ("dsp48e2-int8-narrow", 16),
        ("dsp48e2-w4a8-channels", 2047),
        ("dsp48e2-int4-full", 15),
        ("dsp48e2-int4-narrow", 18),
    ],
)
def test_accumulations_are_as_published(name: str, most: int) -> None:
    form = PACKINGS[name]
    assert form.accumulations == most
    # One more at the extreme leaves the field.
    extreme = max(
        abs(a * w)
        for a in (form.operands.act.min, form.operands.act.max)
        for w in (form.least_weight, form.wgt.max)
    )
    assert (most + 1) * extreme > (1 << (form.spacing - 1)) - 1 >= most * extreme


def test_what_does_not_fit_is_refused() -> None:
    int4 = operands("int4")
    with pytest.raises(ConfigError, match=r"-131080 to 114695 in a port of 18 bits"):
        Packing("plain", int4, 2, 2, 7, 14, 18, 18)
    with pytest.raises(ConfigError, match="in fields of 6 bits"):
        Packing("tight", int4, 2, 1, 6, 0, 18, 18)


def test_weights_outside_a_narrow_form_are_named() -> None:
    weights = np.zeros((2, 3), np.int64)
    weights[1, 2] = -8
    PACKINGS["ecp5-int4-full"].check_weights(weights)
    with pytest.raises(ModelError) as caught:
        PACKINGS["ecp5-int4-narrow"].check_weights(weights, "conv1")
    finding = caught.value.findings[0]
    assert (finding.code, finding.where, finding.have, finding.need) == (
        "E308",
        "conv1[1, 2]",
        "-8",
        "-7 to 7",
    )


@pytest.mark.parametrize("name", ["w17a8", "w0a4", "w8x8", "int77", "pow2"])
def test_unknown_pairs_are_refused(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        operands(name)
    assert caught.value.findings[0].code == "E206"


def test_pairs_by_name() -> None:
    mixed = operands("w8au4")
    assert (str(mixed.wgt), str(mixed.act)) == ("int8", "uint4")
    assert [form.name for form in mixed.codes] == ["int8", "uint4"]
    assert operands("int16").act == operands("int16").wgt


@pytest.mark.parametrize("surpluses", [(0,), (128, 0)])
def test_zero_points_and_surpluses_fold_into_the_bias(
    rng: np.random.Generator, surpluses: tuple[int, ...]
) -> None:
    act = rng.integers(-128, 128, (9, len(surpluses)))
    wgt, bias = rng.integers(-128, 128, (5, 9)), rng.integers(-999, 999, 5)
    bare = lane_sums(act, wgt.T, np.eye(9)[-1], surpluses).reshape(len(surpluses), 5)
    wanted = (act - 7).T @ wgt.T + bias
    assert np.array_equal(bare + folded_bias(bias, wgt, 7, surpluses), wanted)
