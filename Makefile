.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
KAFKA_HOME ?= $(wildcard ../shared/kafka)
PIP := $(BIN)/pip --disable-pip-version-check install --quiet --constraint requirements.lock

.PHONY: help demo test lint bench lock clean

help: ## Show what there is to do
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/bin/python:
	@echo "Making .venv …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "trollbridge needs Python 3.11 or later; name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/.installed: pyproject.toml requirements.lock | .venv/bin/python
	@echo "Installing trollbridge (once, up to two minutes) …"
	@$(PIP) --editable .
	@touch $@

.venv/.test: .venv/.installed requirements-dev.txt
	@echo "Installing what tests and checks need, Detoxify and torch among it (once) …"
	@$(PIP) --requirement requirements-dev.txt --editable '.[detoxify]'
	@touch $@

demo: .venv/.installed ## Run the whole pipeline on a page of comments
	@$(BIN)/trollbridge demo

test: .venv/.test ## Run the tests, against Apache Kafka too where KAFKA_HOME or ../shared/kafka is
	@$(BIN)/python -m pytest

lint: .venv/.test ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/.test ## Measure throughput and latency, peers beside it
	@$(BIN)/trollbridge bench $(if $(KAFKA_HOME),--kafka-home $(KAFKA_HOME))

lock: .venv/.test ## Pin every package that is installed now
	@$(BIN)/python -m pip freeze --exclude-editable | sed -E 's/^torch @ .*/torch==2.13.0/; s/\+cpu//' > requirements.lock

clean: ## Remove the environment and caches
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
