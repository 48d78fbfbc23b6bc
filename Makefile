# make run: the product with demonstration data. make test: everything. Nothing else is needed on a fresh machine.
SHELL := /bin/bash
PY := .venv/bin/python
PORT ?= 8000

.PHONY: run test venv dev translations lint types check-js screenshots bench bench-forms vectors compare-engines fuzz faults patience planted soak slow clean

run: .venv/run translations
	@DAFTAR_DEMO=$${DAFTAR_DEMO-1} PORT=$(PORT) $(PY) -m app.serve

venv: .venv/run
dev: .venv/dev

.venv/bin/python:
	@scripts/make-venv

.venv/run: requirements.txt | .venv/bin/python
	@echo "Installing what the product needs…"
	@$(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/dev: requirements.txt requirements-dev.txt | .venv/bin/python
	@$(PY) -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/run

translations: .venv/run
	@$(PY) -m app.core.catalogues

test: .venv/dev translations
	@scripts/install-test-tools
	@$(MAKE) --no-print-directory -j3 --output-sync=target lint types check-js
	@$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: .venv/dev
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: .venv/dev
	@.venv/bin/mypy

check-js: .venv/dev
	@scripts/check-js

# Not part of make test: how fast and how heavy, and the pictures of the README.
bench: .venv/dev translations
	@$(PY) benchmarks/phone.py
	@$(PY) -m benchmarks.phone_registry
	@$(PY) -m benchmarks.sealing
	@$(PY) benchmarks/server_push.py

# Our form pages beside other engines of the field, on the same forms; fetches them (benchmarks/forms/README.md).
bench-forms: .venv/dev translations
	@$(PY) benchmarks/forms/compare.py $(if $(WRITE),--write)

# Not part of make test either: faults brought about on purpose (docs/reliability.md). SEED=7 repeats a run.
FAULTS := -o python_files='case_*.py' tests/faults
faults: .venv/dev translations
	@scripts/install-test-tools faults
	@$(PY) -m pytest -n 4 --maxschedchunk 1 --durations 12 $(FAULTS) && $(PY) -m tests.faults.page

# Those of the faults that only last, for as long as the specification says: twenty minutes, mostly of waiting.
patience: .venv/dev translations
	@scripts/install-test-tools faults
	@PATIENT=1 $(PY) -m pytest -n 4 --dist load -m patience $(FAULTS) && $(PY) -m tests.faults.page

planted: .venv/dev translations
	@$(PY) -m tests.faults.planted

soak: .venv/dev translations
	@$(PY) -m tests.faults.soak

slow: .venv/dev translations
	@$(PY) -m tests.faults.slow

screenshots: .venv/dev translations
	@$(PY) scripts/screenshots.py

# Not part of make test either, for what it fetches: the same forms filled in another engine of the field (docs/conformance.md).
compare-engines: .venv/dev translations
	@cd benchmarks/engines && PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --ignore-scripts --silent --no-audit --no-fund
	@PYTHONPATH=. $(PY) benchmarks/engines/compare.py $(if $(WRITE),--write)

# The cases of tests/vectors in both hosts, with their count by rule; and the assertions recorded from another engine's suite.
vectors: .venv/dev translations
	@$(PY) -m pytest -s tests/engine/test_vectors.py

# Damaged forms and packages against what reads them on the server; a part of it runs in the suite.
fuzz: .venv/dev translations
	@$(PY) -W ignore -m tests.fuzz.fuzz --count $(or $(COUNT),10000) --seed $(or $(SEED),1)

clean:
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache
