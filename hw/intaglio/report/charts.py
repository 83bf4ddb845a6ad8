"""All charts of a report, in reading order."""

from __future__ import annotations

from collections.abc import Callable

from intaglio.report import charts_cost, charts_time
from intaglio.report.charts_time import Report
from intaglio.report.drawing import Drawing

CHARTS: tuple[Callable[[Report], Drawing], ...] = (
    charts_time.roofline,
    charts_time.waterline,
    charts_time.efficiency_gap,
    charts_time.waterfall,
    charts_cost.energy_stack,
    charts_cost.area_tree,
    charts_cost.scatter,
    charts_cost.tornado,
)


def charts(report: Report) -> list[Drawing]:
    """Return every chart of `report`."""
    return [chart(report) for chart in CHARTS]
