# Every everyday command, in one place. Needs Python 3.11 with venv and pip; everything else is installed into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.PHONY: demo test slow check bench portals soak crash lock clean

# --- set-up -----------------------------------------------------------------------------------
# uv installs the locked set in a few seconds; where it cannot work (say, behind a mirror that only
# pip is configured for) pip reads the same lock, slower.
$(VENV)/.ready: requirements.lock requirements-uv.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "syncd needs Python 3.11 or later")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-uv.lock
	UV_PYTHON_DOWNLOADS=never $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock \
	  || $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q syncd adapters # also where the environment forbids writing bytecode: a start costs 2 s of CPU without
	touch $@

demo: $(VENV)/.ready
	$(BIN)/syncd demo $(ARGS)

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n 2 $(ARGS)

# whole corpora, long fault lists, crash sweeps, the pages in a real browser: what would make `test` too long
slow: $(VENV)/.ready
	scripts/packages.sh chromium=chromium soffice=libreoffice-writer-nogui
	$(BIN)/python -m pytest -n 2 -m slow --ignore=tests/portals --ignore=tests/soak $(ARGS)

# a simulated day of 5,000 sites; SYNCD_SOAK_SITES sets another number
soak: $(VENV)/.ready
	$(BIN)/python -m pytest -m slow tests/soak $(ARGS)

# killed at each named point 20 times and 1,000 times at random moments; `slow` does the same less often
crash: $(VENV)/.ready
	SYNCD_CRASH_KILLS=20 SYNCD_CRASH_RANDOM=1000 SYNCD_LOST_ANSWERS=10000 $(BIN)/python -m pytest -n 2 -m crash tests/crash tests/faults $(ARGS)

check: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# the real WordPress on loopback; installs the distribution's packages where they are missing (needs root then)
portals: $(VENV)/.ready
	$(BIN)/python -m pytest -m slow tests/portals $(ARGS)

bench: $(VENV)/.ready
	for script in bench/*.py; do $(BIN)/python $$script || exit 1; done

lock: $(VENV)/.ready
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	  --no-emit-find-links --all-extras --group dev pyproject.toml --output-file requirements.lock

clean:
	rm -rf $(VENV) dist build demo
