# Every command of the project. On a bare machine nothing is needed but make and Python 3.11 or newer.
.PHONY: help setup run demo bench test check lint types imports format lock mutants clean

VENV := .venv
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
INSTALL := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check

help:
	@echo "make run     set up, then serve on http://127.0.0.1:8000 (PORT=8001 for another port)"
	@echo "make test    run the tests with coverage"
	@echo "make check   lint, types, import rules, tests"
	@echo "make demo    play the main job over HTTP against a fresh server"
	@echo "make bench   measure, and print a table (ARGS=lists for one of webhooks, flows, lists, verify)"
	@echo "make format  put the code into shape"
	@echo "make setup   install everything, development tools included, into $(VENV)"
	@echo "make lock    resolve the dependencies anew and pin them with their hashes"
	@echo "make mutants see which mistakes in domain the tests would miss; takes most of an hour (ARGS=domain/fees.py)"
	@echo "make clean   remove $(VENV) and all caches"

setup: $(DEVELOPMENT)

$(VENV)/bin/python:
	@python=; for each in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$each; break; fi; \
	done; \
	[ -n "$$python" ] || { echo "Python 3.11 or newer is needed: install it, or say where it is with PYTHON=/path/to/python3" >&2; exit 1; }; \
	echo "Creating $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV) || { rm -rf $(VENV); echo "python3 -m venv failed: on Debian and Ubuntu install python3-venv" >&2; exit 1; }

# A lock names all there is, so nothing is resolved: pip 23 would else look for coverage[toml], which another package
# asks for, among releases that are newer than the one that is pinned.
LOCKED := $(INSTALL) --require-hashes --no-deps --requirement

# A stamp is newer than the lock it was made from, so that a set-up is redone only when the lock has changed.
$(RUNTIME): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what is pinned in requirements.lock"
	@$(LOCKED) requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "Installing what is pinned in requirements-dev.lock"
	@$(LOCKED) requirements-dev.lock
	@touch $@

run: $(RUNTIME)
	@exec $(VENV)/bin/tuition serve $(if $(PORT),--port $(PORT))

demo: $(RUNTIME)
	@exec $(VENV)/bin/tuition demo

# Nothing is asserted: numbers drift with the machine, their ratios less.
bench: setup
	@$(VENV)/bin/python -m tests.bench $(ARGS)

# ARGS reach pytest: make test ARGS="tests/domain -k refund". The bound on branches is of the whole run.
test: setup
	@$(VENV)/bin/pytest -n 2 --dist loadgroup --cov --cov-report=term $(ARGS)
	@$(if $(ARGS),,$(VENV)/bin/python .ci/branches.py domain application)

check: lint types imports test

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .

types: setup
	@$(VENV)/bin/mypy

imports: setup
	@$(VENV)/bin/lint-imports

format: setup
	@$(VENV)/bin/ruff check --fix .
	@$(VENV)/bin/ruff format .

# The resolver is needed for this only, and lives as long as this takes. Pins stay as they are unless
# something demands another; make lock UPGRADE=--upgrade takes the newest of everything.
LOCK := pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(UPGRADE)

lock: $(VENV)/bin/python
	@set -e; directory=$$(mktemp -d); trap 'rm -rf "$$directory"' EXIT; \
	$(VENV)/bin/python -m venv "$$directory"; \
	"$$directory/bin/pip" install --quiet --disable-pip-version-check uv; \
	"$$directory/bin/uv" $(LOCK) --group build --output-file requirements.lock; \
	"$$directory/bin/uv" $(LOCK) --group build --group dev --constraint requirements.lock \
	  --output-file requirements-dev.lock
	@if grep -nE '://|^-|file:' requirements.lock requirements-dev.lock; then \
	  echo "A lock names names and hashes only: nobody else has this place." >&2; exit 1; fi

# By hand, never in CI; docs/mutation.md has the results. The tool lives in an environment of its own, because it wants
# releases of its own, and stays there until make clean, for ARGS="--again" and the like.
MUTANTS := .mutants
MUTMUT := mutmut==3.8.1

$(MUTANTS)/.installed: requirements-dev.lock Makefile | $(VENV)/bin/python
	@$(VENV)/bin/python -m venv $(MUTANTS)/environment
	@$(MUTANTS)/environment/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps \
	  --requirement requirements-dev.lock
	@$(MUTANTS)/environment/bin/pip install --quiet --disable-pip-version-check "$(MUTMUT)"
	@touch $@

mutants: $(MUTANTS)/.installed
	@nice -n 19 $(MUTANTS)/environment/bin/python -m tests.mutation $(ARGS)

# The development database stays: it is yours. Remove tuition.db* to begin anew.
clean:
	@rm -rf $(VENV) .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache \
	  .mutants .pytest_cache .ruff_cache .schemathesis build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
