# Two commands on a bare machine: `make demo` and `make test`. `make help` lists the rest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install demo test test-fast processes hosts faults fuzz long up lint format bench mutants requirements clean

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# The first Python of these that is 3.11 or newer; `make PYTHON=...` names another.
PYTHONS := python3.11 python3.12 python3.13 python3 python
PYTHON ?= $(shell for p in $(PYTHONS); do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v "$$p"; break; }; done)

# Many tests wait for a worker or a server: more processes than cores. Longest tests begin first.
PROCESSES ?= 5
SPREAD := -n $(PROCESSES) --dist loadgroup --no-loadscope-reorder

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

install: $(STAMP) ## Make .venv with everything in it

$(STAMP): requirements.txt pyproject.toml
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed: not found as $(or $(PYTHON),any of $(PYTHONS))." >&2; \
		echo "Install it, or name it: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
		echo "Python's venv module is missing (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: install ## A few hundred real commands, a killed worker, and the totals checked
	$(BIN)/cqrs demo

up: install ## Servers, worker, beat and Flower in the foreground; Ctrl-C stops them
	$(BIN)/cqrs up

test: lint ## Lint, then the tests, on servers of their own: five minutes
	$(BIN)/pytest $(SPREAD)

test-fast: install ## Lint aside, what needs no worker process and no server of its own: 80 s
	$(BIN)/pytest $(SPREAD) -m "not slow"

processes: install ## Whole programs as people start them, killed at any point; in .ci/run
	$(BIN)/pytest $(SPREAD) tests/processes

hosts: install ## Applications that install the wheel, in environments of their own (from PyPI)
	$(BIN)/pytest tests/wheel tests/hosts

faults: install ## Five minutes of killed workers and servers under load (FAULTS_SECONDS, FAULTS_SEED)
	$(BIN)/pytest tests/faults

long: install ## What takes longer or needs more: full loads, other hosts, the Docker stack
	$(BIN)/pytest tests/long tests/wheel tests/hosts

fuzz: install ## 100,000 malformed messages through a real worker; FUZZ_MESSAGES, FUZZ_SEED
	$(BIN)/pytest -n 0 -s tests/long/test_fuzz.py

lint: install ## ruff, mypy, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## Let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: install ## Every measurement, about half an hour; `python -m bench.NAME` runs one
	$(BIN)/python -m bench

mutants: install ## Plant bugs in a copy of the tree, one by one, and see that a test fails
	$(BIN)/python -m tests.mutants

requirements: ## Resolve the two requirements files anew from the ranges of pyproject.toml
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT; \
	$(PYTHON) -m venv "$$scratch" && "$$scratch/bin/pip" install --quiet uv; \
	resolve() { "$$scratch/bin/uv" pip compile pyproject.toml --quiet --universal \
		--python-version 3.11 --generate-hashes --no-header --output-file "$$scratch/pins" "$${@:2}"; \
		{ echo "# Exact versions with hashes, for every platform. Made by \`make requirements\`."; \
		  cat "$$scratch/pins"; } > "$$scratch/file"; mv "$$scratch/file" "$$1"; }; \
	resolve requirements.txt --extra dev --upgrade; \
	resolve requirements-runtime.txt --extra passwords --extra personal

clean: ## Stop the embedded servers of .cqrs, then delete all that was made here
	@if [[ -d .cqrs && -x $(BIN)/python ]]; then $(BIN)/python -c \
		'from pathlib import Path; from worker import embedded; embedded.remove(Path(".cqrs"))'; fi
	rm -rf .cqrs $(VENV) *.egg-info build .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
