from __future__ import annotations

import numpy as np
import pytest

from intaglio.golden.accumulate import scale_group_sum, shift_group_sum
from intaglio.spec.errors import ConfigError, FitError
from intaglio.spec.formats import signed
from intaglio.spec.groups import ScaleGroups, ShiftGroups, require_accumulator


def test_indices_are_bands_of_magnitude() -> None:
    groups = ShiftGroups(4)
    r = [8.0, 4.1, 4.0, 2.0, 1.0, 0.9, 0.01, 0.0]
    assert groups.indices(r).tolist() == [0, 0, 1, 2, 3, 3, 3, 3]
    assert ShiftGroups(1).indices(r).tolist() == [0] * len(r)


def test_indices_are_exact_beside_powers_of_two() -> None:
    just_below = np.nextafter(0.125, 0)
    assert ShiftGroups(8).indices([1.0, 0.125, just_below]).tolist() == [0, 3, 3]
    assert ShiftGroups(8).indices([1.0, np.nextafter(0.125, 1)]).tolist() == [0, 2]


def test_the_order_of_channels_does_not_matter(rng: np.random.Generator) -> None:
    groups = ShiftGroups(5)
    values, index = rng.integers(-1024, 1024, 64), rng.integers(0, 5, 64)
    order = rng.permutation(64)
    total = shift_group_sum(values, index, groups)
    assert total == shift_group_sum(values[order], index[order], groups)
    assert total / 2**4 == pytest.approx(float(np.sum(values * 2.0**-index)))


def test_widths_are_the_bounds_and_one_bit_less_overflows() -> None:
    product = signed(12)
    groups = ShiftGroups(8)
    bound = groups.sum_format(product, 96)
    least = shift_group_sum([product.min] * 96, [0] * 96, groups)
    assert bound.min <= least < bound.min >> 1
    scaled = ScaleGroups(32, 8)
    wide = scaled.sum_format(product, 3)
    least = scale_group_sum([product.min] * 96, [255] * 3, scaled)
    assert wide.min <= least < wide.min >> 1
    require_accumulator(bound, bound, "sums")
    with pytest.raises(ConfigError) as caught:
        require_accumulator(signed(bound.bits - 1), bound, "sums")
    assert caught.value.findings[0].code == "E402"
    assert caught.value.findings[0].need == f"{bound.bits} bits or more"


def test_ties_of_dropped_bits_go_up() -> None:
    groups = ScaleGroups(16, 8, drop=1)
    one = [1] + [0] * 15
    assert scale_group_sum(one, [1], groups) == 1
    assert scale_group_sum([-v for v in one], [1], groups) == 0
    assert scale_group_sum(one * 2, [3, 1], groups) == 3


def test_channels_must_be_whole_groups() -> None:
    groups = ScaleGroups(32)
    groups.check_channels(96)
    with pytest.raises(FitError) as caught:
        groups.check_channels(48, "conv2")
    finding = caught.value.findings[0]
    assert (finding.code, finding.where, finding.have) == ("E404", "conv2", "48 channels")


def test_settings_outside_their_ranges_are_refused_together() -> None:
    with pytest.raises(ConfigError) as caught:
        ScaleGroups(8, 17, 16)
    assert [f.where for f in caught.value.findings] == [
        *("groups.size", "groups.scale_bits", "groups.drop"),
    ]
    with pytest.raises(ConfigError, match="count is 17"):
        ShiftGroups(17)
