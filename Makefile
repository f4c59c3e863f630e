.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-bench/.ready
# One process more than there are cores, as many tests wait for servers.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# Where this is set (as in images with Python), each of the processes that tests start would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo ledger-json test soak services stop-services lint types imports check bench bench-short accuracy lock clean

SERVERS := $(patsubst deploy/dev/%.sh,%,$(wildcard $(addprefix deploy/dev/,postgresql.sh dovecot.sh kafka.sh chromium.sh)))

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fenban needs Python 3.11 or newer: say which with  make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV) …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

demo: $(READY) ## the whole way of a message on a sample city, on this machine alone
	@$(BIN)/python deploy/sample-city/demo.py

ledger-json: ## the demo's ledger, as JSON
	@test -e .demo/fenban.toml || { echo "no demo yet: run  make demo" >&2; exit 1; }
	@$(BIN)/fenban ledger --json --settings .demo/fenban.toml

test: $(READY) ## every test, in WORKERS processes; what needs a server skips, saying what it needs (it fails where CI=true)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder

soak: $(READY) ## the long proofs, against the servers of make services
	@$(BIN)/python -m pytest -m soak -s --timeout 7200 tests/soak tests/system

services: ## PostgreSQL, Dovecot and Kafka for development, on loopback, under .services/; Chromium too (on Debian)
	@for server in $(SERVERS); do bash deploy/dev/$$server.sh start || exit 1; done

stop-services: ## ends them; their data stays under .services/
	@for server in $(SERVERS); do bash deploy/dev/$$server.sh stop; done

lint: $(READY) ## style
	@$(BIN)/ruff check --output-format concise .
	@$(BIN)/ruff format --check --quiet .

types: $(READY) ## types, tests included
	@$(BIN)/mypy domain ingest classify route store app tests docs/handlers/python

imports: $(READY) ## the one import direction
	@$(BIN)/lint-imports

check: lint types imports test ## everything that must pass

$(PEERS): requirements-bench.lock
	@echo "installing what is measured against into .venv-bench …" >&2
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.lock
	@touch $(PEERS)

bench: $(READY) $(PEERS) ## messages a second beside peers, written to bench.json; on PostgreSQL and Kafka too where they run; starts Dovecot
	-@bash deploy/dev/dovecot.sh start && bash deploy/dev/dovecot.sh peers
	@$(BIN)/python -m tests.bench.run --out bench.json

bench-short: $(READY) ## a few hundred messages: fails on wrong results, never on a time
	@$(BIN)/python -m tests.bench.run --short

DATA ?= ../shared/data
accuracy: $(READY) $(PEERS) ## how good the model is on real letters (in DATA) beside a plain one, written to accuracy.json; PARTS="topics …" makes some
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.accuracy.run --data $(DATA) --out accuracy.json $(PARTS)

lock: ## pins every dependency again
	@uv pip compile --universal --python-version 3.11 --extra demo --extra dev --no-header --generate-hashes --upgrade \
		pyproject.toml -o requirements.lock
	@uv pip compile --universal --python-version 3.11 --group bench --no-header --generate-hashes --upgrade -o requirements-bench.lock

clean: ## the environment and the demo's store
	@rm -rf $(VENV) .venv-bench .demo build dist ./*.egg-info
