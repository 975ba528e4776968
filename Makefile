# Lantian 蓝天. `make help` lists every target.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
PACE ?= 100
EPISODE ?= 2016-12
ARGS ?=
SAMPLE ?= 1200
SEED ?= 1
ONLY ?= alerts.*
CHILDREN ?= 2
MUTATION_READY := .venv-mutation/.ready-to-mutate
RUN_READY := $(VENV)/.ready-to-run
TEST_READY := $(VENV)/.ready-to-test
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
SERVE_OPTIONS = --port $(PORT) --pace $(PACE) $(if $(FRESH),--fresh) $(if $(HANDS_OFF),--hands-off)

.PHONY: help
help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(RUN_READY) ## Serve the demonstration on http://127.0.0.1:8000 (PORT=, PACE=, FRESH=1, HANDS_OFF=1)
	@exec $(BIN)/lantian serve --demo $(SERVE_OPTIONS)

.PHONY: replay
replay: $(RUN_READY) ## Print a past episode's time line (EPISODE=2016-12 or 2019-02, ARGS="--rules national-2024 --json")
	@exec $(BIN)/lantian replay $(EPISODE) $(ARGS)

.PHONY: documents
documents: $(RUN_READY) ## Write the generated documents anew (docs/against-records.md)
	@$(BIN)/lantian replay --against-records --markdown > docs/against-records.md.new \
		&& mv docs/against-records.md.new docs/against-records.md || { rm -f docs/against-records.md.new; exit 1; }

.PHONY: test
test: $(TEST_READY) browser ## Set up and run every test (ARGS= goes to pytest)
	@exec $(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(ARGS)

.PHONY: mutation
mutation: $(MUTATION_READY) ## Measure which faults put into alerts/ the tests find (SAMPLE=1200, 0: all; SEED=, ONLY="alerts.cap*", CHILDREN=)
	@rm -rf mutants && mkdir mutants
	@echo "Making the mutants, finding the tests of each (mutants/log) ..."
	@nice .venv-mutation/bin/mutmut run --max-children $(CHILDREN) "alerts.levels.*" > mutants/log 2>&1 || { tail -c 4000 mutants/log; exit 1; }
	@.venv-mutation/bin/python scripts/mutation.py draw $(SAMPLE) $(SEED) "$(ONLY)" > mutants/drawn
	@echo "Running $$(wc -l < mutants/drawn) mutants ..."
	@nice .venv-mutation/bin/mutmut run --max-children $(CHILDREN) $$(cat mutants/drawn) >> mutants/log 2>&1
	@.venv-mutation/bin/python scripts/mutation.py score mutants/drawn

.PHONY: check
check: lint types imports ## Lint, types, import rules, and the law in config/
	@$(BIN)/lantian check-config

.PHONY: lint
lint: $(TEST_READY) ## Lint with ruff
	@$(BIN)/ruff check .

.PHONY: types
types: $(TEST_READY) ## Check types with mypy --strict
	@$(BIN)/mypy

.PHONY: imports
imports: $(TEST_READY) ## Check that the pure rooms import neither the shell nor each other
	@$(BIN)/lint-imports

.PHONY: bench
bench: $(TEST_READY) ## Measure the hot paths next to their limits
	@exec $(BIN)/lantian bench $(ARGS)

.PHONY: venv
venv: $(TEST_READY) ## Make .venv with everything for development

.PHONY: lock
lock: $(TEST_READY) ## Resolve the dependencies anew into requirements.lock and requirements-dev.lock (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group build pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group build --group dev pyproject.toml -o requirements-dev.lock

.PHONY: clean
clean: ## Remove .venv, caches and the demonstration's data
	rm -rf $(VENV) .venv-mutation mutants build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: browser
browser: # Debian's chromium and a Chinese font for the browser tests, where that is possible
	@scripts/install-browser

$(BIN)/python:
	@scripts/make-venv $(VENV)

$(RUN_READY): requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing (once) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(TEST_READY): requirements-dev.lock pyproject.toml | $(RUN_READY)
	@echo "Installing what tests need (once) ..."
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

$(MUTATION_READY): requirements-dev.lock pyproject.toml
	@$(MAKE) --no-print-directory VENV=.venv-mutation venv
	@.venv-mutation/bin/python -m pip --disable-pip-version-check --quiet install mutmut==3.8.1
	@touch $@
