# What a contributor types; `make help` lists it.
#
# Plain enough for GNU make 3.81 (macOS) and any POSIX shell. Everything lives in .venv: the two
# stamps in it say which lock was installed, so a second run starts immediately.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
PY := $(VENV)/bin/python
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready

# As in pyproject.toml's build-system. It is in the locks, so that the build is pinned as well.
BUILD_REQUIRES := setuptools>=77

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_USER := 0
export PYTHONUTF8 := 1
unexport PYTHONHOME PYTHONPATH
# Images set it. Without compiled files each start takes twice as long, and the tests start many.
unexport PYTHONDONTWRITEBYTECODE

PIP_INSTALL := $(PY) -m pip install --quiet
PROJECT := --no-deps --no-build-isolation --editable .

# ---------------------------------------------------------------------------- run

demo: $(RUN_READY) ## Start the app with an embedded Slack and Chakra; PORT=8500 changes the page's port
	$(PY) -m bot demo $(if $(PORT),--port $(PORT))

serve: $(RUN_READY) ## Start the app with the settings of the environment or .env
	$(PY) -m bot serve

doctor: $(RUN_READY) ## Check the settings, tokens, scopes, Chakra and the database
	$(PY) -m bot doctor

# ---------------------------------------------------------------------------- check

# Browsers and real processes take as long as all other tests together. Their stories wait more than
# they compute, so more of them run side by side.
SLOW := browser or process
FAST := not ($(SLOW)) or smoke

test: $(DEV_READY) ## Run the tests, one story of each slow kind included; ARGS="-k settings" goes to pytest
	$(PY) -m pytest -m "$(FAST)" $(ARGS)

test-slow: $(DEV_READY) ## Run the stories in browsers and real processes that `make test` leaves out
	$(PY) -m pytest -m "($(SLOW)) and not smoke" -n 4 $(ARGS)

test-all: test test-slow ## Run all tests

check: style consistency types imports ## What a change must pass before you submit it: all checks, and the tests beside it
	@echo "The tests without a world, and the stories beside your change: a few minutes"
	$(PY) -m pytest -m "not ($(SLOW))" --changed $(ARGS)

style: $(DEV_READY) ## Formatting and lint
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

types: $(DEV_READY) ## mypy, strict
	@echo "mypy reads everything: up to two minutes the first time, then seconds"
	@$(PY) -m mypy

imports: $(DEV_READY) ## The import contracts of pyproject.toml
	$(VENV)/bin/lint-imports

# What is written in one place and needed in another: a forgotten step fails here, within seconds.
CONSISTENCY := tests/test_project.py tests/test_manifest.py tests/chakra/test_api_page.py \
  tests/chakra/test_endpoints.py tests/commands/test_every_endpoint.py tests/access/test_access_to_act.py \
  tests/test_contributing.py tests/test_function_names.py

consistency: $(DEV_READY) ## README, CHANGELOG, API.md and the lists of commands and endpoints against the code
	$(PY) -m pytest -n 2 -m "not world" $(CONSISTENCY)

fix: $(DEV_READY) ## Format, write README's tables, repair what ruff can
	-$(PY) -m ruff format .
	-$(PY) -m tests.readme --write
	$(PY) -m ruff check --fix .; status=$$?; $(PY) -m ruff format --quiet .; exit $$status

sentences: $(DEV_READY) ## List every sentence that people read, by file
	@$(PY) -m tests.sentences

bench: $(DEV_READY) ## Measure against a bare Bolt echo, in bursts, with a thousand watches and large tables
	$(PY) -m tests.bench $(ARGS)

browser: $(DEV_READY) ## Drive the demo page in Chromium and take README's picture
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { echo "No Chromium found. On Debian and Ubuntu: apt install chromium"; exit 1; }
	KEEP_PICTURES=1 $(PY) -m pytest -m browser -n 0 $(ARGS)

# ---------------------------------------------------------------------------- keep

# Extras stay in the locks: pip 23, asked for coverage[toml] by pytest-cov, overlooks a pin of bare
# coverage, takes the newest and then finds no hash for it.
UV_COMPILE = $(PY) -m uv pip compile pyproject.toml - --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-strip-extras --no-header --quiet

lock: $(DEV_READY) ## Write both locks (needs the network); ARGS=--upgrade takes newer versions
	echo '$(BUILD_REQUIRES)' | $(UV_COMPILE) --output-file requirements.lock $(ARGS)
	echo '$(BUILD_REQUIRES)' | $(UV_COMPILE) --group dev --constraint requirements.lock \
	  --output-file requirements-dev.lock $(ARGS)

clean: ## Remove .venv and everything that tools left
	rm -rf $(VENV) build dist *.egg-info .coverage* .hypothesis .import_linter_cache \
	  .mypy_cache .pytest_cache .ruff_cache
	find bot commands tests -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo serve doctor test test-slow test-all check style types imports consistency fix sentences bench browser lock clean help

# ---------------------------------------------------------------------------- set up

$(RUN_READY): $(PY) requirements.lock pyproject.toml
	@echo "Installing what the bot needs into $(VENV): a minute or two"
	$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(PIP_INSTALL) $(PROJECT)
	@touch $@

# The development lock holds all of the other one.
$(DEV_READY): $(PY) requirements-dev.lock requirements.lock pyproject.toml
	@echo "Installing what the bot and its checks need into $(VENV): a minute or two"
	$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	$(PIP_INSTALL) $(PROJECT)
	@touch $@ $(RUN_READY)

# The first of these that runs, is new enough and can make a venv. A name that exists may not run
# (pyenv's don't always), and Debian has venv in a separate package. PYTHON=… comes first.
CANDIDATES = $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python

$(PY):
	@new=; for python in $(CANDIDATES); do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  new=$$python; \
	  "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || continue; \
	  echo "Making $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv --clear $(VENV) && exit 0; \
	  rm -rf $(VENV); exit 1; \
	done; \
	if [ -n "$$new" ]; then \
	  echo "$$new has no venv. On Debian and Ubuntu: apt install python3-venv"; \
	else \
	  echo "Python 3.11 or later is needed, and none was found. Name one with PYTHON=/path/to/python"; \
	fi >&2; exit 1
