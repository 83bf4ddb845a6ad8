from __future__ import annotations

import pytest

from intaglio.boards.critical import WRAPPER, name_of, steps


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("core.lane_0.act_1_TRELLIS_FF_Q_7", "lane_0.act_1"),
        ("core.lane_0.$1_MULT18X18D_P9", "lane_0.$1"),
        ("core.engine.drain.acc_LUT4_Z_D_PFUMX_Z_BLUT_LUT4_Z", "engine.drain.acc"),
        ("core.a.total_SB_LUT4_O_3", "a.total"),
        ("core.words.0_DFFE_Q", "words.0"),
        ("core.$flatten\\a.\\b.$auto$alumacc.cc:485$12.slice", "a.b"),
        ("core.lane_0.product.0[3]", "lane_0.product.0[3]"),
        ("scan_TRELLIS_FF_Q_1", WRAPPER),
        ("stage_2[3]", WRAPPER),
    ],
)
def test_a_cell_is_called_as_the_design_calls_it(cell: str, name: str) -> None:
    assert name_of(cell) == name


def test_a_path_keeps_its_delays() -> None:
    leg = {"type": "routing", "delay": 1.2344, "net": "core.x[1]"}
    ends = {"from": {"cell": "core.q_TRELLIS_FF_Q"}, "to": {"cell": "core.y_LUT4_Z"}}
    (step,) = steps([{**leg, **ends}])
    assert (step.kind, step.start, step.end, step.delay_ns) == ("routing", "q", "x[1]", 1.234)
