# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
QUESTIONS ?= knowledge/questions/sample.jsonl
DEMO_START ?= 2024-07-01T09:00:00+08:00
CLOCK_START ?= 2024-07-01T09:00:00+08:00

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint fix eval people bench screenshot clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Build .venv from requirements.lock

$(READY): requirements.lock pyproject.toml
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) (once; a minute or two)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Run the bot and a WeChat simulator; open the printed address
	@$(RUN) -m bot demo --start $(DEMO_START)

test: $(READY) ## Run every test
	@$(RUN) -m pytest

lint: $(READY) ## Check format, lint, types, import contracts and the knowledge files
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy
	@$(VENV)/bin/lint-imports
	@$(RUN) -m bot kb lint

fix: $(READY) ## Reformat and mend what the linter can mend
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

eval: $(READY) ## Judge the answers to QUESTIONS through the encrypted callback
	@$(RUN) -m tests.eval $(QUESTIONS) --clock-start $(CLOCK_START)

people: $(READY) ## Lead made-up people through the self-check and judge the verdicts (PEOPLE=file)
	@$(RUN) -m tests.eval_people $(PEOPLE)

bench: $(READY) ## Measure speed and memory
	@$(RUN) -m tests.bench

screenshot: $(READY) ## Take the README's picture of the demo anew
	@$(RUN) -m tests.browser.screenshot

clean: ## Remove .venv, caches and the local database
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info
