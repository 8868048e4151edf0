# explainable-recsys: `make help` lists the targets. Every target sets up .venv by itself.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The first Python 3.11 to 3.13 on the path; `make PYTHON=/path/to/python run` chooses another.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c '$(SUPPORTED)' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

export KEDRO_DISABLE_TELEMETRY := true

ENV ?=
PIPELINES ?=
LAB_OPTIONS ?=
RUN_OPTIONS := $(if $(ENV),--env $(ENV)) $(if $(PIPELINES),--pipelines $(PIPELINES))

LANGUAGES := src/explainable_recsys/wording/locale

# Notebooks are no place to look for conf/, and cannot be told the environment on a command line.
IN_NOTEBOOKS := KEDRO_LOGGING_CONFIG=$(CURDIR)/conf/logging.yml $(if $(ENV),KEDRO_ENV=$(ENV))

APP_OPTIONS ?=

.PHONY: help setup run app test test-slow check format phrases viz viz-build lab notebooks notebook-pages lock clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

setup: $(READY)  ## Make the environment .venv from requirements.lock

# Rebuilt only when the lock changes; the stamp comes last, so an interrupted set-up starts over.
$(READY): requirements.lock
	@if [ -z "$(PYTHON)" ]; then \
	  echo "Error: no Python 3.11, 3.12 or 3.13 found; install one, or name it: make PYTHON=/path/to/python $(MAKECMDGOALS)" >&2; exit 2; fi
	@echo "Setting up .venv with $$($(PYTHON) --version) (a minute or two, once)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY)  ## Run everything (ENV=ml-100k for another data set, PIPELINES=intrinsic_als for one approach)
	@$(BIN)/kedro run $(RUN_OPTIONS)

# Every process of the tests imports all of the code: it is compiled once, and kept, for all of them.
# What runs notebooks takes a second to import.
test test-slow: export PYTHONDONTWRITEBYTECODE :=
PYTEST := $(BIN)/python -m pytest -p no:nbmake -n auto --dist worksteal --quiet

test: $(READY)  ## Run the tests
	@$(PYTEST)

test-slow: $(READY)  ## Run the slow tests, such as that the pages show what a run prints
	@$(PYTEST) -m slow

check: $(READY)  ## Lint, check the format and the types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(READY)  ## Format the code and fix what the linter can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

phrases: $(READY)  ## Gather the phrases of the code into the catalogs of the languages
	@mkdir -p build
	@$(BIN)/pybabel --quiet extract --mapping pyproject.toml --no-default-keywords \
	  --keywords "phrase plural:2,3 later" --no-location --sort-output --omit-header --output build/phrases.pot src
	@$(BIN)/pybabel --quiet update --domain explainable_recsys --input-file build/phrases.pot \
	  --output-dir $(LANGUAGES) --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date

app: $(READY)  ## Open the web application on the last run (APP_OPTIONS="--port 8001")
	@$(BIN)/kedro app $(if $(ENV),--env $(ENV)) $(APP_OPTIONS)

viz: $(READY)  ## Open the lineage in kedro-viz
	@$(BIN)/python scripts/lineage.py open $(if $(ENV),--env $(ENV))

viz-build: $(READY)  ## Write kedro-viz as a static site to build/
	@$(BIN)/python scripts/lineage.py build $(if $(ENV),--env $(ENV))

lab: $(READY)  ## Open the notebooks in JupyterLab (LAB_OPTIONS="--ip=0.0.0.0 --allow-root --no-browser" in a container)
	@$(IN_NOTEBOOKS) $(BIN)/jupyter lab --notebook-dir notebooks $(LAB_OPTIONS) notebooks/00_data.ipynb

# A kernel's last word is sometimes lost, and then nobody answers: such a notebook is asked once more.
notebooks: $(READY)  ## Execute the notebooks against a fresh run
	@$(BIN)/kedro run $(RUN_OPTIONS) >/dev/null
	@$(IN_NOTEBOOKS) $(BIN)/python -m pytest --nbmake --nbmake-timeout=90 -n auto --quiet notebooks || \
	  $(IN_NOTEBOOKS) $(BIN)/python -m pytest --nbmake --nbmake-timeout=90 --last-failed --quiet notebooks

notebook-pages: $(READY)  ## Execute the notebooks against the last run and write them to docs/notebooks
	@$(IN_NOTEBOOKS) $(BIN)/python scripts/notebooks.py

lock:  ## Resolve the dependencies anew (needs uv)
	@uv pip compile pyproject.toml --group dev --extra notebooks --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-emit-index-url --no-emit-find-links --quiet \
	  --custom-compile-command "make lock" --output-file requirements.lock

clean:  ## Remove the environment, caches and builds (results in data/ stay)
	@rm -rf $(VENV) build .viz .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
