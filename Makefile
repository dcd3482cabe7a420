# Two commands do everything on a machine with Python 3.11+ and make: `make demo` and `make test`.
SHELL := /bin/bash
# the first Python that runs and is new enough
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo serve test lint types imports tests bench e2e rel lock clean help

help:            ## what can be asked for
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/run: requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "syndicate needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: requirements-dev.lock $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/run   ## the main job on the sample newsroom in this repository
	@$(BIN)/syndicate subscribers sync
	@$(BIN)/syndicate run

serve: $(VENV)/run  ## everything on http://127.0.0.1:8000
	$(BIN)/syndicate serve --clock

test: lint types imports tests  ## everything a change must pass

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev
	$(BIN)/mypy

imports: $(VENV)/dev
	$(BIN)/lint-imports

tests: $(VENV)/dev
	$(BIN)/pytest -n 2 --dist worksteal

bench: $(VENV)/dev  ## benchmarks, side by side, into bench/results/latest.json
	$(BIN)/python -m bench

e2e: $(VENV)/dev    ## long walks through the console in a browser
	$(BIN)/pytest tests/e2e

rel: $(VENV)/dev    ## 10,000 senders killed at every point, on both databases: nobody twice, nobody lost (10 to 20 minutes)
	$(BIN)/python -m tests.reliability $(RUNS)

.PHONY: clocks
clocks: $(VENV)/dev  ## two clocks at once over a thousand slots, under a time that jumps (half an hour)
	$(BIN)/python -m tests.reliability clocks

lock:            ## write the two lock files again (needs pip-tools)
	pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra build -o requirements.lock pyproject.toml
	pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --extra build --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:           ## forget the demo's output (never a newsroom's: only ./var)
	rm -rf var

.PHONY: pictures
pictures: $(VENV)/dev  ## the pictures of docs/pictures, from a fresh demo (needs Debian's chromium)
	$(BIN)/python docs/pictures/make.py
	$(BIN)/python docs/pictures/console.py
