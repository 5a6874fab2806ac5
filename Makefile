# Everything here sets itself up: Python 3.11 or later, make and the package index are all it needs.
# Set-up output goes to stderr, so that `make -s playground ARGS="--once --json …"` prints only JSON.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
# Tests run side by side. Two cores are what the project promises to fit on, and some tests wait for a server.
WORKERS ?= 3
ARGS ?=
FOLDER ?=

define REWRITE_SETTINGS
from pathlib import Path
from bot.settings import markdown_table
readme = Path("README.md")
before, _, rest = readme.read_text().partition("<!-- settings -->")
after = rest.partition("<!-- /settings -->")[2]
readme.write_text(f"{before}<!-- settings -->\n{markdown_table()}\n<!-- /settings -->{after}")
endef
export REWRITE_SETTINGS

.DEFAULT_GOAL := help
.PHONY: help playground transcribe run test check fix lock bench bench-long pictures clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

playground: $(VENV)/.playground ## Try it here, with no account: ARGS="--once FILE…" for your own files
	@$(BIN)/python -m bot playground $(ARGS)

transcribe: $(VENV)/.playground ## Transcribe files without Slack: ARGS="FILE… [--asr local] [--format srt] [-o PATH]"
	@$(BIN)/python -m bot transcribe $(ARGS)

run: $(VENV)/.runtime ## Run the bot, set up by the environment and .env
	@$(BIN)/python -m bot run

test: $(VENV)/.dev ## Run the tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report= $(ARGS)

check: $(VENV)/.dev ## Check types, style and layers; after `make test`, show what no test reaches
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@test ! -f .coverage || $(BIN)/coverage report

fix: $(VENV)/.dev ## Mend style, and the README's table of settings
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .
	@$(BIN)/python -c "$$REWRITE_SETTINGS"

bench: $(VENV)/.dev ## Measure speed and memory (minutes)
	@$(BIN)/python -m benchmarks.overhead $(ARGS)

bench-long: $(VENV)/.dev ## Measure long recordings (half an hour): FOLDER= of clips with a manifest.json, else the tests'
	@$(BIN)/python -m benchmarks.long_audio $(FOLDER) $(ARGS)
	@$(BIN)/python -m benchmarks.long_memory $(FOLDER)
	@$(BIN)/python -m benchmarks.cuts $(FOLDER)

pictures: $(VENV)/.dev ## Draw the README's pictures anew; needs Chromium
	@$(BIN)/python -m docs.pictures

lock: ## Pin every dependency anew, with hashes
	@$(PYTHON) -m venv $(VENV)-lock 1>&2
	@$(VENV)-lock/bin/python -m pip install --quiet uv 1>&2
	@set -e; compile="$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-emit-index-url --no-header --no-annotate"; \
	cd requirements; compile="../$$compile"; \
	$$compile ../pyproject.toml --all-extras -o dev.lock; \
	$$compile ../pyproject.toml --extra playground -c dev.lock -o playground.lock; \
	$$compile ../pyproject.toml -c dev.lock -o runtime.lock; \
	$$compile build.in -c dev.lock -o build.lock

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(VENV)-lock

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) 1>&2

# The locks are complete, so nothing is resolved; the build backend comes from a lock too.
$(VENV)/.runtime: requirements/runtime.lock requirements/build.lock pyproject.toml | $(BIN)/python
	@echo "Installing what the bot needs (once) …" 1>&2
	@$(PIP) --require-hashes -r requirements/runtime.lock 1>&2
	@$(PIP) --require-hashes -r requirements/build.lock 1>&2
	@$(PIP) --no-build-isolation -e . 1>&2
	@touch $@

$(VENV)/.playground: requirements/playground.lock $(VENV)/.runtime
	@echo "Installing what the playground needs (once) …" 1>&2
	@$(PIP) --require-hashes -r requirements/playground.lock 1>&2
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.playground
	@echo "Installing what the tests need (once) …" 1>&2
	@$(PIP) --require-hashes -r requirements/dev.lock 1>&2
	@touch $@
