# `make demo` runs it, `make test` tests it. A machine with Python 3.11, make and the package registries is enough.
PYTHON ?= python3.11
UV_VERSION = 0.13.9
BIN = .venv/bin
STAMP = .venv/.locked-$(shell cksum < requirements.lock 2>/dev/null | cut -d' ' -f1)

.PHONY: setup lock check test soak demo clean

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv || python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

lock:
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --extra dev pyproject.toml --output-file requirements.lock

check: setup
	$(BIN)/python scripts/test.py check

test: setup
	$(BIN)/python scripts/test.py check sqlite postgresql

soak: setup
	$(BIN)/python scripts/test.py soak

demo: setup
	$(BIN)/huying demo

clean:
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache build *.egg-info
