"""Where the command queues lie: block RAM where there is room for it, LUTs on small parts."""

from __future__ import annotations

import pytest

from intaglio.gateware.dispatch import Dispatch
from intaglio.gateware.emit import component_verilog
from intaglio.spec.presets import PRESETS


@pytest.mark.parametrize("roomy", [True, False])
def test_the_queues_are_in_the_memory_that_is_asked_for(roomy: bool) -> None:
    text = component_verilog(Dispatch(roomy=roomy), "top")
    placed = text[text.index("module \\top") if "module \\top" in text else 0 :]
    module = "intaglio_block_ram" if roomy else "intaglio_ram"
    assert placed.count(f"  {module} #(") == 3


def test_presets_of_small_boards_keep_their_blocks_for_buffers() -> None:
    roomy = {name: config.roomy for name, config in PRESETS.items()}
    assert roomy["default"]
    assert roomy["bench256"]
    assert not any(roomy[name] for name in ("tiny", "ulx3s-25f", "tangnano20k", "icebreaker"))
