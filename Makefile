# Everything is set up by the targets themselves, in .venv, from the hashed locks.
# `make audit` and `make test` are all that most people need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := src plugins suites reference_stack
ARGS ?=

.PHONY: audit test lint docs prove bench lock clean

audit: $(VENV)/.audit-ready
	$(BIN)/l7audit run $(ARGS)

prove: $(VENV)/.audit-ready
	$(BIN)/l7audit prove $(ARGS)

test: $(VENV)/.test-ready
	$(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/.test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(CODE) examples/l7audit-shop
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/.test-ready
	$(BIN)/l7audit controls reference > docs/controls.md
	$(BIN)/python -m l7audit.assess.schema > docs/schema/results.schema.json
	$(BIN)/python -m l7audit.profiles.schema > docs/schema/profile.schema.json

bench: $(VENV)/.test-ready
	@for file in benchmarks/*.py benchmarks/detection; do echo "$$file"; $(BIN)/python "$$file" || exit 1; done

# `make lock ARGS=--upgrade` takes newer versions. All locks hold the versions of the test lock,
# so that one venv serves every target.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(ARGS)
lock: $(VENV)/.test-ready
	$(LOCK) pyproject.toml --extra stack --extra containers --extra scan --group dev \
		--output-file requirements/test.txt
	$(LOCK) pyproject.toml --extra stack --extra containers --extra scan --group build \
		--constraint requirements/test.txt --output-file requirements/audit.txt
	$(LOCK) pyproject.toml --group build --constraint requirements/test.txt \
		--output-file requirements/base.txt
	$(LOCK) --group image --constraint requirements/test.txt --output-file requirements/image.txt
	@! grep -nE '://|^-' requirements/*.txt || { \
		echo "A lock names a registry or a path: see the lines above." >&2; exit 1; }

clean:
	rm -rf tests/targets/bakery/node_modules
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) was not found; install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments; install that part (Debian: apt-get install python3-venv)." >&2; exit 1; }
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.%-ready: requirements/%.txt pyproject.toml $(VENV)/.made
	@echo "Installing requirements/$*.txt into $(VENV)"
	@$(PIP) install --require-hashes --requirement requirements/$*.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
