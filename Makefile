# One command per task. Each creates the environment that it needs, with Python 3.11 or later.
# To use another Python than `python3`: make PYTHON=python3.12 test

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.stamp
OLDEST := .venv/oldest/.stamp
MCP := .venv/mcp/.stamp
FRAMEWORKS := .venv/frameworks/.stamp
OPENAI := .venv/openai-1/.stamp .venv/openai-2/.stamp
DEMO := .venv/demo/.stamp

# `pip install --group` needs pip 25.1; a new virtual environment may contain an older one.
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
PIP := 'pip>=25.1'

.DEFAULT_GOAL := help
.PHONY: help setup test test-frameworks soak bench fuzz check format proto proto-check demo generated build clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) $(OLDEST) $(MCP)  ## create .venv with everything that the other commands need

# The first command of a recipe that creates an environment: refuse a Python that is too old.
REQUIRE_PYTHON = @$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("clarigen needs Python 3.11 or later, and $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=python3.12 ...")'

$(STAMP): pyproject.toml
	$(REQUIRE_PYTHON)
	@echo 'Creating .venv: this takes a minute or two.'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python $(PIP_INSTALL) --upgrade $(PIP)
	$(BIN)/python $(PIP_INSTALL) --editable '.[codegen,numpy,pillow,tables]' --group dev
	@touch $@

# The oldest versions of our dependencies: some tests also run programs with them.
$(OLDEST): $(STAMP)
	$(BIN)/python -m venv --clear .venv/oldest
	$(BIN)/python tests/oldest.py > .venv/oldest/requirements.txt
	.venv/oldest/bin/python $(PIP_INSTALL) --requirement .venv/oldest/requirements.txt
	@touch $@

# What MCP models need on the official model server: other versions than clients may have.
$(MCP): $(STAMP)
	$(BIN)/python -m venv --clear .venv/mcp
	.venv/mcp/bin/python $(PIP_INSTALL) --upgrade $(PIP)
	.venv/mcp/bin/python $(PIP_INSTALL) --group mcp-models
	@touch $@

# Agent frameworks, which need more libraries than all else, and newer ones.
$(FRAMEWORKS): $(STAMP)
	$(BIN)/python -m venv --clear .venv/frameworks
	.venv/frameworks/bin/python $(PIP_INSTALL) --upgrade $(PIP)
	.venv/frameworks/bin/python $(PIP_INSTALL) --editable . --group frameworks
	@touch $@

# The older versions of the library openai.
.venv/openai-%/.stamp: $(STAMP)
	$(BIN)/python -m venv --clear .venv/openai-$*
	.venv/openai-$*/bin/python $(PIP_INSTALL) --upgrade $(PIP)
	.venv/openai-$*/bin/python $(PIP_INSTALL) --editable '.[codegen]' --group openai-$*
	@touch $@

# Without the development dependencies: a first look should not have to wait for them.
$(DEMO): pyproject.toml
	$(REQUIRE_PYTHON)
	@echo 'Creating .venv/demo with clarigen, gen-client and the library openai: this takes half a minute.'
	$(PYTHON) -m venv --clear .venv/demo
	.venv/demo/bin/python $(PIP_INSTALL) --editable '.[codegen,openai]'
	@touch $@

test: $(STAMP) $(OLDEST) $(MCP)  ## run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

test-frameworks: $(STAMP) $(MCP) $(FRAMEWORKS) $(OPENAI)  ## run our clients with agent frameworks and other versions of openai
	$(BIN)/python -m pytest -n auto -m frameworks

soak: $(STAMP)  ## make 100,000 calls and check that nothing leaks, then run 4,000 histories over a bad network
	cd tests && PYTHONPATH=. ../$(BIN)/python -m faults.soak
	cd tests && PYTHONPATH=. ../$(BIN)/python -m faults.histories 2000

bench: $(STAMP)  ## compare speed with hand-written code and the official SDK (about ten minutes)
	$(BIN)/python -m benchmarks

fuzz: $(STAMP)  ## test the properties with 20,000 examples each, then run six fuzzers for ten minutes each
	$(BIN)/python $(PIP_INSTALL) --group fuzz
	CLARIGEN_EXAMPLES=20000 $(BIN)/python -m pytest -n auto tests/safety/test_properties.py
	cd tests && PYTHONPATH=. ../$(BIN)/python -m safety.fuzz

check: $(STAMP) proto-check  ## run the linter, the formatter (read-only) and the type checkers
	$(BIN)/ruff check .
	$(BIN)/black --check --quiet . || { echo 'not formatted: run `make format`'; exit 1; }
	$(BIN)/mypy
	$(BIN)/pyright

format: $(STAMP)  ## format the code
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/black --quiet .

proto: $(STAMP)  ## compile clarigen.proto
	$(BIN)/python runtime/clarigen/_proto/compile.py

proto-check: $(STAMP)  ## check that the compiled proto is up to date
	$(BIN)/python runtime/clarigen/_proto/compile.py --check

demo: $(DEMO)  ## serve example models, generate their clients and call every method
	@.venv/demo/bin/python examples/demo.py

generated: $(STAMP)  ## regenerate the packages in generated/
	$(BIN)/python tests/golden/packages.py

build: $(STAMP)  ## build the wheel and the sdist into dist/
	$(BIN)/python -m build

clean:  ## remove .venv, caches and build results
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
