# Everything a developer or CI runs. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
STAMP := $(VENV)/.installed
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: install
install: $(STAMP) ## make .venv from the hash-locked requirements

$(STAMP): requirements/dev.txt
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed"'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes --no-deps -r requirements/dev.txt
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib || true # some carry files of other Pythons
	@touch $@

.PHONY: demo
PORT ?= 8000
DEMO_DIR ?= var/demo
demo: install ## serve the demonstration on PORT, its data in DEMO_DIR
	@exec env -u DATABASE_URL -u REDIS_URL -u SECRET_KEY -u DEBUG \
		FELLOWSHIP_DEMO=1 FELLOWSHIP_VAR="$(abspath $(DEMO_DIR))" \
		FELLOWSHIP_BASE_URL="http://127.0.0.1:$(PORT)" \
		$(BIN)/python manage.py demo --port "$(PORT)"

.PHONY: test
test: install browser ## run the suite on SQLite, then on PostgreSQL and Redis where they answer
	@bash scripts/test.sh $(ARGS)

.PHONY: browser
browser: ## install Debian's Chromium where it is missing and we may
	@bash scripts/browser.sh

.PHONY: check
check: install ## lint, types, import ladder, migrations, deployment settings, lock files
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target types rules

.PHONY: types rules
EMBEDDED := env -u DATABASE_URL -u REDIS_URL FELLOWSHIP_VAR=var/check
types: install
	$(EMBEDDED:check=types) $(BIN)/mypy

# `check --deploy` and `collectstatic` see the settings as a production host does.
PRODUCTION := FELLOWSHIP_VAR=var/check FELLOWSHIP_BASE_URL=https://fellowship.example \
	STATIC_ROOT=var/check/static SECRET_KEY="$$(head -c 48 /dev/urandom | base64 -w0)" \
	DATABASE_URL=postgresql://app@127.0.0.1/fellowship REDIS_URL=redis://127.0.0.1/0
rules: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python scripts/check_lock.py
	$(BIN)/python scripts/audit.py --licences
	$(EMBEDDED) $(BIN)/python manage.py makemigrations --check --dry-run
	$(EMBEDDED) $(BIN)/python scripts/check_migrations.py
	$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(PRODUCTION) $(BIN)/python manage.py collectstatic --noinput --clear --verbosity 0

.PHONY: audit
audit: install ## licences and known vulnerabilities of the lock file; AUDIT=required fails where unasked
	@test -x var/audit/bin/pip-audit || ($(PYTHON) -m venv var/audit && \
		var/audit/bin/pip install --quiet pip-audit) || true
	$(BIN)/python scripts/audit.py

.PHONY: bench
bench: install ## measure every budget on PostgreSQL; prints the table, writes var/bench.json
	$(BIN)/python -m benchmarks

.PHONY: shots
shots: install browser ## take the screenshots of docs/images anew
	SHOTS=docs/images $(BIN)/pytest -q tests/browser/test_shots.py

.PHONY: fuzz
fuzz: install ## ask every operation of the API many times, by its own description
	FUZZ_EXAMPLES=$(or $(EXAMPLES),40) TEST_DB=$(or $(TEST_DB),sqlite) $(BIN)/pytest -q -n 0 --timeout 0 \
		tests/project/test_bad_input.py -k description

.PHONY: matrix
matrix: install ## ask every address as everybody, write docs/authorisation.md; ASK=new only what is new
	MATRIX=$(or $(ASK),write) TEST_DB=sqlite $(BIN)/pytest -q -n 0 --timeout 0 tests/authorisation

.PHONY: states
states: install ## write docs/states.md and docs/webhooks.md from what the code says
	$(EMBEDDED) $(BIN)/python manage.py write_states
	$(EMBEDDED) $(BIN)/python manage.py write_webhooks

.PHONY: messages
messages: install ## write what the house says into the catalogues of translations
	$(EMBEDDED) $(BIN)/python scripts/messages.py update

.PHONY: lock
LOCK := --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links --quiet
lock: ## resolve pyproject.toml into the hash-locked requirements
	@test -x var/lock/bin/uv || ($(PYTHON) -m venv var/lock && var/lock/bin/pip install --quiet uv)
	var/lock/bin/uv pip compile $(LOCK) pyproject.toml -o requirements/base.txt > /dev/null
	var/lock/bin/uv pip compile $(LOCK) pyproject.toml --group dev \
		-c requirements/base.txt -o requirements/dev.txt > /dev/null
	$(BIN)/python scripts/check_lock.py
