# The verbs of the house. 'make' alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?=
export PYTHON
BIN := .venv/bin
# Seconds after which one test counts as hung.
TEST_TIMEOUT ?= 300
PYTEST := $(BIN)/python -m pytest
# Processes that share the tests, file by file, each with servers of its own.
JOBS ?= 2
ARGS ?=

.PHONY: help setup demo test test-unit test-faults test-long lint bench compiled docs requirements clean

help: ## List these verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 15

setup: ## Make the private environment .venv (quick when nothing has changed)
	@infra/setup.sh

demo: setup ## Run the main job: broker, ledger, workers, the municipal log, a small live province
	$(BIN)/lienthong demo $(ARGS)

test: setup ## Run every test but the long ones (about ten minutes on two cores)
	$(PYTEST) -n $(JOBS) --dist loadfile -m "not faults and not long" --timeout=$(TEST_TIMEOUT) $(ARGS)

test-unit: setup ## Run the tests that need no server (about a minute)
	$(PYTEST) -m "not broker and not faults and not long" tests/unit tests/architecture tests/catalogue $(ARGS)

test-faults: setup ## Kill processes during 50,000 events and compare with a recount (about 35 minutes)
	$(PYTEST) -m "faults and not long" --timeout=1500 $(ARGS)

test-long: setup ## Run what takes longer than that (and show what each storm says it saw)
	$(PYTEST) -m long -rP --timeout=7200 $(ARGS)

lint: setup ## Check format, style, types, import rules and the contract's files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/lienthong topics check
	$(BIN)/lienthong schemas check
	$(BIN)/lienthong reference check --set vn
	$(BIN)/lienthong reference check --set municipal

bench: setup ## Measure CPU per event, side by side with the alternatives
	$(BIN)/python -m benchmarks $(ARGS)

compiled: setup ## Build the engine's pure code as machine code, into build/compiled (needs a C compiler)
	@$(BIN)/python -m compiling $(ARGS)

docs: setup ## Write the generated reference pages again
	$(BIN)/lienthong docs $(ARGS)

requirements: setup ## Compile the hashed requirement files again (ARGS=--upgrade for newer versions)
	requirements/compile.sh "$$(command -v uv || echo $(CURDIR)/.bootstrap/bin/uv)" $(ARGS)

clean: ## Remove what this checkout has made (not the data and caches of the embedded servers)
	rm -rf .venv .bootstrap dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
