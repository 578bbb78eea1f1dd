# `make demo` and `make test` each work as the only command on a fresh clone
# with Python 3.11+ and make: they build the virtual environment first. The demo needs
# the package alone, which takes seconds; the rest comes when a target needs it.

PYTHON ?= python3
JOBS ?= 2
MARKS ?= not slow and not nightly
TEST_JOBS ?= 3  # one more: many tests wait for processes and for time
VENV := .venv
BIN := $(VENV)/bin
PACKAGE := $(VENV)/.installed
STAMP := $(VENV)/.installed-development

# The same examples on every machine; `pytest` by itself explores at random.
export HYPOTHESIS_PROFILE ?= ci
# Each process that a test starts would compile the project anew, half a second long.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := $(BIN)/python -m pytest --dist worksteal
# The files that may have tests with such a mark: to collect all of them takes a worker 14 s.
MARKED := $$(grep -rl --include='*.py' 'from tests.slow import' tests)

.PHONY: help install demo test test-slow test-all test-nightly coverage mutants faults lint format types diagrams spin benchmarks instructions wheel clean
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## build .venv and install all that tests and checks need

$(PACKAGE): pyproject.toml scripts/install.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash scripts/install.sh package
	@touch $@

$(STAMP): pyproject.toml scripts/install.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash scripts/install.sh development
	@touch $(PACKAGE) $@

demo: $(PACKAGE) ## watch a call meet a 402 and take its fallback: no key, no network
	@$(BIN)/orchestrator demo

test: $(STAMP) ## run the tests but for the slow ones: about 8 minutes on two cores
	@echo "some 17,000 tests, about 8 minutes on two cores; one that fails is named at once"
	@$(PYTEST) -n $(TEST_JOBS) -m "$(MARKS)" $(ARGS)

test-slow: $(STAMP) ## run the slow tests that `make test` leaves out: about 3 minutes
	@echo "slow tests, about 3 minutes on two cores; one that fails is named at once"
	@$(PYTEST) -n $(TEST_JOBS) -m "slow and not nightly" $(ARGS) $(MARKED)

test-all: MARKS = not nightly
test-all: test ## run both at once: about 10 minutes

test-nightly: $(STAMP) ## run what no change waits for: more examples, whole grids
	@$(PYTEST) -n $(TEST_JOBS) -m nightly $(ARGS) $(MARKED)

coverage: $(STAMP) ## branches of states/ that its own tests take without luck: 100 %
	@COVERAGE_FILE=build/coverage $(BIN)/coverage run --source=states \
		-m pytest -q -m "not hypothesis" tests/states
	@COVERAGE_FILE=build/coverage $(BIN)/coverage combine --quiet build
	@COVERAGE_FILE=build/coverage $(BIN)/coverage report --skip-covered --fail-under=100

mutants: $(STAMP) ## plant mistakes in states/: each is noticed by a test, or explained
	@$(BIN)/python -m verification.mutants --jobs $(JOBS) $(ARGS)

lint: $(STAMP) ## ruff: rules and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@echo "lint: clean"

format: $(STAMP) ## ruff: format, and mend what can be mended
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

types: $(STAMP) ## mypy --strict
	@$(BIN)/mypy

diagrams: $(STAMP) ## draw docs/diagrams and the inspector's diagram from the table and the incidents
	@$(BIN)/python -m scripts.diagrams

faults: $(STAMP) ## plant mistakes in states/: each is named by verify, or by who is listed
	@$(BIN)/python -m verification.faults --jobs $(JOBS) $(ARGS)

spin: $(STAMP) ## search the machine a second time, by spin, where that is installed
	@$(BIN)/python -m verification.promela

benchmarks: $(STAMP) ## measure the machine, the import and the calls
	@set -e; for file in benchmarks/*.py; do name=$$(basename "$$file" .py); \
		echo "== $$name"; PYTHONPATH=. $(BIN)/python -m "benchmarks.$$name"; done

instructions: $(STAMP) ## count the instructions of a call by valgrind: none grew by 3 %
	@$(BIN)/python benchmarks/instructions.py --check

wheel: $(STAMP) ## build the wheel into dist/
	@rm -rf dist
	@log="$$($(BIN)/python -m build --wheel --no-isolation --outdir dist . 2>&1)" \
		|| { echo "$$log" >&2; exit 1; }
	@ls dist/*.whl

clean: ## remove what was built; keeps the sources only
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
