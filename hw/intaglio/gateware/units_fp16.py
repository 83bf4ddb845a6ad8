"""Units of FP16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.errors import ConfigError
from intaglio.spec.ieee import IEEE_FORMATS


def _dot(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.float_accumulate import PIPELINED_CONTEXTS
    from intaglio.gateware.fp16_dot import Fp16Dot

    acc, contexts = settings["acc"], settings["contexts"]
    rules = (
        ("acc", acc, acc in IEEE_FORMATS, ", ".join(IEEE_FORMATS)),
        ("contexts", contexts, contexts in (1, PIPELINED_CONTEXTS), f"1 or {PIPELINED_CONTEXTS}"),
    )
    findings = [setting_fault(key, value, need) for key, value, good, need in rules if not good]
    if findings:
        raise ConfigError(findings)
    return Fp16Dot(IEEE_FORMATS[acc], contexts)


UNITS = (
    Unit(
        name="fp16-dot",
        family="fp16",
        summary="two FP16 products a cycle, IEEE rounding, accumulated in FP16 or FP32",
        formats=("fp16",),
        build=_dot,
        golden="intaglio.golden.fp16.dot2",
        settings={"acc": "fp16", "contexts": 4},
    ),
)
