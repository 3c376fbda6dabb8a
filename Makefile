# Every target is one habit; `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
AIRFLOW := .venv/bin/python
GLUE := .venv-glue/bin/python
UV = $(firstword $(wildcard .local/uv/bin/uv) uv)
IN_CONTAINERS = $(if $(filter 1,$(COMPOSE)),--compose)

# Handed to the shell as they are: a query may hold quotes and dollars.
FORMAT ?= table
override SQL := $(value SQL)
export SQL FILE BATCH FORMAT RAW

.PHONY: help setup up demo incident screenshot down query sample test test-long test-compose bench check fix lock package hooks audit secrets clean

help: ## list these targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: ## install all that is needed, into this folder
	@$(PYTHON) -m local_stack.install

demo: setup ## load the sample, or RAW=folder, through the DAG and show what became of it; COMPOSE=1 in containers
	@$(AIRFLOW) -m local_stack demo $(IN_CONTAINERS) --raw "$$RAW"

incident: setup ## rehearse a bad night: a refused batch, its alert, the mending, the recovery
	@$(AIRFLOW) -m local_stack incident $(IN_CONTAINERS)

screenshot: setup ## take the README's picture of the last run, with the Chromium of this machine
	@PYTHONPATH=. $(UV) run --quiet --no-project --with playwright==1.58.0 scripts/screenshot.py

up: setup ## start local AWS and Airflow, without loading anything; COMPOSE=1 in containers
	@$(AIRFLOW) -m local_stack up $(IN_CONTAINERS)

down: ## end every process, and remove every container, that up or demo started
	@test ! -e .venv || { $(PYTHON) -m local_stack.install && $(AIRFLOW) -m local_stack down; }

query: ## ask the local Athena: SQL="select …" or FILE=query.sql (of one BATCH=id), FORMAT=csv for CSV
	@test -x $(AIRFLOW) || { echo "Nothing is running here: start the stack with make up." >&2; exit 1; }
	@$(AIRFLOW) -m local_stack query --sql "$$SQL" --file "$$FILE" --batch "$$BATCH" --format "$$FORMAT"

sample: setup ## write the sample files into .local/sample
	@$(AIRFLOW) -m local_stack sample

test: setup ## run all tests, with coverage of both environments together
	@scripts/test

test-long: setup ## run all tests, and those that take long: every kill point, bad days of S3
	@LAKEHOUSE_LONG=1 scripts/test

test-compose: setup ## run the sample through docker-compose.yaml, with kills, on an engine of its own if none runs
	@$(AIRFLOW) -m pytest tests/compose -m compose -s

bench: setup ## measure the load job: BENCH="--cases 1,2 --rounds 5 --scale 0.1"
	@$(GLUE) -m benchmarks $(BENCH)

check: setup ## look for errors of style, types, YAML, workflows, and secrets; changes nothing
	@scripts/check

hooks: setup ## have git run make check before each commit
	@$(AIRFLOW) -m pre_commit install

audit: ## ask for known advisories of all pinned packages: AUDIT="--vulnerability-service osv"
	@$(PYTHON) -m supply_chain $(AUDIT)

secrets: ## look for secrets in every commit there ever was (needs Go)
	@go run github.com/zricethezav/gitleaks/v8@v8.30.1 git --redact --no-banner .

fix: setup ## mend what can be mended by itself
	$(AIRFLOW) -m ruff check --fix .
	$(AIRFLOW) -m ruff format .

lock: setup ## pin the newest packages that the .in files allow
	$(UV) pip compile --upgrade --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
		--constraint constraints.txt --output-file requirements-local.txt requirements-local.in
	$(UV) pip compile --upgrade --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
		--output-file requirements-glue.txt requirements-glue.in
	$(UV) pip compile --upgrade --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
		--output-file requirements-audit.txt requirements-audit.in
	$(UV) pip compile --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
		--python-platform x86_64-manylinux_2_28 --only-binary :all: --no-binary pyspark --generate-hashes \
		--constraint requirements-glue.txt --no-emit-package pyspark --no-emit-package py4j \
		--output-file requirements-wheels.txt requirements-wheels.in
	echo pyyaml | $(UV) pip compile --upgrade --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
		--override - --output-file requirements-compose.txt requirements-compose.in

package: setup ## build dist/ from the commit: what MWAA and Glue are given, with a manifest
	@$(AIRFLOW) -m release

clean: down ## remove all that was installed and made here
	rm -rf .venv .venv-glue .local dist
