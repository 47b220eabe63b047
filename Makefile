# Each command sets up what it needs by itself: Python >= 3.11 and make are enough.
# Another interpreter: make test PYTHON=/path/to/python3.12 · fewer or more test processes: make test JOBS=1

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types arrows tests soak bench lock clean ready
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

JOBS ?= 2
python := .venv/bin/python

# An empty HOME would send every cache to the root folder; without one, Python asks the system whose it is.
ifeq ($(strip $(HOME)),)
unexport HOME
endif
unexport PYTHONHOME PYTHONPATH

help:
	@echo 'make demo     see it work: a signed contract, its dates, and what goes out'
	@echo 'make test     everything that must hold: lint, types, arrows, tests'
	@echo 'make check    the same without the tests'
	@echo 'make soak     long campaigns that no change has to wait for; one named runs'
	@echo '              alone: FILES=10000 terms files with slips in them, KILLS=200'
	@echo '              deaths of daemons on each database, SEEDS=10000 simulated'
	@echo '              weeks, MANY=10 rounds of several daemons on PostgreSQL (root:'
	@echo '              their cables too), LANES=10000 due in one instant; SEED=1'
	@echo 'make bench    how fast contracts are planned, and what the daemon costs'
	@echo '              beside a bare loop and APScheduler, measured here and written'
	@echo '              to docs/performance.md; ROWS=1000000: with as many pushes'
	@echo '              waiting; REPEAT=3: how often; ONLY=NAME: that part'
	@echo '              alone; ANEW=1: forget sizes that are not measured now'
	@echo 'make lock     pin the dependencies anew in requirements.lock'
	@echo '              (UPGRADE=1: the newest of all)'
	@echo 'make clean    remove .venv and whatever the tools left'

# An apostrophe in the name must not end the quotation it stands in.
quote := '
named = $(subst $(quote),'\'',$(PYTHON))

# A Python that cannot do it is refused in one line, before anything is made.
refuse = $(if $(1),$(error $(1)))
ready:
	$(call refuse,$(shell PYTHON='$(named)' sh .ci/setup.sh refusal))
	@PYTHON='$(named)' sh .ci/setup.sh

demo: ready
	@$(python) -m obligations.demo

test: check tests

check: lint types arrows

lint: ready
	@echo 'lint: ruff'
	@$(python) -m ruff check --quiet
	@$(python) -m ruff format --check --quiet || { echo 'Some files are not formatted: .venv/bin/ruff format' >&2; exit 1; }

types: ready
	@echo 'types: mypy, strict'
	@$(python) -m mypy --no-error-summary

arrows: ready
	@echo 'arrows: import contracts'
	@said=$$(.venv/bin/lint-imports --no-logo 2>&1) || { printf '%s\n' "$$said" >&2; exit 1; }

# Tests get a runtime folder of their own, which only they can enter.
tests: ready
	@echo 'tests: pytest with the examples in docstrings, $(JOBS) processes'
	@run=$$(mktemp -d "$${TMPDIR:-/tmp}/obligations.XXXXXX") && trap 'rm -rf "$$run"' EXIT INT TERM && chmod 700 "$$run" && \
	XDG_RUNTIME_DIR="$$run" $(python) -m pytest -q -n $(JOBS) --dist loadgroup

# All campaigns, or those whose size is given.
SEED ?= 1
asked := $(strip $(FILES)$(KILLS)$(SEEDS)$(MANY)$(LANES))
soak: ready
	@$(if $(if $(asked),$(FILES),all),$(python) -m tests.terms.mutations --files $(or $(FILES),10000),:)
	@$(if $(if $(asked),$(KILLS),all),$(python) -m tests.soak.kills --kills $(or $(KILLS),200) --seed $(SEED),:)
	@$(if $(if $(asked),$(SEEDS),all),$(python) -m tests.soak.weeks --seeds $(or $(SEEDS),10000) --seed $(SEED),:)
	@$(if $(if $(asked),$(MANY),all),$(python) -m tests.soak.many --rounds $(or $(MANY),10),:)
	@$(if $(if $(asked),$(LANES),all),$(python) -m tests.soak.lanes --due $(or $(LANES),10000),:)

# Sizes beside 10,000 at which the engine is measured, and how often: ROWS='1000000 10000000' REPEAT=3 ANEW=1
ROWS ?= 100000
REPEAT ?= 3
bench: ready
	@$(if $(ONLY),:,$(python) benchmarks/plan.py)
	@$(python) -m benchmarks.engine --rows $(ROWS) --repeat $(REPEAT) $(if $(ONLY),--only $(ONLY)) $(if $(ANEW),--anew)

lock: ready
	@sh .ci/lock.sh $(if $(UPGRADE),--upgrade)

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
