# make demo: install, expand the sample, train on it, compare.   make test: install, run all checks.
# make docs: build the documentation.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest --numprocesses 2 --dist worksteal

# the tests start hundreds of processes: without kept bytecode, each compiles the packages again
export PYTHONDONTWRITEBYTECODE =

.PHONY: demo test lint mypy pytest coverage docs slow gpu bench clean
.DEFAULT_GOAL := demo

.venv/installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --quiet --constraint constraints.txt --editable ".[train,dev]"
	touch $@

.venv/docs: .venv/installed
	$(BIN)/pip install --quiet --quiet --constraint constraints.txt --editable ".[docs]"
	touch $@

demo: .venv/installed
	$(BIN)/expand data/train data/expanded --factor 4
	$(BIN)/expand preview data/train data/preview.png --sources 8
	$(BIN)/train data/expanded --test data/test --epochs 30 --out runs/demo --overwrite
	$(BIN)/train compare data/train --test data/test --factor 4 --epochs 4,24 --jobs 2 --out runs/demo-comparison
	@echo
	@echo "Look at: data/expanded (the larger dataset), data/expanded/metadata.jsonl (one row per file), data/preview.png,"
	@echo "runs/demo (the trained model and its record), runs/demo-comparison/index.html (copies or on the fly: which is better here)"

# without a cache, mypy takes half a minute of one core: the tests run beside it
test: .venv/installed .venv/docs lint
	$(MAKE) --no-print-directory --jobs 2 mypy pytest

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

mypy: .venv/installed
	$(BIN)/mypy

pytest: .venv/installed .venv/docs
	$(PYTEST)

# Python 3.11 is 1.4 times as slow while coverage watches it
coverage: .venv/installed .venv/docs
	$(PYTEST) -p tests.libraries --cov --cov-report=term --cov-fail-under=95

docs: .venv/docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

slow: .venv/installed coverage
	$(BIN)/pytest -m "slow or hypothesis" --hypothesis-profile=thorough --durations=0

gpu: .venv/installed
	$(BIN)/pytest -m gpu

bench: .venv/installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf .venv data/expanded data/preview.png runs comparison ablation worth docs/_build docs/_generated
