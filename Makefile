# Two commands for users (start, test), one for every commit (check). README.md describes them.
PYTHON ?= python3
VENV ?= .venv
PY := $(VENV)/bin/python
# Two workers take a file each, in the order of tests/conftest.py: the longest ones first.
TOGETHER := $(PY) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder
export PYTHONPATH := $(CURDIR)

.PHONY: start install check format test bench nightly

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --upgrade pip
	$(PY) -m pip install --quiet -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(PY) -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

start: $(VENV)/.installed          ## install everything and open the dashboard on demo data
	$(PY) -m station serve --demo

install: $(VENV)/.installed-dev

format: install
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

check: install                     ## under 90 s, before every commit
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) tests/function_lengths.py
	$(TOGETHER) --hypothesis-profile=quick -m "not slow and not browser and not postgres"

test: install                      ## everything; CI runs it
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) tests/function_lengths.py
	$(TOGETHER)

LONG = $(shell grep -rlE 'by_night|each_lang|STATION_TEST_LONG' tests --include='test_*.py')

nightly: install                   ## the long forms of what CI tries in part (README.md); hours
	$(PY) -m benchmarks.nightly
	STATION_TEST_LONG=1 $(PY) -m pytest -q -n 2 $(LONG)

bench: install                     ## every measured figure of docs/en/figures.md, about half an hour
	$(PY) -m benchmarks.plates
	$(PY) -m benchmarks.ingest
	$(PY) -m benchmarks.archive_insert
	$(PY) -m benchmarks.import_million
	$(PY) -m benchmarks.profiles
	$(PY) -m benchmarks.rhythm
	$(PY) -m benchmarks.engine
	$(PY) -m benchmarks.recovery
	$(PY) -m benchmarks.refuelling
	$(PY) -m benchmarks.libraries
	$(PY) -m benchmarks.lapse_score
	$(PY) -m benchmarks.effect
	$(PY) -m benchmarks.pages
	$(PY) -m benchmarks.guard
	$(PY) -m benchmarks.passwords
	$(PY) -m benchmarks.rotation
	$(PY) -m benchmarks.points
	$(PY) -m benchmarks.earning
	$(PY) -m benchmarks.levels
	$(PY) -m benchmarks.liability
	$(PY) -m benchmarks.oddities
	$(PY) -m benchmarks.planning
	$(PY) -m benchmarks.till
