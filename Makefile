# `make demo` opens the app on a recorded run, `make test` runs every check, `make bench` measures.
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c '$(RECENT)' 2>/dev/null && echo $$name && break; done)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test bench format clean
.DELETE_ON_ERROR:

demo: $(VENV)/installed
	@$(BIN)/playhead demo

test: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy engine tui tests sample_data docs benchmarks
	$(BIN)/lint-imports
	$(BIN)/pytest -n 4 --dist worksteal

# For more: make bench BENCH='--full', '--only commit', '--json'.
bench: $(VENV)/installed-bench
	@$(BIN)/python -m benchmarks $(BENCH)

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(RECENT)' || { \
		echo "Playhead needs Python 3.11 or newer; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) with the tools that test it …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,interop,serve]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-bench: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing into $(VENV) with the peers that it is measured beside …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	@touch $@ $(VENV)/installed
