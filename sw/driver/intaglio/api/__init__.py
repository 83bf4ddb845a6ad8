"""The public Python names: load, compile, run, simulate."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intaglio.api.allocate_files import (
        AllocatedTable,
        accuracies,
        allocate_model,
        allocate_table,
    )
    from intaglio.api.allocations import Allocated, allocate_bits
    from intaglio.api.bench_run import bench
    from intaglio.api.bench_table import BenchLayer, BenchResult
    from intaglio.api.benches import verify
    from intaglio.api.bits import Bits, read_bits_file
    from intaglio.api.board_build import Built, boards, build
    from intaglio.api.check_findings import ModelCheck, check_model
    from intaglio.api.checking import Checked, Settings, check, reference_inputs
    from intaglio.api.comparison import Comparison, Mismatch, compare
    from intaglio.api.devices import open_device, parse_memory
    from intaglio.api.error_pages import Explanation, explain
    from intaglio.api.estimates import estimate, fit_findings
    from intaglio.api.evaluation import Evaluation, evaluate
    from intaglio.api.explorations import exploration_dict, explore, require_fit, save_exploration
    from intaglio.api.files import write_file
    from intaglio.api.gates import Generated, generate
    from intaglio.api.inputs import random_inputs, read_archive, read_inputs
    from intaglio.api.listing import presets, targets
    from intaglio.api.model import Model, load
    from intaglio.api.mutants import break_units
    from intaglio.api.ops_table import ops, ops_markdown
    from intaglio.api.outcome import Layer, Run
    from intaglio.api.peers import PeerComparison, compare_peers, save_peers
    from intaglio.api.plan import Plan, compile, open_plan
    from intaglio.api.power_run import Power
    from intaglio.api.powers import power
    from intaglio.api.proofs import prove
    from intaglio.api.quantising import quantise
    from intaglio.api.report_compare import compare_reports, parse_limits
    from intaglio.api.reports import make_report, read_report, save_report
    from intaglio.api.results import save_run, wave_file
    from intaglio.api.suites import SuiteResult, run_suite
    from intaglio.api.sweeps import sweep_units
    from intaglio.api.tools import Health, Tool, doctor
    from intaglio.api.tour import DemoDigits, demo_digits
    from intaglio.api.unit_files import GeneratedUnit, generate_unit, units
    from intaglio.explore.compare_formats import compare_formats
    from intaglio.explore.compare_formats_page import comparison_files
    from intaglio.explore.compare_formats_table import FormatComparison, FormatRow
    from intaglio.explore.cost_result import Estimate
    from intaglio.explore.run import Exploration
    from intaglio.quantise.run import Quantised
    from intaglio.quantise.scheme import Scheme
    from intaglio.spec.config import ArrayConfig
    from intaglio.spec.config_file import load_config
    from intaglio.spec.errors import Finding, IntaglioError

# Where each name lives: a module is loaded when one of its names is first used.
_HOMES = {
    "api.allocate_files": (
        "AllocatedTable",
        "accuracies",
        "allocate_model",
        "allocate_table",
    ),
    "api.allocations": ("Allocated", "allocate_bits"),
    "api.bits": ("Bits", "read_bits_file"),
    "api.bench_run": ("bench",),
    "api.bench_table": ("BenchLayer", "BenchResult"),
    "api.benches": ("verify",),
    "api.board_build": ("Built", "boards", "build"),
    "api.check_findings": ("ModelCheck", "check_model"),
    "api.checking": ("Checked", "Settings", "check", "reference_inputs"),
    "api.comparison": ("Comparison", "Mismatch", "compare"),
    "api.error_pages": ("Explanation", "explain"),
    "api.evaluation": ("Evaluation", "evaluate"),
    "api.explorations": ("exploration_dict", "explore", "require_fit", "save_exploration"),
    "api.peers": ("PeerComparison", "compare_peers", "save_peers"),
    "explore.cost_result": ("Estimate",),
    "api.estimates": ("estimate", "fit_findings"),
    "api.devices": ("open_device", "parse_memory"),
    "api.gates": ("Generated", "generate"),
    "api.inputs": ("random_inputs", "read_archive", "read_inputs"),
    "api.listing": ("presets", "targets"),
    "api.model": ("Model", "load"),
    "api.mutants": ("break_units",),
    "api.ops_table": ("ops", "ops_markdown"),
    "api.outcome": ("Layer", "Run"),
    "api.plan": ("Plan", "compile", "open_plan"),
    "api.power_run": ("Power",),
    "api.powers": ("power",),
    "api.proofs": ("prove",),
    "api.files": ("write_file",),
    "api.quantising": ("quantise",),
    "api.report_compare": ("compare_reports", "parse_limits"),
    "api.reports": ("make_report", "read_report", "save_report"),
    "api.results": ("save_run", "wave_file"),
    "api.sweeps": ("sweep_units",),
    "api.suites": ("SuiteResult", "run_suite"),
    "api.tools": ("Health", "Tool", "doctor"),
    "api.tour": ("DemoDigits", "demo_digits"),
    "api.unit_files": ("GeneratedUnit", "generate_unit", "units"),
    "explore.compare_formats": ("compare_formats",),
    "explore.compare_formats_page": ("comparison_files",),
    "explore.compare_formats_table": ("FormatComparison", "FormatRow"),
    "explore.run": ("Exploration",),
    "quantise.run": ("Quantised",),
    "quantise.scheme": ("Scheme",),
    "spec.config": ("ArrayConfig",),
    "spec.config_file": ("load_config",),
    "spec.errors": ("Finding", "IntaglioError"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Allocated",
    "AllocatedTable",
    "ArrayConfig",
    "BenchLayer",
    "BenchResult",
    "Bits",
    "Built",
    "Checked",
    "Comparison",
    "DemoDigits",
    "Estimate",
    "Evaluation",
    "Explanation",
    "Exploration",
    "Finding",
    "FormatComparison",
    "FormatRow",
    "Generated",
    "GeneratedUnit",
    "Health",
    "IntaglioError",
    "Layer",
    "Mismatch",
    "Model",
    "ModelCheck",
    "PeerComparison",
    "Plan",
    "Power",
    "Quantised",
    "Run",
    "Scheme",
    "Settings",
    "SuiteResult",
    "Tool",
    "accuracies",
    "allocate_bits",
    "allocate_model",
    "allocate_table",
    "bench",
    "boards",
    "break_units",
    "build",
    "check",
    "check_model",
    "compare",
    "compare_formats",
    "compare_peers",
    "compare_reports",
    "comparison_files",
    "compile",
    "demo_digits",
    "doctor",
    "estimate",
    "evaluate",
    "explain",
    "exploration_dict",
    "explore",
    "fit_findings",
    "generate",
    "generate_unit",
    "load",
    "load_config",
    "make_report",
    "open_device",
    "open_plan",
    "ops",
    "ops_markdown",
    "parse_limits",
    "parse_memory",
    "power",
    "presets",
    "prove",
    "quantise",
    "random_inputs",
    "read_archive",
    "read_bits_file",
    "read_inputs",
    "read_report",
    "reference_inputs",
    "require_fit",
    "run_suite",
    "save_exploration",
    "save_peers",
    "save_report",
    "save_run",
    "sweep_units",
    "targets",
    "units",
    "verify",
    "wave_file",
    "write_file",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"intaglio.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
