# Everything that a person or CI does with this checkout; a bare `make` lists it.

VENV := .venv
BIN := $(VENV)/bin
FIND_PYTHON := for p in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
	then echo $$p; break; fi; done
SOURCES := pyproject.toml constraints.txt
TESTS ?= -n 2

.DEFAULT_GOAL := help
.PHONY: help run test check deep bench bench-record tables reference docs lock clean

help:  ## list these targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

run: $(VENV)/installed  ## make the environment and run the published example on real bars
	$(BIN)/dslc run examples/ema-crossover.json --data examples/bars/AAPL.csv --timeframe 1D

test: $(VENV)/tested  ## make the environment and pass the tests
	$(BIN)/python -m pytest $(TESTS)

deep: $(VENV)/tested  ## the laws on a thousand strategies, every planted fault, 32 processes: about an hour
	DSLC_DEEP=1 DSLC_SEEDS=1000 $(BIN)/python -m pytest $(TESTS) \
		tests/test_matrix.py tests/test_accuracy.py tests/test_cache.py tests/test_faults.py tests/test_scoring_kills.py tests/test_cluster.py

check: $(VENV)/developed  ## lint and check types
	$(BIN)/ruff check .
	rm -rf .typings && mkdir -p .typings/dslc  # the installed shape, for the type checker
	cd .typings/dslc && ln -s ../../dsl/*.py ../../dsl/about ../../dsl/commands ../../dsl/formats ../../dsl/guides ../../dsl/limits ../../dsl/proof ../../dsl/scoring ../../dsl/sweep ../../dsl/why . && ln -s ../../grammar ../../runtime ../../schemas ../../compiler .
	$(BIN)/mypy -p dslc

bench: $(VENV)/benched  ## measure against TA-Lib + NumPy, pandas and vectorbt
	$(BIN)/python -m benchmarks

bench-record: $(VENV)/benched  ## the same, kept in benchmarks/history.jsonl and shown in its README
	$(BIN)/python -m benchmarks --record

tables: $(VENV)/installed  ## rebuild the parser's tables after a change of grammar/expression.lark
	$(BIN)/python -m dslc.grammar.build_tables

reference: $(VENV)/installed  ## rewrite what is made of docs/: functions, diagnostics, commands, Python, tables
	$(BIN)/python -m dslc.guides

docs: $(VENV)/documented reference  ## build the documentation into site/
	$(BIN)/python -m sphinx -q -W --keep-going -b html -d build/doctrees docs site
	@echo "site/index.html"

lock: $(VENV)/benched $(VENV)/developed $(VENV)/documented  ## write constraints.txt from what is installed now (with the oldest Python)
	$(BIN)/python -m pip freeze --exclude-editable | grep -E '^[A-Za-z0-9_.-]+==' > constraints.txt

clean:  ## remove the environment and everything that is made
	rm -rf $(VENV) site build dist *.egg-info out .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Each stamp is an environment with one more extra; it is remade when what it is made of changes.

$(VENV)/python:
	@python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ]; then \
		echo "dslc needs Python 3.11, 3.12 or 3.13, and none of python3.13, python3.12, python3.11, python3 is one." >&2; \
		echo "Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.13" >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$python --version) …"; \
	$$python -m venv --clear $(VENV) || { \
		echo "The venv module of $$python does not work; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/installed: $(VENV)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[data]'
	@touch $@

$(VENV)/tested: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

$(VENV)/developed: $(VENV)/tested
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(VENV)/benched: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@

$(VENV)/documented: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	@touch $@
