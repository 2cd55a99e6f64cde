# One verb, one command. Each prepares .venv by itself, with Python 3.11 or later:
# `make PYTHON=python3.13 …` names another one than python3.

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
OLDEST := .venv/oldest/.stamp

.DEFAULT_GOAL := help
.PHONY: help setup test soak bench fuzz check format proto proto-check demo generated build clean

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) $(OLDEST)  ## prepare .venv with everything that the other verbs need

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is needed, $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=python3.13 ...")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The oldest dependencies that we declare: some tests run programs on them as well.
$(OLDEST): $(STAMP)
	$(BIN)/python -m venv --clear .venv/oldest
	$(BIN)/python tests/oldest.py | xargs .venv/oldest/bin/python -m pip install --quiet --disable-pip-version-check
	@touch $@

test: $(STAMP) $(OLDEST)  ## run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

soak: $(STAMP)  ## make 100,000 calls, and see that nothing is left behind
	cd tests && PYTHONPATH=. ../$(BIN)/python -m faults.soak

bench: $(STAMP)  ## compare with hand-written code and the official SDK, in ratios (some ten minutes)
	$(BIN)/python -m benchmarks

fuzz: $(STAMP)  ## 20,000 examples of the properties, then ten minutes each of two coverage-guided runs
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	CLARIGEN_EXAMPLES=20000 $(BIN)/python -m pytest -n auto tests/safety/test_properties.py
	cd tests && PYTHONPATH=. ../$(BIN)/python -m safety.fuzz

check: $(STAMP) proto-check  ## lint, formatting, types, and whether the compiled proto is current
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet . || { echo 'not formatted, run `make format`'; exit 1; }
	$(BIN)/mypy
	$(BIN)/pyright

format: $(STAMP)  ## format the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/black --quiet .

proto: $(STAMP)  ## compile clarigen.proto
	$(BIN)/python runtime/clarigen/_proto/compile.py

proto-check: $(STAMP)  ## say whether the compiled proto is current
	$(BIN)/python runtime/clarigen/_proto/compile.py --check

demo: $(STAMP)  ## serve the example model, generate its client, call every method
	@$(BIN)/python examples/demo.py

generated: $(STAMP)  ## regenerate the packages under generated/
	$(BIN)/python tests/golden/packages.py

build: $(STAMP)  ## build the wheel and the sdist into dist/
	$(BIN)/python -m build

clean:  ## remove .venv, caches and what was built
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
