# Every command of the project. On a bare machine nothing is needed but make and Python 3.11 or newer.
.PHONY: help setup run test check lint types imports format demo bench clean lock

VENV := .venv
RUNTIME := $(VENV)/.runtime-installed
DEVELOPMENT := $(VENV)/.development-installed
INSTALL := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check

help:
	@echo "make run     set up, then serve on http://127.0.0.1:8000 (PORT=8001 for another port)"
	@echo "make test    run the tests with coverage"
	@echo "make check   lint, types, import rules, tests"
	@echo "make demo    play the main job over HTTP against a fresh server"
	@echo "make bench   measure"
	@echo "make format  put the code into shape"
	@echo "make setup   install everything, development tools included, into $(VENV)"
	@echo "make lock    resolve the dependencies anew and pin them with their hashes"
	@echo "make clean   remove $(VENV), caches and the development database"

setup: $(DEVELOPMENT)

$(VENV)/bin/python:
	@python=; for each in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$each; break; fi; \
	done; \
	[ -n "$$python" ] || { echo "Python 3.11 or newer is needed: install it, or say where it is with PYTHON=/path/to/python3" >&2; exit 1; }; \
	echo "Creating $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV) || { rm -rf $(VENV); echo "python3 -m venv failed: on Debian and Ubuntu install python3-venv" >&2; exit 1; }

# A stamp is newer than the lock it was made from, so that a set-up is redone only when the lock has changed.
$(RUNTIME): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing what is pinned in requirements.lock"
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "Installing what is pinned in requirements-dev.lock"
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@

run: $(RUNTIME)
	@exec $(VENV)/bin/tuition serve $(if $(PORT),--port $(PORT))
