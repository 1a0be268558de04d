# Postroom's commands. 'make' alone lists them. Needs Python 3.11 or newer and make; all else is set up in .venv.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PRODUCT := .venv/.product
DEV := .venv/.dev
STYLES := postroom/desk/static/.built
MODEL := postroom/triage/model/manifest.json
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help run model demo-reset test lint check setup setup-dev lock migration pictures clean

help: ## List these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/  make \1|\2/' | column -t -s '|'

run: setup ## Set everything up and run the demonstration
	@$(BIN)/python -m demo

demo-reset: ## Forget the demonstration's data, so that the next run starts afresh
	@rm -rf data/demo && echo "The demonstration starts afresh with the next 'make run'."

test: setup-dev ## Set everything up and run all tests
	@$(BIN)/pytest

lint: setup-dev ## Check style, types and the layers
	@echo "Style" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "Types" && $(BIN)/mypy
	@echo "Layers" && $(BIN)/lint-imports

check: lint test ## Check everything: what must be clean before a commit

setup: $(PRODUCT) $(READY) $(STYLES) $(MODEL) ## Install what running needs, build the desk's styles and train the first model

setup-dev: $(DEV) $(READY) $(STYLES) $(MODEL)

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Postroom needs Python 3.11 or newer. Name one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(PRODUCT): requirements.lock pyproject.toml | .venv/pyvenv.cfg
	@echo "[1/3] Installing packages"
	@$(BIN)/pip install --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# What every start would do again where it may not write beside the code: compile it, and ask for the bank holidays.
$(READY): $(shell find postroom -name '*.py') $(PRODUCT)
	@$(BIN)/python -m compileall -q postroom
	@$(BIN)/python -m postroom.casework.bank_holidays
	@touch $@

$(DEV): requirements-dev.lock $(PRODUCT)
	@echo "[1/3] Installing packages for development"
	@$(BIN)/pip install --require-hashes -r requirements-dev.lock
	@touch $@

$(STYLES): package-lock.json package.json $(wildcard postroom/desk/styles/* postroom/desk/scripts/*) $(PRODUCT)
	@echo "[2/3] Building the desk's styles"
	@npm ci --no-audit --no-fund --loglevel=error
	@npm run --silent build
	@touch $@

$(MODEL): $(wildcard postroom/triage/seed/*.jsonl postroom/triage/*.py postroom/triage/*.yaml) config.yaml $(PRODUCT)
	@echo "[3/3] Training the first model on the seed corpus"
	@$(BIN)/postroom train
	@touch $@

model: $(MODEL) ## Train the model that suggests, where the corpus or the rules changed

lock: setup-dev ## Write the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --extra demo pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-annotate --extra dev --constraint requirements.lock pyproject.toml -o requirements-dev.lock

migration: setup-dev ## Write a migration for changed tables: make migration TITLE="Add …"
	@$(BIN)/python -m postroom.models.migrations.new "$(TITLE)"

pictures: setup-dev ## Take the documents' pictures of the desk from the running demonstration (needs chromium)
	@$(BIN)/python -m demo.pictures

clean: ## Remove what make made, but not the data
	@rm -rf .venv node_modules postroom/desk/static postroom/triage/model postroom/casework/bank_holidays.json .mypy_cache .ruff_cache .pytest_cache
