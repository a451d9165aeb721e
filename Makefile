# `make` shows what there is. Each target sets up what it needs, once; SHELL is bash because Debian's sh has no pipefail.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help drill test phases servers drills records rest consoles faults disasters matrix nights tours benchmarks lint format lock clean

# Every kernel starts in a second once its imports are compiled, and in five when they never are.
export PYTHONDONTWRITEBYTECODE :=

BIN := .venv/bin
PROJECT := pyproject.toml locks/bootstrap.txt

help:  ## Show this
	@echo "lyncdr: the disaster recovery playbook of a Lync site, and a lab to drill it in."
	@echo
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18
	@echo
	@echo "  Begin with make drill: it needs python3 (3.11 or newer) and no server, and leaves nothing behind."
	@echo "  make drill ARGS='--users 2000 --keep' passes options on; $(BIN)/lyncdr --help lists them."
	@echo "  LYNCDR_REQUIRE_REAL=1 make test fails, instead of skipping, where a real server is missing."

drill: .venv/.drill  ## Lose a site in the lab and bring every user back
	$(BIN)/lyncdr drill $(ARGS)

test:  ## Lint, types, tests and notebooks, against real servers where they can be installed
	.ci/packages.sh
	$(MAKE) --no-print-directory --jobs=3 --output-sync=target --keep-going phases servers drills records rest consoles faults lint
	@echo 'All of that passed. What takes half as long again, and every change is held to: make disasters benchmarks'

# Three parts at once, each on loopback addresses of its own, keep two processors busy; the long ones first. What a part
# prints comes when it is done.
phases: .venv/.test  ## One part of the tests: what each notebook calls, on labs
	$(BIN)/pytest $(ARGS) tests/phases
DRILLS := drill runs notebooks
drills: .venv/.test  ## Another: the runner, the notebooks, whole drills
	$(BIN)/pytest $(ARGS) $(TOURS:%=--ignore=%) $(addprefix tests/,$(DRILLS))
servers: .venv/.test  ## Another: the ports' contracts and the lab, over real servers
	$(BIN)/pytest $(ARGS) tests/contracts tests/lab
faults: .venv/.test  ## Another: kills, refusals, and the same command again
	$(BIN)/pytest $(ARGS) tests/faults
consoles: .venv/.test  ## Another: JupyterLab in a browser, by mouse and keys
	$(BIN)/pytest $(ARGS) $(TOURS:%=--ignore=%) tests/console
RECORDS := backups contacts dossier earlier notices record signatures
records: .venv/.test  ## Another: sets, contact lists, a run's record, and who is told
	$(BIN)/pytest $(ARGS) $(addprefix tests/,$(RECORDS))
rest: .venv/.test  ## The rest
	$(BIN)/pytest $(ARGS) $(addprefix --ignore=tests/,benchmarks contracts disasters lab phases faults console $(DRILLS) $(RECORDS))
disasters: .venv/.test  ## Every fault at every act of an activation; whole nights of many steps
	.ci/packages.sh
	$(MAKE) --no-print-directory --jobs=3 --output-sync=target --keep-going matrix nights tours
MATRIX := tests/disasters/test_matrix.py
matrix: .venv/.test  ## One part of them: the table of docs/under-fire.md, row by row
	$(BIN)/pytest $(ARGS) $(MATRIX)
nights: .venv/.test  ## Another: on the command line
	$(BIN)/pytest $(ARGS) --ignore=$(MATRIX) tests/disasters
TOURS := tests/console/test_night.py tests/drill/test_drill_failback.py tests/drill/test_drill_generations.py
tours: .venv/.test  ## Another: in JupyterLab, and as drills of other generations, there and back
	$(BIN)/pytest $(ARGS) $(TOURS)
# By themselves: beside others a rival that lives from the processor's caches loses more than one that does not.
benchmarks: .venv/.test  ## The ratios of speed that are promised
	$(BIN)/pytest $(ARGS) tests/benchmarks

lint: .venv/.test  ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/.test  ## Put the code into its one form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Keeps the pinned versions unless asked: make lock ARGS=--upgrade. Later locks agree with the earlier ones.
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header $(ARGS)
lock: .venv/.drill  ## Pin every package, with hashes, for all systems
	$(COMPILE) --extra lab --output-file locks/drill.txt
	$(COMPILE) --extra lab --extra dev --extra kerberos --extra s3 --constraints locks/drill.txt --output-file locks/test.txt
	$(COMPILE:pyproject.toml=locks/s3server.in) --output-file locks/s3server.txt
	$(COMPILE:pyproject.toml=) --group bootstrap --constraints locks/test.txt --output-file locks/bootstrap.txt

clean:  ## Remove the environment and everything that can be made again
	rm -rf .venv .lab .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.drill: $(PROJECT) locks/drill.txt
	.ci/venv.sh drill

.venv/.test: $(PROJECT) locks/test.txt locks/needs-kerberos-headers.txt locks/s3server.txt
	.ci/venv.sh test
