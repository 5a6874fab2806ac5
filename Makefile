# Everything here sets itself up: Python 3.11 or later, make and the package index are all it needs.
# Set-up output goes to stderr, so that `make -s playground ARGS="--once --json …"` prints only JSON.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
# Tests run side by side. Two cores are what the project promises to fit on, and some tests wait for a server.
WORKERS ?= 4
ARGS ?=
FOLDER ?=
CATALOGUES := bot/locale

define REWRITE_README
from pathlib import Path
from bot.commands.manifest import markdown_target
from bot.settings.table import markdown_table
from bot.slack.client.identity import markdown_scopes
readme = Path("README.md")
text = readme.read_text()
for mark, made in (("settings", markdown_table), ("scopes", markdown_scopes), ("create-app", markdown_target)):
    start, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    before, after = text.split(start)[0], text.split(end)[1]
    text = f"{before}{start}\n{made()}\n{end}{after}"
readme.write_text(text)
endef
export REWRITE_README

.DEFAULT_GOAL := help
.PHONY: help playground transcribe run install doctor test quick soak check coverage fix messages lock bench bench-long campaign pictures clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

playground: $(VENV)/.playground ## Try it here, with no account: ARGS="--once FILE…" for your own files
	@$(BIN)/python -m bot playground $(ARGS)

transcribe: $(VENV)/.playground ## Transcribe files without Slack: ARGS="FILE… [--asr local] [--format srt] [-o PATH]"
	@$(BIN)/python -m bot transcribe $(ARGS)

run: $(VENV)/.runtime ## Run the bot, set up by the environment and .env
	@$(BIN)/python -m bot run

install: $(VENV)/.runtime ## Install the bot: .venv/bin/threadscribe

doctor: $(VENV)/.runtime ## Go through everything that the bot needs, and say what to do
	@$(BIN)/python -m bot check

# Where this is set, as images do, each worker and each process of the bot would compile everything anew.
test quick soak coverage: export PYTHONDONTWRITEBYTECODE =

test: $(VENV)/.dev ## Run the tests (ten minutes)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

# What is slow is not even imported where a whole folder of it is.
quick: $(VENV)/.dev ## Run the tests of single parts, with few random examples (a minute)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --quiet -m "not slow and not soak" --hypothesis-profile=quick \
		$(addprefix --ignore=tests/,browser faults flows speech whisper) $(ARGS)

soak: $(VENV)/.dev ## Run what `make test` leaves out: deaths at every call, flows over HTTP, more speech (an hour at most)
	@$(BIN)/python -m pytest -m soak -n $(WORKERS) --dist worksteal --session-timeout 3600 $(ARGS)

check: $(VENV)/.dev ## Check types, style, layers and catalogues, without running anything (a minute)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/structure.py
	@$(BIN)/python -m pytest --quiet tests/test_catalogues.py

# A tracer doubles what a test takes, so whole flows and real processes are left out of what it sees.
coverage: $(VENV)/.dev ## Show what no test of a part reaches
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --quiet -m "not soak and not no_cover" --cov \
		$(addprefix --ignore=tests/,flows faults speech browser test_install.py \
		commands/test_playground.py commands/transcribe/test_command.py)

fix: messages ## Mend style, and what is made from the code: of the README, and the catalogues
	@$(BIN)/ruff check --fix --exit-zero .
	@$(BIN)/ruff format .
	@$(BIN)/python -c "$$REWRITE_README"

# Without line numbers, dates and guesses: a catalogue changes where a sentence does, and says what is missing.
messages: $(VENV)/.dev ## Bring the catalogues of sentences up to date, to be translated where they are empty
	@$(BIN)/pybabel -q extract --omit-header --no-location --width=110 -o $(CATALOGUES)/threadscribe.pot bot/sentences.py
	@$(BIN)/pybabel -q update -D threadscribe -d $(CATALOGUES) -i $(CATALOGUES)/threadscribe.pot --width=110 \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	@$(BIN)/pybabel -q compile -D threadscribe -d $(CATALOGUES)

bench: $(VENV)/.dev ## Measure speed and memory (minutes)
	@$(BIN)/python -m benchmarks.overhead $(ARGS)

bench-long: $(VENV)/.dev ## Measure long recordings (half an hour): FOLDER= of clips with a manifest.json, else the tests'
	@$(BIN)/python -m benchmarks.long_audio $(FOLDER) $(ARGS)
	@$(BIN)/python -m benchmarks.long_memory $(FOLDER)
	@$(BIN)/python -m benchmarks.cuts $(FOLDER)

campaign: $(VENV)/.dev ## Befall the real bot with faults while people share 300 clips (ten minutes): ARGS="--seed 2"
	@$(BIN)/python -m campaign $(ARGS)

pictures: $(VENV)/.dev ## Take the README's pictures anew, in the browser tests; needs Chromium
	@PICTURES=docs $(BIN)/python -m pytest tests/browser/test_page.py

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

# pip comes last: where it is missing, the environment was left unfinished, and the next run tries again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is not Python 3.11 or later: name one that is, such as PYTHON=python3.12" 1>&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) 1>&2

# The locks are complete, so nothing is resolved; the build backend comes from a lock too.
$(VENV)/.runtime: requirements/runtime.lock requirements/build.lock pyproject.toml | $(BIN)/pip
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
