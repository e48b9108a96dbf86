# `make run` and `make test` set everything up; CI runs `make test`.
PYTHON ?= python3
VENV   := .venv
STAMP  := $(VENV)/.installed
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
PORT   ?= 5000
WORKERS ?= 2

.PHONY: setup run test test-heavy lint bench ui clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt installation/backend.py
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), f"Python 3.11 or newer is needed, this is {sys.version}"'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

run: setup ## the main job on params.yaml: what the grid takes, every stage that is out of date, the report
	xstilts check
	xstilts dry-run --brief
	xstilts repro
	xstilts drop-targets --yes --unless-kept
	@echo
	@echo "The report:  $(CURDIR)/reports/index.html  (summary: reports/summary.md)"
	@echo "The runs:    make ui, then http://127.0.0.1:$(PORT)"

test: setup ## every test that takes less than minutes, in WORKERS processes
	python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test-heavy: setup ## simulations, kill tests and big grids
	python -m pytest -m heavy

lint: setup
	ruff format --check .
	ruff check .
	mypy

bench: setup
	for script in benchmarks/*.py; do echo "== $$script"; python $$script || exit 1; done

ui: setup ## the MLflow UI over the store in force, on this machine only
	@case "$${MLFLOW_TRACKING_URI:-}" in http*) echo "The runs are on the server that MLFLOW_TRACKING_URI names; open it in a browser."; exit 1;; esac
	MLFLOW_BACKEND_STORE_URI="$${MLFLOW_TRACKING_URI:-sqlite:///mlruns/mlflow.db}" mlflow server --default-artifact-root mlruns/artifacts --host 127.0.0.1 --port $(PORT)

clean: ## what stages wrote and what MLflow holds; the DVC cache stays, so `make run` brings results back
	rm -rf checkpoints trainings mixtures predictions results reports scores metrics .xstilts mlruns/mlflow.db mlruns/artifacts
	find data -mindepth 1 -maxdepth 1 -not -name published -exec rm -rf {} +
